package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// StreamParquet runs a query and writes its rows as a Parquet file, as they
// come: neither memory nor disk holds them. duck.Storable says which types
// change.
func (s *Session) StreamParquet(ctx context.Context, query string, w io.Writer) error {
	return s.stream(ctx, w, func(ctx context.Context, path string) error {
		return s.db.CopyParquet(ctx, query, path, "zstd")
	})
}

// StreamCSV is StreamParquet for CSV with a header.
func (s *Session) StreamCSV(ctx context.Context, query string, w io.Writer) error {
	return s.stream(ctx, w, func(ctx context.Context, path string) error {
		return s.db.CopyCSV(ctx, query, path)
	})
}

// stream gives w what write puts into a pipe. When w takes no more, the query
// is stopped; what it still has to say is read all the same, as DuckDB waits
// for a full pipe without looking up.
func (s *Session) stream(ctx context.Context, w io.Writer, write func(ctx context.Context, path string) error) error {
	path := s.lake.scratch()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return fmt.Errorf("make pipe: %w", err)
	}
	defer os.Remove(path)
	out, end, err := openPipe(path)
	if err != nil {
		return fmt.Errorf("open pipe: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	written := make(chan error, 1)
	go func() {
		err := errors.Join(write(ctx, path), end.Close())
		if err != nil { // DuckDB may let go of the pipe only later: there is no end to wait for
			_ = out.SetReadDeadline(time.Now())
		}
		written <- err
	}()
	_, err = io.Copy(w, out)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		stop()
		_, _ = io.Copy(io.Discard, out)
		err = errors.Join(err, <-written)
	} else {
		err = <-written
	}
	if err != nil {
		go drain(out)
		return err
	}
	return out.Close()
}

// drain reads a pipe until DuckDB has let go of it, at the end of the session at
// the latest: a signal ends a process that writes into a pipe which nobody reads.
func drain(out *os.File) {
	_ = out.SetReadDeadline(time.Time{})
	_, _ = io.Copy(io.Discard, out)
	_ = out.Close()
}

// openPipe opens both ends of a named pipe. While this writing end is open, the
// other sees no end of the data.
func openPipe(path string) (out, end *os.File, err error) {
	out, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	end, err = os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, nil, errors.Join(err, out.Close())
	}
	return out, end, nil
}
