package sql

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"alignctl/internal/progress"
	"alignctl/lake"
)

// A Result is the whole result of a query, on its way out in a binary format.
// It may be larger than memory: it waits in a file.
type Result struct {
	spool *lake.Spool
	arrow bool
}

// Spool runs a query whose result goes out as "arrow", an Arrow IPC stream, or
// as "parquet", a Parquet file. [duck.Storable] says which types change. Close
// the result.
func (s *Session) Spool(ctx context.Context, query Statement, format string) (*Result, error) {
	compression, arrow := "zstd", format == "arrow"
	if arrow {
		compression = "snappy" // the file is read once, soon
	}
	r, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	spool, err := s.session.Spool(ctx, selectable(r.sql), compression)
	if err != nil {
		return nil, s.explain(r, err)
	}
	return &Result{spool: spool, arrow: arrow}, nil
}

// StreamParquet runs a query and writes its rows as they come, as a Parquet
// file. What is wrong with the query is an error before anything is written.
func (s *Session) StreamParquet(ctx context.Context, query Statement, w io.Writer) error {
	r, err := s.prepare(ctx, query)
	if err != nil {
		return err
	}
	return s.explain(r, s.session.StreamParquet(ctx, selectable(r.sql), w))
}

// StreamCSV is StreamParquet for CSV: lists and structs are JSON.
func (s *Session) StreamCSV(ctx context.Context, query Statement, w io.Writer) error {
	r, err := s.prepare(ctx, query)
	if err != nil {
		return err
	}
	columns, err := s.session.Describe(ctx, selectable(r.sql))
	if err != nil {
		return s.explain(r, err)
	}
	readable, _ := presentable(r.sql, columns)
	return s.explain(r, s.session.StreamCSV(ctx, readable, w))
}

// Close gives the result's disk space back.
func (r *Result) Close() error { return r.spool.Close() }

// Send writes the result in its format.
func (r *Result) Send(ctx context.Context, w io.Writer) error {
	if r.arrow {
		return r.stream(ctx, w)
	}
	if _, err := io.Copy(w, r.spool.Parquet()); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return nil
}

// stream writes record batches as an Arrow IPC stream, one in memory at a time.
func (r *Result) stream(ctx context.Context, w io.Writer) error {
	batches, rows, err := r.spool.Batches(ctx)
	if err != nil {
		return err
	}
	defer batches.Release()
	task := progress.Start(ctx, "write arrow", rows, "rows")
	defer task.Done()
	stream := ipc.NewWriter(w, ipc.WithSchema(batches.Schema()))
	for batches.Next() {
		if err := stream.Write(batches.RecordBatch()); err != nil {
			return fmt.Errorf("write arrow: %w", err)
		}
		task.Add(batches.RecordBatch().NumRows())
	}
	return errors.Join(batches.Err(), stream.Close())
}
