package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
	"alignctl/etl/swow"
	"alignctl/lake"
)

type etlStrengthOptions struct {
	swow.StrengthOptions
	rawOptions
	format string
}

func etlStrengthCommand(t *terminal) *cli.Command {
	var o etlStrengthOptions
	return checked(&cli.Command{
		Name:  "strength",
		Usage: "bring ready-made strength tables into the lake",
		Description: "Tables of Small World of Words, Edinburgh or South Florida: cue, response, R1 (or R123), N,\n" +
			"R1.Strength (or R123.Strength), set apart by tabs or commas, without quotes. The source is a\n" +
			"population of core.strength; one table of first responses (R1) and one of all (R123) join in it.\n" +
			"It then holds exactly these files.",
		Flags: t.flags(append(o.flags(),
			encodingFlag(&o.Encoding),
			oneOf(&cli.StringFlag{Name: "lang", Usage: "language of the files: " + strings.Join(swow.Languages(), ", "),
				Destination: &o.Language}, swow.Languages()...),
			&cli.StringFlag{Name: "source", Usage: "`NAME` of source and population (default: such as swow-en-published)",
				Destination: &o.Source},
			&cli.StringFlag{Name: "licence", Usage: "`LICENCE` of the files, for meta.files", Value: swow.Licence,
				Destination: &o.Licence},
			outputFlag(&o.format),
		)...),
		Action: func(c *cli.Context) error {
			if o.Language == "" {
				return usagef("etl strength: give --lang, one of %s", strings.Join(swow.Languages(), ", "))
			}
			o.Files = c.Args().Slice()
			o.Memory, o.Command, o.Version = o.memory, t.command, version()
			return t.withRejects(c.Context, o.reject, func(ctx context.Context, rejects *etl.Rejects) error {
				o.Rejects = rejects
				return t.withLake(ctx, func(ctx context.Context, l *lake.Lake) error { return runEtlStrength(ctx, t, l, o) })
			})
		},
	}, arguments{1, -1, "FILE..."})
}

func runEtlStrength(ctx context.Context, t *terminal, l *lake.Lake, o etlStrengthOptions) error {
	plan, err := swow.PrepareStrengths(ctx, l, o.StrengthOptions)
	if err != nil {
		return err
	}
	return t.load(ctx, plan, o.format)
}
