package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
	"alignctl/etl/norms"
	"alignctl/lake"
)

type etlLemmaOptions struct {
	norms.LemmaOptions
	raw    rawOptions
	format string
}

func etlLemmaCommand(t *terminal) *cli.Command {
	var o etlLemmaOptions
	return checked(&cli.Command{
		Name:  "lemma",
		Usage: "bring lists of words and their lemmas into the lake, for the lookup of norms",
		Description: "A line is a form, a tab and its lemma, or in the order that a header line with form and lemma says.\n" +
			"The source then holds exactly these files; core.norm_lookup finds a word by its lemma where it isn't rated itself.",
		Flags: t.flags(append([]cli.Flag{
			&cli.StringFlag{Name: "lang", Usage: "language of the files, ISO 639-1", Destination: &o.Language},
			&cli.StringFlag{Name: "source", Usage: "`NAME` of the source (default: such as lemma-en)", Destination: &o.Source},
			&cli.StringFlag{Name: "licence", Usage: "`LICENCE` of the files, for meta.files", Destination: &o.Licence},
			encodingFlag(&o.Encoding),
			outputFlag(&o.format),
		}, o.raw.flags()...)...),
		Action: func(c *cli.Context) error {
			if o.Language == "" {
				return usagef("etl lemma: give --lang, such as en")
			}
			o.Files = c.Args().Slice()
			o.Memory, o.Command, o.Version = o.raw.memory, t.command, version()
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return t.withRejects(ctx, o.raw.reject, func(ctx context.Context, rejects *etl.Rejects) error {
					o.Rejects = rejects
					return runEtlLemma(ctx, t, l, o)
				})
			})
		},
	}, arguments{1, -1, "FILE..."})
}

func runEtlLemma(ctx context.Context, t *terminal, l *lake.Lake, o etlLemmaOptions) error {
	plan, err := norms.PrepareLemmas(ctx, l, o.LemmaOptions)
	if err != nil {
		return err
	}
	return t.load(ctx, plan, o.format)
}
