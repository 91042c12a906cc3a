package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// A Spool is the result of a query in a Parquet file without a name: it may be
// larger than memory, and is gone with Close or with the process.
type Spool struct {
	file *os.File
	size int64
}

// Spool runs a query and keeps its rows, in its order, in a file in the lake's
// folder tmp; duck.Storable says which types change. Compression is one that
// DuckDB knows. Close the spool.
func (s *Session) Spool(ctx context.Context, query, compression string) (*Spool, error) {
	path := s.lake.scratch()
	if err := s.db.CopyParquet(ctx, query, path, compression); err != nil {
		return nil, errors.Join(err, remove(path))
	}
	spool, err := openSpool(path)
	// The open file stays readable; a reader that leaves its pipe ends the
	// process without a chance to tidy up.
	if err := errors.Join(err, os.Remove(path)); err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	return spool, nil
}

func openSpool(path string) (*Spool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Spool{file: f, size: info.Size()}, nil
}

// Close gives the disk space back.
func (p *Spool) Close() error { return p.file.Close() }

// Parquet reads the file's bytes, from its beginning.
func (p *Spool) Parquet() io.Reader { return io.NewSectionReader(p.file, 0, p.size) }

// Batches reads the rows as Arrow record batches, and says how many rows there
// are. Release the reader before Close.
func (p *Spool) Batches(ctx context.Context) (batches array.RecordReader, rows int64, err error) {
	reader, err := file.NewParquetReader(io.NewSectionReader(p.file, 0, p.size))
	if err != nil {
		return nil, 0, fmt.Errorf("read result: %w", err)
	}
	arrowReader, err := pqarrow.NewFileReader(reader,
		pqarrow.ArrowReadProperties{BatchSize: batchRows}, memory.DefaultAllocator)
	if err != nil {
		return nil, 0, fmt.Errorf("read result: %w", err)
	}
	batches, err = arrowReader.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("read result: %w", err)
	}
	return batches, reader.NumRows(), nil
}
