package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/etl/pipeline"
	"alignctl/internal/workspace"
	"alignctl/lake"
)

func configCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:        "config",
		Usage:       "what alignctl.yaml says",
		Subcommands: []*cli.Command{configShowCommand(t)},
	}
}

type configShowOptions struct {
	resolved bool
	format   string
}

func configShowCommand(t *terminal) *cli.Command {
	var o configShowOptions
	return checked(&cli.Command{
		Name:  "show",
		Usage: "list the settings in force, and where each comes from",
		Description: "Flags beat $ALIGNCTL_LAKE, which beats the nearest alignctl.yaml, which beats the defaults. A file\n" +
			"with a mistake is refused with its place.",
		Flags: t.flags(
			&cli.BoolFlag{Name: "resolved", Usage: "list defaults, too", Destination: &o.resolved},
			outputFlag(&o.format)),
		Action: func(*cli.Context) error { return runConfigShow(t, o) },
	}, noArguments)
}

func runConfigShow(t *terminal, o configShowOptions) error {
	file, err := workspace.Find()
	if err != nil {
		return err
	}
	dir, err := lake.Find(t.lakeDir)
	if err != nil {
		return err
	}
	name := ""
	if file != nil {
		name = shortPath(file.Path)
	}
	g := newGrid("setting", "value", "origin")
	g.add("lake", dir, t.lakeOrigin(file))
	if file == nil {
		return t.printRows(o.format, g)
	}
	config, err := pipeline.Read(file)
	if err != nil {
		return err
	}
	for _, s := range file.Settings(pipeline.Section, config) {
		switch fallback, known := config.Default(s.Key); {
		case s.Line > 0:
			g.add(s.Key, s.Value, fmt.Sprintf("%s:%d", name, s.Line))
		case o.resolved && known:
			g.add(s.Key, fallback, "default")
		}
	}
	if err := addTrainSettings(g, o.resolved); err != nil {
		return err
	}
	return t.printRows(o.format, g)
}

// addTrainSettings lists what training goes by when no flag says otherwise.
func addTrainSettings(g *grid, resolved bool) error {
	for _, m := range trainMethods() {
		all, err := trainSettings(m)
		if err != nil {
			return err
		}
		for _, s := range all {
			if resolved || s.fromFile() {
				g.add(trainSection+"."+m.Name()+"."+s.Name, s.Value, s.Origin)
			}
		}
	}
	return nil
}

// lakeOrigin says what named the lake.
func (t *terminal) lakeOrigin(file *workspace.File) string {
	switch {
	case t.lakeDir != "":
		return "--lake"
	case os.Getenv(lake.Variable) != "":
		return "$" + lake.Variable
	case file != nil:
		for _, s := range file.Settings("lake", new(string)) {
			if s.Line > 0 {
				return fmt.Sprintf("%s:%d", shortPath(file.Path), s.Line)
			}
		}
	}
	return "default"
}

// shortPath is a path from the working folder, where that is shorter.
func shortPath(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(here, path); err == nil && !strings.HasPrefix(relative, "../../..") {
		return relative
	}
	return path
}
