package main

import (
	"context"
	"strconv"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

func lakeCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:  "lake",
		Usage: "the lake's tables and versions: look, name, compare, prove, repair",
		Subcommands: []*cli.Command{
			lakeListCommand(t),
			lakeShowCommand(t),
			lakeLogCommand(t),
			lakeDiffCommand(t),
			lakeDigestCommand(t),
			lakeViewsCommand(t),
			lakeTagCommand(t),
			lakeUntagCommand(t),
			lakeExplainCommand(t),
			lakeReproduceCommand(t),
			lakeCheckCommand(t),
			lakeVerifyCommand(t),
			lakeGCCommand(t),
			lakeRelocateCommand(t),
		},
	}
}

func lakeListCommand(t *terminal) *cli.Command {
	var at, format string
	return checked(&cli.Command{
		Name:  "ls",
		Usage: "list the tables, with rows, snapshot and digest",
		Flags: t.flags(atFlag(&at), outputFlag(&format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runLakeList(ctx, t, l, at, format)
			})
		},
	}, noArguments)
}

func runLakeList(ctx context.Context, t *terminal, l *lake.Lake, at, format string) error {
	pins, err := l.At(ctx, at)
	if err != nil {
		return err
	}
	infos, err := l.Tables(ctx)
	if err != nil {
		return err
	}
	g := newGrid("table_name", "rows", "snapshot", "digest", "doc")
	for _, info := range infos {
		if pin, ok := pins[info.Table]; ok {
			g.add(pin.Table, pin.Rows, strconv.FormatInt(pin.Snapshot, 10), pin.Digest, info.Spec.Doc)
		}
	}
	return t.printRows(format, g)
}

func lakeCheckCommand(t *terminal) *cli.Command {
	return checked(&cli.Command{
		Name:  "check",
		Usage: "look whether the lake is whole, without reading its rows",
		Flags: t.flags(),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				if err := l.Check(ctx); err != nil {
					return err
				}
				t.remark("the lake is whole")
				return nil
			})
		},
	}, noArguments)
}
