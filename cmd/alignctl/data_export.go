package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/sql/export"
)

func dataExportCommand(t *terminal) *cli.Command {
	var o export.Options
	var out, splits string
	return checked(&cli.Command{
		Name:  "export",
		Usage: "write a built data set to a folder, for a trainer or a reader, with a card",
		Description: "One file a split, and beside them README.md and card.json: what the data set is, where it comes from, how\n" +
			"to make it again. The same version gives the same bytes. FOLDER is new or empty, and has its name only when\n" +
			"it is whole. NAME may be any table of the lake for jsonl, parquet and psychling.\n\nLayouts:\n\n" + layoutList(),
		Flags: t.flags(
			oneOf(&cli.StringFlag{Name: "for", Usage: "`LAYOUT` of the files: " + layoutNames(), Destination: &o.Layout}, strings.Split(layoutNames(), ", ")...),
			oneOf(&cli.StringFlag{Name: "file", Usage: "`FORMAT` of the files where the layout has more than one: jsonl (the default) or parquet",
				Destination: &o.Format}, "jsonl", "parquet"),
			oneOf(&cli.StringFlag{Name: "style", Usage: "`STYLE` of supervised examples in layout trl: prompt-completion (the default) " +
				"or messages", Destination: &o.Style}, "prompt-completion", "messages"),
			atFlag(&o.At),
			&cli.StringFlag{Name: "splits", Usage: "comma-separated `SPLITS` to write (default: all)", Destination: &splits},
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "the `FOLDER`", Destination: &out},
			&cli.BoolFlag{Name: "i-have-the-rights", Usage: "export rows whose licence forbids passing them on", Destination: &o.Rights},
		),
		Action: func(c *cli.Context) error {
			if splits != "" {
				o.Splits = splitList(splits)
			}
			if err := checkExport(out, o); err != nil {
				return err
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runDataExport(ctx, t, l, c.Args().First(), out, o)
			})
		},
	}, oneArgument("NAME"))
}

func checkExport(out string, o export.Options) error {
	if o.Layout == "" || out == "" {
		return usagef("data export: needs --for LAYOUT and --out FOLDER")
	}
	if err := o.Check(); err != nil {
		return usagef("data export: %v", err)
	}
	return nil
}

func layoutNames() string {
	var names []string
	for _, l := range export.Layouts() {
		names = append(names, l.Name)
	}
	return strings.Join(names, ", ")
}

func layoutList() string {
	var b strings.Builder
	for _, l := range export.Layouts() {
		fmt.Fprintf(&b, "    %-14s %s\n", l.Name, l.Doc)
	}
	return strings.TrimRight(b.String(), "\n")
}

func runDataExport(ctx context.Context, t *terminal, l *lake.Lake, name, out string, o export.Options) error {
	o.Version = version()
	card, err := export.Write(ctx, l, name, out, o)
	if err != nil {
		return err
	}
	for _, s := range card.Splits {
		if s.File == "" {
			t.remark("%s has no %s rows: no file", card.DataSet, s.Name)
		}
	}
	g := newGrid("file", "rows", "bytes", "sha256")
	for _, f := range card.Files {
		var rows any
		if f.Rows > 0 {
			rows = f.Rows
		}
		g.add(f.Name, rows, f.Bytes, f.SHA256)
	}
	return t.printRows("", g)
}
