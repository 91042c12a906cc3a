package main

import (
	"context"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/sql"
)

// The engines that run transforms and the queries of views.
const (
	onDuckDB = "duckdb"
	onSpark  = "spark"
)

// remoteVariable is the environment variable by which Spark's own clients find
// a server.
const remoteVariable = "SPARK_REMOTE"

// engineOptions say what runs transforms, or the query of a view.
type engineOptions struct{ engine, remote string }

// flags declares them; what is what the engine runs.
func (o *engineOptions) flags(what string) []cli.Flag {
	return []cli.Flag{
		oneOf(&cli.StringFlag{Name: "engine", Usage: "what runs " + what + ": duckdb, or spark at --remote; the rows are the same",
			Value: onDuckDB, Destination: &o.engine}, onDuckDB, onSpark),
		&cli.StringFlag{Name: "remote", Usage: "`ADDRESS` of a Spark Connect server, such as sc://localhost:15002 " +
			"(default: the environment's " + remoteVariable + ")", Destination: &o.remote},
	}
}

// check tells what is wrong with them before a server is asked.
func (o engineOptions) check(command string) error {
	switch {
	case o.engine != onDuckDB && o.engine != onSpark:
		return usagef("%s: engine %q is not known: give duckdb or spark", command, o.engine)
	case o.engine == onDuckDB && o.remote != "":
		return usagef("%s: --remote is where Spark is: give --engine spark, too", command)
	case o.engine == onSpark && o.address() == "":
		return usagef("%s: --engine spark needs --remote, such as sc://localhost:15002", command)
	}
	return nil
}

// address is where Spark is.
func (o engineOptions) address() string {
	return strings.TrimSpace(firstOf(o.remote, os.Getenv(remoteVariable)))
}

// find gives the engine for a lake; nil is DuckDB.
func (o engineOptions) find(ctx context.Context, t *terminal, l *lake.Lake) (etl.Opener, error) {
	if o.engine == onDuckDB {
		return nil, nil
	}
	return findSpark(ctx, t, o.address(), l)
}

// engineFor gives the engine that builds a data set; nil is DuckDB. A view that
// may not run there is refused before a server is asked.
func (o engineOptions) engineFor(ctx context.Context, t *terminal, l *lake.Lake, c *sql.Catalogue, name string) (sql.Opener, error) {
	view, err := c.View(name)
	if err != nil {
		return nil, err
	}
	if err := view.RunsOn(o.engine); err != nil {
		return nil, err
	}
	found, err := o.find(ctx, t, l)
	if found == nil {
		return nil, err
	}
	return viewOpener{found}, nil
}

// viewOpener opens an engine of loads for the query of a view.
type viewOpener struct{ etl.Opener }

// Open opens the engine.
func (v viewOpener) Open(ctx context.Context, run *lake.Run) (sql.Engine, error) {
	engine, err := v.Opener.Open(ctx, run)
	if err != nil {
		return nil, err
	}
	return viewEngine{engine}, nil
}

type viewEngine struct{ etl.Engine }

// Show makes rows of a table of the lake a temporary view.
func (v viewEngine) Show(ctx context.Context, name, table, where string) error {
	return v.View(ctx, etl.View{Name: name, Table: table, Where: where})
}
