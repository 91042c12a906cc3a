package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

func lakeVerifyCommand(t *terminal) *cli.Command {
	var deep bool
	var format string
	return checked(&cli.Command{
		Name:  "verify",
		Usage: "read every byte of the lake and compare it with what was recorded",
		Description: "Exit code 12 when something differs: each line names the file, its table and snapshot.\n" +
			"With --deep every row of every snapshot is read too, and its digest computed anew.",
		Flags: t.flags(&cli.BoolFlag{Name: "deep", Usage: "compute every digest anew", Destination: &deep},
			outputFlag(&format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				verified, err := l.Verify(ctx, lake.VerifyOptions{Deep: deep})
				if err != nil {
					return err
				}
				return t.printVerified(format, verified)
			})
		},
	}, noArguments)
}

func (t *terminal) printVerified(format string, v lake.Verified) error {
	g := newGrid("tables", "files", "bytes", "unrecorded_files", "digests")
	g.add(v.Tables, v.Files, v.Bytes, v.Unrecorded, v.Digests)
	return t.printRows(format, g)
}
