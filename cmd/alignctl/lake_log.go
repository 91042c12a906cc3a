package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

type lakeLogOptions struct {
	format string
	limit  int
	since  string
}

func lakeLogCommand(t *terminal) *cli.Command {
	var o lakeLogOptions
	return checked(&cli.Command{
		Name:  "log",
		Usage: "what happened to the lake, or to one table, newest first",
		Flags: t.flags(
			&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Destination: &o.limit, Usage: "the newest `N` entries (0: all)"},
			&cli.StringFlag{Name: "since", Destination: &o.since,
				Usage: "entries from `TIME` on: a date (UTC), a time with its zone, or how long ago, such as 36h"},
			outputFlag(&o.format),
		),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runLakeLog(ctx, t, l, c.Args().First(), o)
			})
		},
	}, arguments{0, 1, "[TABLE]"})
}

func runLakeLog(ctx context.Context, t *terminal, l *lake.Lake, table string, o lakeLogOptions) error {
	since, err := parseSince(o.since, time.Now())
	if err != nil {
		return err
	}
	if table != "" {
		if _, err := l.Pin(ctx, table, ""); err != nil {
			return err
		}
	}
	entries, err := l.Log(ctx, lake.LogOptions{Table: table, Since: since, Limit: o.limit})
	if err != nil {
		return err
	}
	if o.format != "" {
		return t.printRows(o.format, logRows(entries, table))
	}
	for i, e := range entries {
		if i > 0 {
			fmt.Fprintln(t.out)
		}
		printEntry(t, e)
	}
	return nil
}

// parseSince reads a date, a time, or a time before now.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, usagef("--since %q is no date, no time with its zone, and no duration such as 36h", text)
}

func logRows(entries []lake.LogEntry, table string) *grid {
	g := newGrid("publish", "at", "run_id", "engine", "run_by", "status", "command",
		"table_name", "snapshot", "rows", "digest")
	for _, e := range entries {
		var publish any
		if e.Publish > 0 {
			publish = e.Publish
		}
		about := []any{publish, e.At, e.Run, e.Engine, e.User, e.Status, e.Command}
		if len(e.Tables) == 0 {
			g.add(append(about, nil, nil, nil, nil)...)
		}
		for _, p := range e.Tables {
			if table == "" || p.Table == table {
				g.add(append(slices.Clone(about), p.Table, strconv.FormatInt(p.Snapshot, 10), p.Rows, p.Digest)...)
			}
		}
	}
	return g
}

func printEntry(t *terminal, e lake.LogEntry) {
	at := e.At.UTC().Format(time.RFC3339)
	if e.Run == "" {
		fmt.Fprintf(t.out, "%s  %s\n", at, oneLine(firstOf(e.Engine, "an engine that doesn't say its name")))
	} else {
		fmt.Fprintf(t.out, "%s  run %s, %s, by %s, alignctl %s\n", at, e.Run, e.Status,
			oneLine(firstOf(e.User, "whom nobody recorded")), oneLine(e.Version))
	}
	fmt.Fprintf(t.out, "    %s\n", oneLine(e.Command))
	for _, p := range e.Tables {
		fmt.Fprintf(t.out, "    %s\n", describePin(p))
	}
}
