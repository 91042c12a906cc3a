package iceberg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// The catalog records each file that the lake wrote to its warehouse: data,
// manifests and metadata. It is the one place that can: a file can't hold its
// own digest, and Iceberg's metadata has room for none.

// A Recorded is what the catalog says about a file.
type Recorded struct {
	File
	// Retired is when the last thing that pointed at the file went; zero: it
	// is in use.
	Retired time.Time
	// Broken says that the record itself isn't what was written.
	Broken bool
}

// A record is a row of alignctl_files. A database may have no checksums, so each row has
// a seal of its own: a changed byte in it is told from one in the file.
type record struct {
	path    string // below the warehouse
	bytes   int64
	sha256  string
	retired int64 // microseconds since 1970; 0, in the table null: in use
}

func (r record) seal() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s\n%d", r.path, r.bytes, r.sha256, r.retired))
	return hex.EncodeToString(sum[:8])
}

const (
	columnsSQL = "select path, bytes, sha256, coalesce(retired_at, 0), seal from alignctl_files "
	// recordSQL ignores a file that is recorded: files never change, and a replay
	// records those of its first try again.
	recordSQL = "insert into alignctl_files (path, bytes, sha256, seal) values %s on conflict do nothing"
	retireSQL = `insert into alignctl_files (path, bytes, sha256, retired_at, seal) values %s
		on conflict (path) do update set retired_at = excluded.retired_at, seal = excluded.seal`
)

// scan reads a row of columnsSQL.
func (c *Catalog) scan(row interface{ Scan(...any) error }) (r Recorded, err error) {
	var in record
	var seal string
	if err := row.Scan(&in.path, &in.bytes, &in.sha256, &in.retired, &seal); err != nil {
		return r, err
	}
	r.File = File{Path: filepath.Join(c.place.actual, filepath.FromSlash(in.path)), Bytes: in.bytes, SHA256: in.sha256}
	if in.retired != 0 {
		r.Retired = time.UnixMicro(in.retired)
	}
	r.Broken = seal != in.seal()
	return r, nil
}

func (c *Catalog) record(ctx context.Context, tx transaction, files []File) error {
	rows := make([][]any, len(files))
	for i, f := range files {
		r := record{path: c.relative(f.Path), bytes: f.Bytes, sha256: f.SHA256}
		rows[i] = []any{r.path, r.bytes, r.sha256, r.seal()}
	}
	_, err := tx.each(ctx, recordSQL, rows)
	return err
}

// retire says of files in use that nothing points at them any more; also of
// those of another engine, which nobody recorded. It gives the mark that the
// catalog has then; zero where there is nothing to retire.
func (c *Catalog) retire(ctx context.Context, tx transaction, paths []string) (mark time.Time, err error) {
	if len(paths) == 0 {
		return mark, nil
	}
	if mark, err = tx.moveMark(ctx); err != nil {
		return mark, err
	}
	return mark, c.retireAt(ctx, tx, paths, mark)
}

func (c *Catalog) retireAt(ctx context.Context, tx transaction, paths []string, at time.Time) error {
	held, err := c.recordsOf(ctx, tx.query, paths)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, path := range slices.Compact(slices.Sorted(slices.Values(paths))) { // an upsert takes each row once
		path = c.relative(path)
		before := held[path]
		if before.Retired.IsZero() {
			r := record{path: path, bytes: before.Bytes, sha256: before.SHA256, retired: at.UnixMicro()}
			rows = append(rows, []any{r.path, r.bytes, r.sha256, r.retired, r.seal()})
		}
	}
	_, err = tx.each(ctx, retireSQL, rows)
	return err
}

