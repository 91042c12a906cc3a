package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"alignctl/internal/atomicfile"
	"alignctl/lake"
	"alignctl/sql"
)

// exportMemory is what DuckDB may hold while a result goes out as Arrow or
// Parquet, unless --memory says otherwise: the process then stays below 1 GB.
const exportMemory = "512MB"

// binaryFormats are the formats of -o that only alignctl sql has.
var binaryFormats = []string{"arrow", "parquet"}

// A sqlRunner runs statements in one session, which opens with the first one,
// and sends their results where the options say.
type sqlRunner struct {
	t       *terminal
	lake    *lake.Lake
	o       sqlOptions
	session *sql.Session
	reading int // how many .read are at work, one inside the other
}

func newSQLRunner(t *terminal, l *lake.Lake, o sqlOptions) (*sqlRunner, error) {
	if o.format == "" {
		ending := strings.TrimPrefix(filepath.Ext(o.out), ".")
		if slices.Contains(slices.Concat(outputFormats, binaryFormats), ending) {
			o.format = ending
		}
	}
	if _, err := os.Lstat(o.out); o.out != "" && !o.force && err == nil {
		return nil, fmt.Errorf("write file %q: there is one already (replace it with --force)", o.out)
	}
	if o.binary() && o.out == "" && isTerminal(t.out) {
		return nil, usagef("-o %s: a terminal can't show it: redirect stdout, or give --out FILE", o.format)
	}
	if o.binary() && o.memory == "" {
		o.memory = exportMemory
	}
	return &sqlRunner{t: t, lake: l, o: o}, nil
}

func (o *sqlOptions) binary() bool { return slices.Contains(binaryFormats, o.format) }

// open opens the session, once.
func (r *sqlRunner) open(ctx context.Context) (err error) {
	if r.session == nil {
		r.session, err = r.openAt(ctx, r.o.at)
	}
	return err
}

func (r *sqlRunner) openAt(ctx context.Context, version string) (*sql.Session, error) {
	return sql.Open(ctx, r.lake, sql.SessionOptions{At: version,
		Threads: r.o.threads, Memory: r.o.memory, External: r.o.external})
}

// moveTo makes the session one at another version of the lake. When there is no
// such version, the session stays.
func (r *sqlRunner) moveTo(ctx context.Context, version string) error {
	moved, err := r.openAt(ctx, version)
	if err != nil {
		return err
	}
	r.close()
	r.session, r.o.at = moved, version
	return nil
}

func (r *sqlRunner) close() {
	if r.session != nil {
		_ = r.session.Close() // it was read only: nothing can be lost
	}
}

// query runs one statement, for as long as --timeout lets it.
func (r *sqlRunner) query(ctx context.Context, statement sql.Statement) error {
	limited, cancel := ctx, context.CancelFunc(func() {})
	if r.o.timeout > 0 {
		limited, cancel = context.WithTimeout(ctx, r.o.timeout)
	}
	defer cancel()
	err := r.open(limited)
	if err == nil {
		err = r.deliver(limited, statement)
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return fmt.Errorf("query stopped: it took longer than %s (--timeout)", r.o.timeout)
	}
	return err
}

// A result is what a query gave, not yet written.
type result interface {
	Send(ctx context.Context, w io.Writer) error
	Close() error
}

// textResult is a result in one of the formats that people read.
type textResult struct {
	*sql.Rows
	format string
}

// Send lays the rows out.
func (r textResult) Send(_ context.Context, w io.Writer) error { return printRows(w, r.format, r.Rows) }

// deliver runs a statement and sends its result to stdout or to the file of
// --out, which a fault in the statement leaves as it is.
func (r *sqlRunner) deliver(ctx context.Context, statement sql.Statement) error {
	stop := r.t.waiting("query")
	got, err := r.result(ctx, statement)
	stop()
	if err != nil {
		return err
	}
	if r.o.out == "" {
		return errors.Join(got.Send(ctx, r.t.out), got.Close())
	}
	err = atomicfile.WriteStream(r.o.out, 0o644, func(w io.Writer) error { return got.Send(ctx, w) })
	return errors.Join(err, got.Close())
}

func (r *sqlRunner) result(ctx context.Context, statement sql.Statement) (result, error) {
	if r.o.binary() {
		return r.session.Spool(ctx, statement, r.o.format)
	}
	rows, err := r.session.Query(ctx, statement)
	return textResult{rows, r.o.format}, err
}
