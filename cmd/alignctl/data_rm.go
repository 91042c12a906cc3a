package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/sql"
)

type dataRemoveOptions struct {
	delete bool
	format string
}

func dataRemoveCommand(t *terminal) *cli.Command {
	var o dataRemoveOptions
	return checked(&cli.Command{
		Name:  "rm",
		Usage: "take a data set out of the lake; shows what it would do unless -f",
		Description: "From then on the lake has no such table. Earlier versions have it, by tag, run or time (alignctl sql --at,\n" +
			"NAME@TAG), until lake gc lets go of those that nothing holds. The view stays: data build makes the data\n" +
			"set again. A data set from which another one in the lake was built can't go before that one. eval.scores\n" +
			"and eval.metrics can go, too: alignctl eval score makes them again.",
		Flags: t.flags(
			&cli.BoolFlag{Name: "f", Aliases: []string{"force"}, Usage: "do it", Destination: &o.delete},
			outputFlag(&o.format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runDataRemove(ctx, t, l, c.Args().First(), o)
			})
		},
	}, oneArgument("NAME"))
}

func runDataRemove(ctx context.Context, t *terminal, l *lake.Lake, name string, o dataRemoveOptions) error {
	catalogue, err := openCatalogue()
	if err != nil {
		return err
	}
	var r sql.Removal
	if o.delete {
		r, err = catalogue.Remove(ctx, l, name, t.runInfo())
	} else {
		r, err = catalogue.PlanRemoval(ctx, l, name)
	}
	if err != nil {
		return err
	}
	state := "removed"
	if !o.delete {
		state = "would go"
		t.remark("%s would go, not its earlier versions (do it with -f)", r.Table)
	}
	g := newGrid("data_set", "state", "rows", "snapshot", "digest", "kept_by_tags")
	g.add(r.Table, state, r.Rows, strconv.FormatInt(r.Snapshot, 10), r.Digest, strings.Join(r.Tags, " "))
	return t.printRows(o.format, g)
}
