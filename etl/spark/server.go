// Package spark is the engine of a load on a Spark server: it runs the
// transforms there, by Spark Connect, and their rows come back as a stream.
//
// The server reads the tables of the lake from their files. Where these are in a
// bucket it reads them there, by the settings and credentials that it has of its
// own; else by their paths, so that it must be on the lake's machine or see the
// lake's folder. What else the transforms read is small and travels.
package spark

import (
	"context"
	"errors"
	"fmt"

	"alignctl/etl"
	"alignctl/etl/spark/connect"
	"alignctl/lake"
)

// settings are what the transforms count on, and how soon Spark tells of its
// stages, which whoever stops it waits for.
func settings() map[string]string {
	return map[string]string{
		"spark.sql.ansi.enabled":                             "true",
		"spark.sql.ansi.doubleQuotedIdentifiers":             "true",
		"spark.sql.parser.escapedStringLiterals":             "false",
		"spark.sql.legacy.consecutiveStringLiterals.enabled": "false",
		"spark.sql.session.timeZone":                         "UTC",
		"spark.sql.timestampType":                            "TIMESTAMP_NTZ",
		"spark.sql.parquet.fieldId.read.enabled":             "true",
		"spark.sql.execution.arrow.maxRecordsPerBatch":       "65536",
		"spark.connect.progress.reportInterval":              "500ms",
	}
}

// A Server is a Spark server that answers.
type Server struct {
	// Copies says that it can't read the bucket that the lake's files are in, and
	// reads this machine's copies of them.
	Copies bool

	remote, version string
}

var _ etl.Opener = (*Server)(nil)

// Find asks the server at an address, such as sc://localhost:15002, whether it
// can run transforms on a lake with this warehouse (see [lake.Location]).
func Find(ctx context.Context, remote, warehouse string) (*Server, error) {
	session, err := connect.Open(ctx, remote, nil)
	if err != nil {
		return nil, err
	}
	s := &Server{remote: remote, version: session.Version()}
	s.Copies, err = onlyCopies(ctx, session, warehouse)
	if err := errors.Join(err, session.Close()); err != nil {
		return nil, err
	}
	return s, nil
}

// Name is spark and its version.
func (s *Server) Name() string { return "spark " + s.version }

// Open opens a session on the server for a run.
func (s *Server) Open(ctx context.Context, run *lake.Run) (etl.Engine, error) {
	session, err := connect.Open(ctx, s.remote, settings())
	if err != nil {
		return nil, err
	}
	// 4.0 doesn't know it, and sends rows as they are.
	if err := session.Set(ctx, "spark.sql.execution.arrow.compression.codec", "zstd"); err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("set up Spark: %w", err)
	}
	return &engine{session: session, run: run, copies: s.Copies}, nil
}