// relative is a path below the warehouse, with slashes: what stays the same
// when the lake moves.
func (c *Catalog) relative(path string) string {
	below, err := filepath.Rel(c.place.actual, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(below)
}

// Recorded lists the recorded files, by path.
func (c *Catalog) Recorded(ctx context.Context) (map[string]Recorded, error) {
	list, err := c.records(ctx, c.db.query, "")
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	files := map[string]Recorded{}
	for _, r := range list {
		files[r.Path] = r
	}
	return files, nil
}

// records reads the rows for which a condition is true.
func (c *Catalog) records(ctx context.Context, query querying, condition string, args ...any) (files []Recorded, err error) {
	rows, err := query(ctx, columnsSQL+condition, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := c.scan(rows)
		if err != nil {
			return nil, c.unread(err)
		}
		files = append(files, r)
	}
	return files, c.db.explain(rows.Err())
}

// recordsOf reads the rows of files, by their paths below the warehouse.
func (c *Catalog) recordsOf(ctx context.Context, query querying, paths []string) (map[string]Recorded, error) {
	found := make(map[string]Recorded, len(paths))
	for some := range slices.Chunk(paths, statementRows) {
		args := make([]any, len(some))
		for i, path := range some {
			args[i] = c.relative(path)
		}
		list, err := c.records(ctx, query, "where path in "+marks(len(args)), args...)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			found[c.relative(r.Path)] = r
		}
	}
	return found, nil
}

// landed says whether the commit that brings a file is in the catalog. It waits
// for its turn among the transactions, so that the one in question is over,
// whose answer may have been lost before it was.
func (c *Catalog) landed(ctx context.Context, f File) (bool, error) {
	n := 0
	err := c.db.patiently(ctx, func() error {
		tx, err := c.db.begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		return tx.row(ctx, "select count(*) from alignctl_files where path = ?", c.relative(f.Path)).Scan(&n)
	})
	if err != nil {
		return false, fmt.Errorf("read catalog: %w", err)
	}
	return n > 0, nil
}

// CountRetired counts the files that Sweep would remove.
func (c *Catalog) CountRetired(ctx context.Context, mark time.Time) (n int, err error) {
	err = c.db.one(ctx, []any{&n}, "select count(*) from alignctl_files where retired_at <= ?", mark.UnixMicro())
	return n, err
}

// Sweep removes the files that were retired at a mark or earlier, and their
// records; it gives what it removed. The mark is that of whoever is furthest
// behind, be it the catalog when the leases were listed.
func (c *Catalog) Sweep(ctx context.Context, mark time.Time) ([]File, error) {
	files, err := c.retiredBy(ctx, mark)
	if err != nil {
		return nil, err
	}
	return files, c.Drop(ctx, files)
}

// Drop removes files that nothing points at, and their records.
func (c *Catalog) Drop(ctx context.Context, files []File) error {
	if len(files) == 0 {
		return nil
	}
	if err := c.removeAll(files); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return c.db.patiently(ctx, func() error { return c.forget(ctx, files) })
}

// forget drops the records of files.
func (c *Catalog) forget(ctx context.Context, files []File) error {
	tx, err := c.db.begin(ctx)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for some := range slices.Chunk(files, statementRows) {
		args := make([]any, len(some))
		for i, f := range some {
			args[i] = c.relative(f.Path)
		}
		if _, err := tx.exec(ctx, "delete from alignctl_files where path in "+marks(len(args)), args...); err != nil {
			return errors.Join(fmt.Errorf("sweep: %w", err), tx.Rollback())
		}
	}
	return tx.Commit()
}

// removals is how many files are removed at once: a bucket takes its time for
// each.
const removals = 16

func (c *Catalog) removeAll(files []File) error {
	var work errgroup.Group
	work.SetLimit(removals)
	for _, f := range files {
		work.Go(func() error { return c.disk.Remove(f.Path) })
	}
	return work.Wait()
}

func (c *Catalog) retiredBy(ctx context.Context, mark time.Time) (files []File, err error) {
	list, err := c.records(ctx, c.db.query, "where retired_at <= ? order by path", mark.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	for _, r := range list {
		if !r.Broken { // verify tells of it; the file may be in use
			files = append(files, r.File)
		}
	}
	return files, nil
}
