package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

type lakeTagOptions struct {
	at     string
	force  bool
	format string
}

func lakeTagCommand(t *terminal) *cli.Command {
	var o lakeTagOptions
	return checked(&cli.Command{
		Name:  "tag",
		Usage: "give a version of the whole lake a name; without NAME: list the tags",
		Description: "The tag names one snapshot of each table, keeps them from gc, and works wherever a version\n" +
			"does: --at NAME, core.strength@NAME. A tag doesn't move unless --force.",
		Flags: t.flags(atFlag(&o.at),
			&cli.BoolFlag{Name: "force", Usage: "let a tag that exists name this version", Destination: &o.force},
			outputFlag(&o.format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				if c.NArg() == 0 {
					return runLakeTags(ctx, t, l, o.format)
				}
				return runLakeTag(ctx, t, l, c.Args().First(), o)
			})
		},
	}, arguments{0, 1, "[NAME]"})
}

func runLakeTag(ctx context.Context, t *terminal, l *lake.Lake, name string, o lakeTagOptions) error {
	pins, err := l.At(ctx, o.at)
	if err != nil {
		return err
	}
	if err := l.Tag(ctx, name, pins, o.force, t.runInfo()); err != nil {
		return err
	}
	return runLakeTags(ctx, t, l, o.format)
}

// runLakeTags lists the tags.
func runLakeTags(ctx context.Context, t *terminal, l *lake.Lake, format string) error {
	tags, err := l.Tags(ctx)
	if err != nil {
		return err
	}
	g := newGrid("tag", "created", "tables", "rows", "run")
	for _, tag := range tags {
		rows := int64(0)
		for _, pin := range tag.Pins {
			rows += pin.Rows
		}
		g.add(tag.Name, tag.Created.UTC().Format(time.RFC3339), len(tag.Pins), rows, tag.Run)
	}
	return t.printRows(format, g)
}

func lakeUntagCommand(t *terminal) *cli.Command {
	return checked(&cli.Command{
		Name:        "untag",
		Usage:       "take the name of a version away",
		Description: "The version's tables stay until gc lets them go.",
		Flags:       t.flags(),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return l.Untag(ctx, c.Args().First(), t.runInfo())
			})
		},
	}, oneArgument("NAME"))
}

// runInfo says what a run of the lake's own commands is.
func (t *terminal) runInfo() lake.RunInfo {
	return lake.RunInfo{Command: t.command, Version: version()}
}
