package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
	"alignctl/etl/wvs"
	"alignctl/lake"
)

type etlWvsOptions struct {
	wvs.Options
	raw    rawOptions
	format string
}

func etlWvsCommand(t *terminal) *cli.Command {
	var o etlWvsOptions
	return checked(&cli.Command{
		Name:  "wvs",
		Usage: "bring files of the World Values Survey's wave 7 into the lake",
		Description: "Files of a country or the cross-national one, with codes: names such as Q1 in the header, numbers\n" +
			"in the cells. The source then holds exactly these files; core.wvs_distribution, core.wvs_missing,\n" +
			"core.wvs_question and core.wvs_option follow. Columns that are no question of wave 7 are left out.\n\n" +
			"The survey's words may not be passed on, so alignctl has none: a codebook gives them, in JSON as\n" +
			`{"Q1": {"question": "...", "choices": {"1": "..."}}} or [{"id": "1", "input": "...", "options": ["..."]}],` + "\n" +
			"or in CSV with the columns question, language, text, code, label, position, where a row words a\n" +
			"question or labels one of its codes. " +
			"With --append the words stay. See docs/wvs.md.",
		Flags: t.flags(append([]cli.Flag{
			&cli.StringFlag{Name: "source", Usage: "`NAME` of the source (default: such as wvs7-usa for one country, " +
				"wvs7 for more)", Destination: &o.Source},
			&cli.StringFlag{Name: "codebook", Usage: "`FILE` with the words of questions and answers", Destination: &o.Codebook},
			&cli.StringFlag{Name: "codebook-lang", Usage: "language of a codebook in JSON (default: en)",
				Destination: &o.CodebookLanguage},
			&cli.StringFlag{Name: "licence", Usage: "`LICENCE` of the files, for meta.files", Value: wvs.Licence,
				Destination: &o.Licence},
			&cli.BoolFlag{Name: "append", Usage: "add to the files that the source holds", Destination: &o.Append},
			outputFlag(&o.format),
		}, o.raw.flags()...)...),
		Action: func(c *cli.Context) error {
			if o.CodebookLanguage != "" && o.Codebook == "" {
				return usagef("etl wvs: --codebook-lang needs --codebook")
			}
			o.Files = c.Args().Slice()
			o.Memory, o.Command, o.Version = o.raw.memory, t.command, version()
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return t.withRejects(ctx, o.raw.reject, func(ctx context.Context, rejects *etl.Rejects) error {
					o.Rejects = rejects
					return runEtlWvs(ctx, t, l, o)
				})
			})
		},
	}, arguments{1, -1, "FILE..."})
}

func runEtlWvs(ctx context.Context, t *terminal, l *lake.Lake, o etlWvsOptions) error {
	plan, err := wvs.Prepare(ctx, l, o.Options)
	if err != nil {
		return err
	}
	return t.load(ctx, plan, o.format)
}
