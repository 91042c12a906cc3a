package iceberg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"
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
}

// recordSQL ignores a file that is recorded: files never change, and a replay
// records those of its first try again.
const recordSQL = "insert into alignctl_files (path, bytes, sha256) values (?, ?, ?) on conflict do nothing"

func (c *Catalog) record(ctx context.Context, tx *sql.Tx, files []File) error {
	if len(files) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, recordSQL)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, f := range files {
		if _, err := insert.ExecContext(ctx, c.relative(f.Path), f.Bytes, f.SHA256); err != nil {
			return err
		}
	}
	return nil
}

// retireSQL also takes a file of another engine, which nobody recorded.
const retireSQL = `insert into alignctl_files (path, bytes, sha256, retired_at) values (?, 0, '', ?)
	on conflict (path) do update set retired_at = excluded.retired_at where retired_at is null`

func (c *Catalog) retire(ctx context.Context, tx *sql.Tx, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	now := time.Now().UnixMicro()
	update, err := tx.PrepareContext(ctx, retireSQL)
	if err != nil {
		return err
	}
	defer update.Close()
	for _, path := range paths {
		if _, err := update.ExecContext(ctx, c.relative(path), now); err != nil {
			return err
		}
	}
	return nil
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
	rows, err := c.db.QueryContext(ctx, "select path, bytes, sha256, coalesce(retired_at, 0) from alignctl_files")
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", c.explain(err))
	}
	defer rows.Close()
	files := map[string]Recorded{}
	for rows.Next() {
		var r Recorded
		var path string
		var retired int64
		if err := rows.Scan(&path, &r.Bytes, &r.SHA256, &retired); err != nil {
			return nil, unread(err)
		}
		if retired != 0 {
			r.Retired = time.UnixMicro(retired)
		}
		r.Path = filepath.Join(c.place.actual, filepath.FromSlash(path))
		files[r.Path] = r
	}
	return files, c.explain(rows.Err())
}

// Record is what is recorded about one file; ok is false when nothing is.
func (c *Catalog) Record(ctx context.Context, path string) (f File, ok bool, err error) {
	f.Path = path
	err = c.db.QueryRowContext(ctx, "select bytes, sha256 from alignctl_files where path = ?", c.relative(path)).
		Scan(&f.Bytes, &f.SHA256)
	if errors.Is(err, sql.ErrNoRows) {
		return f, false, nil
	}
	if err != nil {
		return f, false, fmt.Errorf("read catalog: %w", c.explain(err))
	}
	return f, true, nil
}

// landed says whether the commit that brings a file is in the catalog.
func (c *Catalog) landed(ctx context.Context, f File) (bool, error) {
	var n int
	err := c.db.QueryRowContext(ctx, "select count(*) from alignctl_files where path = ?", c.relative(f.Path)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read catalog: %w", c.explain(err))
	}
	return n > 0, nil
}

// CountRetired counts the files that Sweep would remove.
func (c *Catalog) CountRetired(ctx context.Context, before time.Time) (n int, err error) {
	err = c.db.QueryRowContext(ctx, "select count(*) from alignctl_files where retired_at < ?", before.UnixMicro()).Scan(&n)
	return n, err
}

// Sweep removes the files that were retired before a time, and their records;
// it gives what it removed. Whoever may still read such a file has begun before
// it was retired.
func (c *Catalog) Sweep(ctx context.Context, before time.Time) ([]File, error) {
	files, err := c.retiredBefore(ctx, before)
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
	for _, f := range files {
		if err := c.disk.Remove(f.Path); err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sweep: %w", c.explain(err))
	}
	for _, f := range files {
		if _, err := tx.ExecContext(ctx, "delete from alignctl_files where path = ?", c.relative(f.Path)); err != nil {
			return errors.Join(fmt.Errorf("sweep: %w", c.explain(err)), tx.Rollback())
		}
	}
	return tx.Commit()
}

func (c *Catalog) retiredBefore(ctx context.Context, before time.Time) ([]File, error) {
	rows, err := c.db.QueryContext(ctx, "select path, bytes, sha256 from alignctl_files where retired_at < ? order by path",
		before.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", c.explain(err))
	}
	defer rows.Close()
	var files []File
	for rows.Next() {
		var f File
		if err := rows.Scan(&f.Path, &f.Bytes, &f.SHA256); err != nil {
			return nil, unread(err)
		}
		f.Path = filepath.Join(c.place.actual, filepath.FromSlash(f.Path))
		files = append(files, f)
	}
	return files, c.explain(rows.Err())
}
