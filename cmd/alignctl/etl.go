package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
	"alignctl/etl/swow"
	"alignctl/lake"
)

func etlCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:        "etl",
		Usage:       "bring raw files into the lake",
		Subcommands: []*cli.Command{etlSwowCommand(t), etlStrengthCommand(t)},
	}
}

type etlSwowOptions struct {
	swow.Options
	format string
}

func etlSwowCommand(t *terminal) *cli.Command {
	var o etlSwowOptions
	return checked(&cli.Command{
		Name:  "swow",
		Usage: "bring Small World of Words files into the lake",
		Description: "The source then holds exactly these files: rows of files that it held before go, and\n" +
			"core.association, core.strength and core.split of the language follow. The earlier state\n" +
			"stays readable under its snapshot. The same files again change nothing.",
		Flags: t.flags(
			&cli.StringFlag{Name: "lang", Usage: "language of the files: " + strings.Join(swow.Languages(), ", "),
				Destination: &o.Language},
			&cli.StringFlag{Name: "source", Usage: "`NAME` of the source (default: the language's, such as swow-en)",
				Destination: &o.Source},
			&cli.StringFlag{Name: "licence", Usage: "`LICENCE` of the files, for meta.files", Value: swow.Licence,
				Destination: &o.Licence},
			&cli.BoolFlag{Name: "append", Usage: "add to the files that the source holds", Destination: &o.Append},
			outputFlag(&o.format),
		),
		Action: func(c *cli.Context) error {
			if o.Language == "" {
				return usagef("etl swow: give --lang, one of %s", strings.Join(swow.Languages(), ", "))
			}
			o.Files = c.Args().Slice()
			o.Command, o.Version = t.command, version()
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runEtlSwow(ctx, t, l, o)
			})
		},
	}, arguments{1, -1, "FILE..."})
}

func runEtlSwow(ctx context.Context, t *terminal, l *lake.Lake, o etlSwowOptions) error {
	plan, err := swow.Prepare(ctx, l, o.Options)
	if err != nil {
		return err
	}
	t.remark("%s", plan)
	report, err := plan.Load(ctx)
	if err != nil {
		return err
	}
	t.remarkLoad(report)
	return t.printRows(o.format, loadGrid(report))
}

// remarkLoad tells people what a load read, kept, and how long it took.
func (t *terminal) remarkLoad(r *etl.Report) {
	for _, f := range r.Files {
		t.remark("%s: %d rows, %d bytes, layout %s, sha256 %s", f.Path, f.Rows, f.Bytes, f.Layout, f.SHA256)
		for _, note := range f.Notes() {
			t.remark("%s: %s", f.Path, note)
		}
	}
	t.remarkCounts(r.Counts)
	for _, note := range r.Notes {
		t.remark("%s: %s", r.Source, note)
	}
	var total time.Duration
	steps := make([]string, len(r.Steps))
	for i, s := range r.Steps {
		steps[i] = fmt.Sprintf("%s %.2f s", s.Name, s.Duration.Seconds())
		total += s.Duration
	}
	t.remark("%.2f s: %s", total.Seconds(), strings.Join(steps, ", "))
	if r.Unchanged() {
		t.remark("%s: unchanged, the lake holds these rows already", r.Source)
		return
	}
	t.remark("%s: published by run %s", r.Source, r.Run)
}

// remarkCounts tells what tables hold, a line a group.
func (t *terminal) remarkCounts(counts []etl.Count) {
	kinds := map[string][]string{}
	var groups []string
	for _, c := range counts {
		group := c.Table
		if c.Group != "" {
			group += ", " + c.Group
		}
		if kinds[group] == nil {
			groups = append(groups, group)
		}
		kinds[group] = append(kinds[group], fmt.Sprintf("%s %d", c.Kind, c.Rows))
	}
	for _, group := range groups {
		t.remark("%s: %s", group, strings.Join(kinds[group], ", "))
	}
}

// loadGrid is a load's tables as a command prints them.
func loadGrid(r *etl.Report) *grid {
	g := newGrid("table", "state", "rows", "snapshot", "digest")
	for _, table := range r.Tables {
		state := "new"
		if table.Unchanged {
			state = "unchanged"
		}
		g.add(table.Table, state, table.Rows, strconv.FormatInt(table.Snapshot, 10), table.Digest)
	}
	return g
}
