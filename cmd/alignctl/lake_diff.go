package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

type lakeDiffOptions struct {
	format  string
	samples int
	columns bool
	detail  bool
	fail    bool
}

func lakeDiffCommand(t *terminal) *cli.Command {
	var o lakeDiffOptions
	return checked(&cli.Command{
		Name:  "diff",
		Usage: "what differs between two versions of a table, or of the whole lake",
		Description: refHelp + "\nWithout a table, A and B are versions of the lake: diff paper-v1 now lists the tables that " +
			"differ.\nB is now unless given. Rows are matched by the table's key; what is recorded as equal isn't read.",
		Flags: t.flags(
			&cli.IntFlag{Name: "samples", Aliases: []string{"n"}, Value: 5, Destination: &o.samples,
				Usage: "show up to `N` rows of each kind"},
			&cli.BoolFlag{Name: "columns", Destination: &o.columns,
				Usage: "as rows: the columns, and on how many rows they are equal"},
			&cli.BoolFlag{Name: "tables", Destination: &o.detail, Usage: "of the whole lake: show each table in full"},
			&cli.BoolFlag{Name: "fail-if-diff", Destination: &o.fail, Usage: "exit 1 when anything differs"},
			outputFlag(&o.format),
		),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runLakeDiff(ctx, t, l, c.Args().First(), firstOf(c.Args().Get(1), "now"), o)
			})
		},
	}, arguments{1, 2, "A [B]"})
}

func runLakeDiff(ctx context.Context, t *terminal, l *lake.Lake, a, b string, o lakeDiffOptions) error {
	diffs, whole, err := findDiffs(ctx, l, a, b, lake.DiffOptions{Samples: o.samples})
	if err != nil {
		return err
	}
	if same(diffs) {
		t.remark("nothing differs")
	}
	switch {
	case o.columns:
		err = t.printRows(o.format, diffColumns(diffs))
	case o.format != "" || whole && !o.detail:
		err = t.printRows(o.format, diffSummary(diffs))
	default:
		err = printDiffs(t, diffs)
	}
	if err == nil && o.fail && !same(diffs) {
		return fmt.Errorf("%s and %s differ", a, b)
	}
	return err
}

func same(diffs []*lake.Diff) bool {
	for _, d := range diffs {
		if !d.Empty() {
			return false
		}
	}
	return true
}

// findDiffs compares what the arguments name: one table, or, when neither names
// one, the whole lake.
func findDiffs(ctx context.Context, l *lake.Lake, a, b string, o lake.DiffOptions) (diffs []*lake.Diff, whole bool,
	err error) {
	now, err := l.At(ctx, "")
	if err != nil {
		return nil, false, err
	}
	isTable := func(text string) bool {
		_, ok := now[text]
		return ok || strings.Contains(text, "@")
	}
	switch {
	case !isTable(a) && !isTable(b):
		diffs, err = diffLake(ctx, l, a, b, o)
		return diffs, true, err
	case !isTable(a):
		table, _ := splitRef(b)
		a = table + "@" + a
	case !isTable(b):
		table, _ := splitRef(a)
		b = table + "@" + b
	}
	before, err := findPin(ctx, l, a)
	if err != nil {
		return nil, false, err
	}
	after, err := findPin(ctx, l, b)
	if err != nil {
		return nil, false, err
	}
	d, err := l.Diff(ctx, before, after, o)
	return []*lake.Diff{d}, false, err
}

func diffLake(ctx context.Context, l *lake.Lake, a, b string, o lake.DiffOptions) ([]*lake.Diff, error) {
	before, err := l.At(ctx, a)
	if err != nil {
		return nil, err
	}
	after, err := l.At(ctx, b)
	if err != nil {
		return nil, err
	}
	return l.DiffAll(ctx, before, after, o)
}

func diffSummary(diffs []*lake.Diff) *grid {
	g := newGrid("table_name", "rows_before", "rows_after", "added", "removed", "changed", "columns_changed")
	for _, d := range diffs {
		changed := 0
		for _, c := range d.Columns {
			if c.Change() != "" {
				changed++
			}
		}
		g.add(d.B.Table, d.A.Rows, d.B.Rows, d.Added, d.Removed, d.Changed, changed)
	}
	return g
}

func diffColumns(diffs []*lake.Diff) *grid {
	g := newGrid("table_name", "column_name", "type", "change", "was", "common", "equal", "share_equal")
	for _, d := range diffs {
		for _, c := range d.Columns {
			g.add(append([]any{d.B.Table}, columnCells(d, c)...)...)
		}
	}
	return g
}

// columnCells are name, type, change, what it was, and how many rows agree.
func columnCells(d *lake.Diff, c lake.ColumnDiff) []any {
	kind, was, change := c.TypeAfter.SQL(), "", c.Change()
	switch {
	case c.After == "":
		kind = c.TypeBefore.SQL()
	case c.Before == "":
	case change != "":
		was = c.Before + " " + c.TypeBefore.SQL()
	case c.Key:
		change = "key"
	}
	cells := []any{c.Name(), kind, change, was, nil, nil, nil}
	if c.Compared {
		cells[4], cells[5] = d.Common(), c.Equal
	}
	if c.Compared && d.Common() > 0 {
		cells[6] = float64(c.Equal) / float64(d.Common())
	}
	return cells
}
