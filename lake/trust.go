package lake

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// Parquet readers written in Go trust the lengths that a file states: a damaged
// one makes them panic, some in goroutines of their own where nothing can
// recover, or ask for all memory. So they parse a file only when its bytes are
// those that the lake wrote. What another engine wrote is read by DuckDB, which
// fails with an error, and they parse its copy.

// intact compares a file with what the catalog recorded about it; known is false
// for a file of another engine, of which nothing is recorded.
func (l *Lake) intact(ctx context.Context, path string) (known bool, err error) {
	want, known, err := l.catalog.Record(ctx, path)
	if err != nil || !known {
		return false, err
	}
	got, err := fileOf(l.disk, path)
	if err != nil {
		return true, damaged(fmt.Errorf("read file of %s: %w", l.tableOf(path), err))
	}
	if got.SHA256 != want.SHA256 {
		return true, &Damage{Table: l.tableOf(path), File: path,
			Problem: fmt.Sprintf("its bytes have sha256 %s, recorded is %s", got.SHA256, want.SHA256)}
	}
	return true, nil
}

// recall asks for the records of files in one go: a catalog may be far away.
func (l *Lake) recall(ctx context.Context, files []iceberg.DataFile) error {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	_, err := l.catalog.Records(ctx, paths)
	return err
}

// trusted gives files to parse in place of some files of a scope: those that
// the lake wrote, and a copy, in key order, of those that it didn't. Done
// removes the copy.
func (r scopeReader) trusted(ctx context.Context, spec Spec, fields []iceberg.Field, files []storedFile) (
	parse []iceberg.DataFile, done func() error, err error) {
	if err := r.lake.recall(ctx, dataFiles(files)); err != nil {
		return nil, nil, err
	}
	var foreign []iceberg.DataFile
	for _, f := range files {
		known := f.sha256 != "" || r.verified[f.Path]
		if !known {
			if known, err = r.lake.intact(ctx, f.Path); err != nil {
				return nil, nil, err
			}
		}
		if known {
			parse = append(parse, f.DataFile)
		} else {
			foreign = append(foreign, f.DataFile)
		}
	}
	if len(foreign) == 0 {
		return parse, func() error { return nil }, nil
	}
	path := r.lake.scratch()
	done = func() error { return remove(path) }
	if err := r.session.db.Exec(ctx, copyRows(spec, fields, readFiles(fields, foreign), path)); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read files of %s that another engine wrote: %w", spec.Name, err), done())
	}
	return append(parse, iceberg.DataFile{Path: path}), done, nil
}

// scratch names a file for a copy.
func (l *Lake) scratch() string { return filepath.Join(l.Temp(), randomHex(8)+".parquet") }

// trustedFile gives a file to parse in place of a small one, as trusted does.
func (l *Lake) trustedFile(ctx context.Context, fields []iceberg.Field, f iceberg.DataFile) (
	parse iceberg.DataFile, done func() error, err error) {
	known, err := l.intact(ctx, f.Path)
	if err != nil || known {
		return f, func() error { return nil }, err
	}
	db, err := l.openDuck(ctx, SessionOptions{Threads: 1})
	if err != nil {
		return f, nil, err
	}
	path := l.scratch()
	done = func() error { return remove(path) }
	err = db.Exec(ctx, fmt.Sprintf("copy (%s) to %s (format parquet, field_ids %s)",
		readFiles(fields, []iceberg.DataFile{f}), duck.Literal(path), fieldIDs(fields)))
	copied, statErr := fileOf(l.disk, path)
	if err := errors.Join(err, db.Close()); err != nil {
		return f, nil, errors.Join(fmt.Errorf("read file %q, which another engine wrote: %w", f.Path, err), done())
	}
	return iceberg.DataFile{Path: path, Bytes: copied.Bytes}, done, statErr
}
