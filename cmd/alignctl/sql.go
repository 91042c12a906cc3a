package main

import (
	"context"
	"regexp"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/sql"
)

type sqlOptions struct {
	at       string
	format   string
	out      string
	force    bool
	timeout  time.Duration
	memory   string
	threads  int
	external bool
}

func sqlCommand(t *terminal) *cli.Command {
	var o sqlOptions
	return checked(&cli.Command{
		Name:  "sql",
		Usage: "query the lake: one QUERY, statements from stdin, or an interactive shell on a terminal",
		Description: "Every table is there under its name: select * from core.strength limit 10.\n" +
			"show all tables lists them. The session reads only.\n\n" +
			"table@VERSION reads a table as it was: at a tag, a snapshot id, a run id, a date or a time, " +
			"as in core.strength@paper-v1. A version of letters, digits, \".\", \"_\" and \"-\" may stand bare " +
			"(the longest run of them counts); put others in quotes: core.strength@\"2026-11-25T06:50:51Z\".\n\n" +
			"-o arrow writes an Arrow IPC stream, -o parquet a Parquet file; both pass through results larger than " +
			"memory. HUGEINT becomes decimal(38,0) there; UUID, INTERVAL, BIT, BIGNUM, TIME_NS and TIME WITH TIME ZONE " +
			"become text; unions, variants and structs without names become JSON text.",
		Flags: t.flags(o.flags()...),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runSQL(ctx, t, l, c.Args().Slice(), o)
			})
		},
	}, arguments{0, 1, "[QUERY]"})
}

func (o *sqlOptions) flags() []cli.Flag {
	return []cli.Flag{
		atFlag(&o.at),
		outputFlag(&o.format, binaryFormats...),
		&cli.StringFlag{Name: "out", Usage: "write the result to a new `FILE`, whole or not at all; " +
			"without -o its ending names the format", Destination: &o.out},
		&cli.BoolFlag{Name: "force", Usage: "let --out replace a file", Destination: &o.force},
		&cli.DurationFlag{Name: "timeout", Usage: "stop a query after `DURATION`, such as 30s (default: never)",
			Destination: &o.timeout, DefaultText: " ", Action: func(_ *cli.Context, d time.Duration) error {
				if d <= 0 {
					return usagef("--timeout %s: want more than 0", d)
				}
				return nil
			}},
		&cli.StringFlag{Name: "memory", Usage: "let queries hold `SIZE` in memory, such as 2GB; more goes to disk " +
			"(default: 80% of the machine's; 512MB with -o arrow or parquet)", Destination: &o.memory, Action: checkMemory},
		&cli.IntFlag{Name: "threads", Usage: "use `N` cores (default: all)", DefaultText: " ", Destination: &o.threads,
			Action: func(_ *cli.Context, n int) error {
				if n < 1 {
					return usagef("--threads %d: want 1 or more", n)
				}
				return nil
			}},
		&cli.BoolFlag{Name: "external", Usage: "let queries read files outside the lake, as in from 'x.csv' " +
			"(still nothing is written)", Destination: &o.external},
	}
}

var memorySize = regexp.MustCompile(`^[0-9]+(\.[0-9]+)? ?[KMGT]i?B$`)

func checkMemory(_ *cli.Context, size string) error {
	if !memorySize.MatchString(size) {
		return usagef("--memory %s: want a number and KB, MB, GB or TB", size)
	}
	return nil
}

func runSQL(ctx context.Context, t *terminal, l *lake.Lake, args []string, o sqlOptions) error {
	r, err := newSQLRunner(t, l, o)
	if err != nil {
		return err
	}
	defer r.close()
	switch {
	case len(args) == 1:
		statement, err := sql.One(args[0])
		if err != nil {
			return err
		}
		return r.query(ctx, statement)
	case isTerminal(t.in) && isTerminal(t.out):
		return runShell(ctx, r)
	}
	return r.stdin(ctx)
}
