package main

import (
	"context"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
)

// The engines that run transforms.
const (
	onDuckDB = "duckdb"
	onSpark  = "spark"
)

// remoteVariable is the environment variable by which Spark's own clients find
// a server.
const remoteVariable = "SPARK_REMOTE"

// engineOptions say what runs the transforms.
type engineOptions struct{ engine, remote string }

// flags declares them.
func (o *engineOptions) flags() []cli.Flag {
	return []cli.Flag{
		oneOf(&cli.StringFlag{Name: "engine", Usage: "what runs the transforms: duckdb, or spark at --remote; the rows are the same",
			Value: onDuckDB, Destination: &o.engine}, onDuckDB, onSpark),
		&cli.StringFlag{Name: "remote", Usage: "`ADDRESS` of a Spark Connect server, such as sc://localhost:15002 " +
			"(default: the environment's " + remoteVariable + ")", Destination: &o.remote},
	}
}

// find gives the engine; nil is DuckDB.
func (o engineOptions) find(ctx context.Context, command string) (etl.Opener, error) {
	remote := strings.TrimSpace(firstOf(o.remote, os.Getenv(remoteVariable)))
	switch {
	case o.engine != onDuckDB && o.engine != onSpark:
		return nil, usagef("%s: engine %q is not known: give duckdb or spark", command, o.engine)
	case o.engine == onDuckDB && o.remote != "":
		return nil, usagef("%s: --remote is where Spark is: give --engine spark, too", command)
	case o.engine == onDuckDB:
		return nil, nil
	case remote == "":
		return nil, usagef("%s: --engine spark needs --remote, such as sc://localhost:15002", command)
	}
	return findSpark(ctx, remote)
}
