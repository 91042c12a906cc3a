package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

type lakeDigestOptions struct {
	format  string
	compute bool
	columns bool
}

func lakeDigestCommand(t *terminal) *cli.Command {
	var o lakeDigestOptions
	return checked(&cli.Command{
		Name:  "digest",
		Usage: "print the digest of a version of a table",
		Description: refHelp + "\nThe digest is of the rows, in the order of their key, whatever files they are in: two " +
			"versions with one digest have the same rows.",
		Flags: t.flags(
			&cli.BoolFlag{Name: "compute", Destination: &o.compute,
				Usage: "read every row and compute it; exit 12 when it isn't the recorded one"},
			&cli.BoolFlag{Name: "columns", Destination: &o.columns, Usage: "print the digest of each column, by scope"},
			outputFlag(&o.format),
		),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runLakeDigest(ctx, t, l, c.Args().First(), o)
			})
		},
	}, oneArgument("TABLE[@VERSION]"))
}

func runLakeDigest(ctx context.Context, t *terminal, l *lake.Lake, ref string, o lakeDigestOptions) error {
	pin, err := findPin(ctx, l, ref)
	if err != nil {
		return err
	}
	if pin.Digest != "" && !o.compute && !o.columns && o.format == "" {
		fmt.Fprintln(t.out, pin.Digest)
		return nil
	}
	d, err := l.Digest(ctx, pin, o.compute)
	if err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(pin.Table, "meta."):
		t.remark("%s: meta tables carry no digest: computed from the rows", pin)
	case d.Foreign:
		t.remark("%s: foreign commit, digest computed on first read", pin)
	}
	switch {
	case o.columns:
		return t.printRows(o.format, digestColumns(d))
	case o.format != "":
		g := newGrid("table_name", "snapshot", "rows", "recorded", "digest")
		g.add(pin.Table, fmt.Sprint(pin.Snapshot), pin.Rows, pin.Digest, d.Computed)
		return t.printRows(o.format, g)
	}
	fmt.Fprintln(t.out, d.Computed)
	return nil
}

func digestColumns(d lake.TableDigest) *grid {
	g := newGrid("scope", "rows", "column_name", "sha256")
	for _, scope := range d.Scopes {
		for _, column := range scope.Columns {
			g.add(scope.Scope, scope.Rows, column.Name, column.SHA256)
		}
	}
	return g
}
