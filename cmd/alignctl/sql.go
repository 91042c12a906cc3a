package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/sql"
)

type sqlOptions struct {
	at     string
	format string
}

func sqlCommand(t *terminal) *cli.Command {
	var o sqlOptions
	return checked(&cli.Command{
		Name:  "sql",
		Usage: "query the lake",
		Description: "Every table is there under its name: select * from core.strength limit 10.\n" +
			"show all tables lists them. The session reads only.",
		Flags: t.flags(atFlag(&o.at), outputFlag(&o.format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runSQL(ctx, t, l, c.Args().First(), o)
			})
		},
	}, oneArgument("QUERY"))
}

func runSQL(ctx context.Context, t *terminal, l *lake.Lake, query string, o sqlOptions) error {
	rows, err := sql.Query(ctx, l, query, o.at)
	if err != nil {
		return err
	}
	return errors.Join(t.printRows(o.format, rows), rows.Close())
}
