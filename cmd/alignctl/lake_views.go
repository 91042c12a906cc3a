package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
)

func lakeViewsCommand(t *terminal) *cli.Command {
	var at string
	return checked(&cli.Command{
		Name:  "views",
		Usage: "print an SQL file with which plain DuckDB opens the lake",
		Description: "alignctl lake views > lake.sql; duckdb -init lake.sql. It works from DuckDB's shell, Python and R: a view " +
			"for each table,\nover the files of that version where they are now: in a folder, which takes no network, or in a bucket, for which " +
			"DuckDB\nneeds its extension httpfs.",
		Flags: t.flags(atFlag(&at)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runLakeViews(ctx, t, l, at)
			})
		},
	}, noArguments)
}

func runLakeViews(ctx context.Context, t *terminal, l *lake.Lake, at string) error {
	pins, err := l.At(ctx, at)
	if err != nil {
		return err
	}
	about, err := l.Detail(ctx)
	if err != nil {
		return err
	}
	views, err := l.ViewsSQL(ctx, pins)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "-- The tables of a lake as views, for any DuckDB. Made by alignctl lake views.\n"+
		"-- lake     %q, id %s\n-- version  %s\n-- made     %s by alignctl %s\n%s",
		about.Folder, about.ID, firstOf(at, "now"), time.Now().UTC().Format(time.RFC3339), version(), views)
	return nil
}
