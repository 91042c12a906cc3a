package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
	"alignctl/etl/norms"
	"alignctl/lake"
)

type etlNormsOptions struct {
	norms.Options
	set, mapping string
	raw          rawOptions
	format       string
}

func etlNormsCommand(t *terminal) *cli.Command {
	var o etlNormsOptions
	return checked(&cli.Command{
		Name:  "norms",
		Usage: "bring ratings of words, such as valence or concreteness, into the lake",
		Description: "The source then holds exactly these files; raw.norm keeps every rating in the file's own scale,\n" +
			"core.norm has a value a word and dimension on the scale that sources share. A mapping says what a set says:\n\n" +
			"    language: de\n" +
			"    word: Wort                  # column of the words\n" +
			"    delimiters: \";\"             # default: comma\n" +
			"    decimal_comma: true\n" +
			"    dimensions:\n" +
			"      valence: {low: -3, high: 3, mean: Valenz, sd: SD, n: N} # ends as in the file\n" +
			"      concreteness: {low: 1, high: 5, reversed: true, mean: Konkret} # 1 is concrete\n" +
			"    ignore: [\"*\"]               # columns that are no norms; * is all others\n\n" +
			"It may also say encodings, missing, unquoted, senses (bank (money) is bank), known (share who knew the word),\n" +
			"headerless (the columns of a file without header) and groups of raters: see docs/norms.md.",
		Flags: t.flags(append([]cli.Flag{
			oneOf(&cli.StringFlag{Name: "set", Usage: "`NAME` of a published set: " + strings.Join(norms.Sets(), ", "),
				Destination: &o.set}, norms.Sets()...),
			&cli.StringFlag{Name: "mapping", Usage: "`FILE` in YAML that says how to read another set", Destination: &o.mapping},
			&cli.StringFlag{Name: "source", Usage: "`NAME` of the source (default: the set's, or the mapping's name or file)",
				Destination: &o.Source},
			&cli.StringFlag{Name: "licence", Usage: "`LICENCE` of the files, for meta.files (default: the set's)",
				Destination: &o.Licence},
			&cli.BoolFlag{Name: "append", Usage: "add to the files that the source holds", Destination: &o.Append},
			encodingFlag(&o.Encoding),
			outputFlag(&o.format),
		}, o.raw.flags()...)...),
		Action: func(c *cli.Context) error {
			if (o.set == "") == (o.mapping == "") {
				return usagef("etl norms: give --set, one of %s, or --mapping FILE", strings.Join(norms.Sets(), ", "))
			}
			o.Files = c.Args().Slice()
			o.Memory, o.Command, o.Version = o.raw.memory, t.command, version()
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return t.withRejects(ctx, o.raw.reject, func(ctx context.Context, rejects *etl.Rejects) error {
					o.Rejects = rejects
					return runEtlNorms(ctx, t, l, o)
				})
			})
		},
	}, arguments{1, -1, "FILE..."})
}

func runEtlNorms(ctx context.Context, t *terminal, l *lake.Lake, o etlNormsOptions) (err error) {
	if o.set != "" {
		o.Set, err = norms.FindSet(o.set)
	} else {
		o.Set, err = norms.ReadSet(o.mapping)
	}
	if err != nil {
		return err
	}
	plan, err := norms.Prepare(ctx, l, o.Options)
	if err != nil {
		return err
	}
	return t.load(ctx, plan, o.format)
}
