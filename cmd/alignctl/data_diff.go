package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/sql"
)

type dataDiffOptions struct {
	format  string
	samples int
	fail    bool
}

func dataDiffCommand(t *terminal) *cli.Command {
	var o dataDiffOptions
	return checked(&cli.Command{
		Name:  "diff",
		Usage: "what differs between two versions of a data set: how they were made, and their rows",
		Description: "A and B are each a tag, a run id, a date (to its end, UTC), a time with its zone, a snapshot id, or now;\n" +
			"B is now unless given. With -o the changes of the recipe as rows; alignctl lake diff has those of the rows.",
		Flags: t.flags(
			&cli.IntFlag{Name: "samples", Aliases: []string{"n"}, Value: 5, Destination: &o.samples,
				Usage: "show up to `N` rows of each kind"},
			&cli.BoolFlag{Name: "fail-if-diff", Destination: &o.fail, Usage: "exit 1 when recipe or rows differ"},
			outputFlag(&o.format),
		),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				a, b := c.Args().Get(1), firstOf(c.Args().Get(2), "now")
				return runDataDiff(ctx, t, l, [3]string{c.Args().First(), a, b}, o)
			})
		},
	}, arguments{2, 3, "NAME A [B]"})
}

// runDataDiff compares the versions ref[1] and ref[2] of the data set ref[0].
func runDataDiff(ctx context.Context, t *terminal, l *lake.Lake, ref [3]string, o dataDiffOptions) error {
	catalogue, err := openCatalogue()
	if err != nil {
		return err
	}
	view, err := catalogue.View(ref[0])
	if err != nil {
		return err
	}
	before, err := madeAt(ctx, l, catalogue, view.Name, ref[1])
	if err != nil {
		return err
	}
	after, err := madeAt(ctx, l, catalogue, view.Name, ref[2])
	if err != nil {
		return err
	}
	d, err := l.Diff(ctx, before.Pin, after.Pin, lake.DiffOptions{Samples: o.samples})
	if err != nil {
		return err
	}
	changes := recipeChanges(before.Recipe, after.Recipe)
	if err := printDataDiff(t, changes, d, o.format); err != nil {
		return err
	}
	if o.fail && (len(changes.rows) > 0 || !d.Empty()) {
		return fmt.Errorf("%s at %s and at %s differ", view.Name, ref[1], ref[2])
	}
	return nil
}

func madeAt(ctx context.Context, l *lake.Lake, catalogue *sql.Catalogue, table, version string) (sql.Built, error) {
	pin, err := l.Pin(ctx, table, version)
	if err != nil {
		return sql.Built{}, err
	}
	return catalogue.MadeAt(ctx, l, pin)
}

func recipeChanges(before, after sql.Recipe) *grid {
	g := newGrid("what", "name", "before", "after")
	for _, c := range before.Compare(after) {
		g.add(c.Kind, c.Name, c.Before, c.After)
	}
	return g
}

// printDataDiff writes the rows' comparison for people behind that of the
// recipes, or in a format the recipes' alone.
func printDataDiff(t *terminal, changes *grid, d *lake.Diff, format string) error {
	if format != "" {
		return t.printRows(format, changes)
	}
	if len(changes.rows) == 0 {
		fmt.Fprintln(t.out, "recipe  the same")
		return printDiff(t.out, d)
	}
	for _, row := range changes.rows {
		row[2], row[3] = short(row[2]), short(row[3])
	}
	fmt.Fprintln(t.out, "recipe")
	table := newRowWriter("table", t.out, changes.columns)
	err := errors.Join(eachRow(changes, len(changes.columns), table.row), table.close())
	fmt.Fprintln(t.out)
	return errors.Join(err, printDiff(t.out, d))
}
