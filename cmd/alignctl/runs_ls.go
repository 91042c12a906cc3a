package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/internal/nearest"
	"alignctl/lake"
)

type runsListOptions struct {
	kind   string
	limit  int
	format string
}

func runsListCommand(t *terminal) *cli.Command {
	var o runsListOptions
	return checked(&cli.Command{
		Name:  "ls",
		Usage: "list the runs of the lake, newest first",
		Description: "A run that is broken off says in the lake that it goes on, but no process works on it: doctor names\n" +
			"the command that does.",
		Flags: t.flags(
			oneOf(&cli.StringFlag{Name: "kind", Usage: "only runs of `KIND`: " + strings.Join(runKinds, ", "), Destination: &o.kind}, runKinds...),
			&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Usage: "the newest `N` runs (0: all)", Destination: &o.limit},
			outputFlag(&o.format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runRunsList(ctx, t, l, o)
			})
		},
	}, noArguments)
}

// runKinds are the kinds of runs that one may ask for: the groups of commands
// that write.
var runKinds = []string{"etl", "data", "model", "train", "eval", "lake"}

func runRunsList(ctx context.Context, t *terminal, l *lake.Lake, o runsListOptions) error {
	if o.kind != "" && !slices.Contains(runKinds, o.kind) {
		return usagef("unknown kind of runs %q%s", o.kind, nearest.Hint(o.kind, runKinds))
	}
	runs, err := listRuns(ctx, l)
	if err != nil {
		return err
	}
	runs = slices.DeleteFunc(runs, func(r lakeRun) bool { return o.kind != "" && r.Kind != o.kind })
	if o.limit > 0 && len(runs) > o.limit {
		runs = runs[:o.limit]
	}
	g := newGrid("run_id", "kind", "name", "status", "started_at", "seconds", "done")
	for _, r := range runs {
		g.add(r.ID, r.Kind, r.Name, r.Status, r.Started.UTC().Format(time.RFC3339), r.Seconds, r.done())
	}
	return t.printRows(o.format, g)
}
