// Package spark is the engine of a load on a Spark server: it runs the
// transforms there, by Spark Connect, and their rows come back as a stream.
//
// The server reads the raw tables by the paths of their files, so that it must
// be on the lake's machine or share the lake's folder. What else the transforms
// read is small and travels.
package spark

import (
	"context"
	"fmt"

	"alignctl/etl"
	"alignctl/etl/spark/connect"
	"alignctl/lake"
)

// settings are what the transforms count on.
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
	}
}

// A Server is a Spark server that answers.
type Server struct{ remote, version string }

var _ etl.Opener = (*Server)(nil)

// Find asks the server at an address, such as sc://localhost:15002, whether it
// can run transforms.
func Find(ctx context.Context, remote string) (*Server, error) {
	session, err := connect.Open(ctx, remote, nil)
	if err != nil {
		return nil, err
	}
	return &Server{remote, session.Version()}, session.Close()
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
	return &engine{session: session, run: run}, nil
}
