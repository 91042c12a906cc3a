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

// WriteArrow runs a query and writes its rows as an Arrow IPC stream; the
// result may be larger than memory. [duck.Storable] says which types change.
func (s *Session) WriteArrow(ctx context.Context, query Statement, w io.Writer) error {
	return s.spooled(ctx, query, "snappy", func(spool *lake.Spool) error {
		batches, rows, err := spool.Batches(ctx)
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
	})
}

// WriteParquet runs a query and writes its rows as a Parquet file; the result
// may be larger than memory. [duck.Storable] says which types change.
func (s *Session) WriteParquet(ctx context.Context, query Statement, w io.Writer) error {
	return s.spooled(ctx, query, "zstd", func(spool *lake.Spool) error {
		if _, err := io.Copy(w, spool.Parquet()); err != nil {
			return fmt.Errorf("write parquet: %w", err)
		}
		return nil
	})
}

// spooled runs a query into a file, and gives the file to use.
func (s *Session) spooled(ctx context.Context, query Statement, compression string, use func(*lake.Spool) error) error {
	r, err := s.prepare(ctx, query)
	if err != nil {
		return err
	}
	spool, err := s.session.Spool(ctx, selectable(r.sql), compression)
	if err != nil {
		return s.explain(r, err)
	}
	return errors.Join(use(spool), spool.Close())
}
