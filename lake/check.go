package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// Check reads all of the lake's current state and compares it with what was
// recorded: each table's metadata loads; each data file has its size, its rows
// and its bytes' digest; the rows, read again, give the table's digest; meta
// rows name runs and snapshots that exist. All that it finds comes back in one
// error, each wrapping ErrDamaged.
func (l *Lake) Check(ctx context.Context) error {
	now, err := l.version(ctx)
	if err != nil {
		return fmt.Errorf("check lake: %w", err)
	}
	s, err := l.openSession(ctx, SessionOptions{}, Holder{})
	if err != nil {
		return err
	}
	defer s.Close()
	c := &checker{scopeReader: scopeReader{lake: l, session: s, version: now}, now: now, tables: map[string]*iceberg.Table{}}
	for _, name := range now.names() {
		c.note(name, c.load(ctx, name))
	}
	for _, name := range slices.Sorted(maps.Keys(c.tables)) {
		c.note(name, c.content(ctx, c.tables[name]))
	}
	if _, ok := c.tables["meta.outputs"]; ok {
		c.note("meta.outputs", c.outputs(ctx))
	}
	return errors.Join(c.found...)
}

type checker struct {
	scopeReader
	now    *version
	tables map[string]*iceberg.Table
	found  []error
}

func (c *checker) note(table string, err error) {
	if err != nil {
		c.found = append(c.found, fmt.Errorf("check %s: %w", table, damaged(err)))
	}
}

// load reads a table's metadata and makes its view.
func (c *checker) load(ctx context.Context, name string) error {
	table, err := c.now.table(ctx, name)
	if err != nil {
		return err
	}
	current, _ := table.Current()
	if err := c.session.view(ctx, table, current.ID); err != nil {
		return err
	}
	c.tables[name] = table
	return nil
}

// content checks a table's files, and its rows against the digest.
func (c *checker) content(ctx context.Context, table *iceberg.Table) error {
	files, fields, err := currentFiles(table)
	if err != nil {
		return err
	}
	rows, err := c.session.db.Count(ctx, "select count(*) from "+duck.Ident(table.Name()))
	if err != nil {
		return err
	}
	if pin := currentPin(table); pin.Rows != rows || pin.Rows != totalRows(files) {
		return fmt.Errorf("the snapshot says %d rows, the manifests %d, the files hold %d", pin.Rows, totalRows(files), rows)
	}
	for _, f := range files {
		if info, err := os.Stat(f.Path); err != nil || info.Size() != f.Bytes {
			return fmt.Errorf("data file %q: want %d bytes: %v", f.Path, f.Bytes, err)
		}
	}
	if strings.HasPrefix(table.Name(), "meta.") || currentPin(table).Digest == "" {
		return nil
	}
	return c.digests(ctx, table, fields)
}

// digests reads every scope of a table again.
func (c *checker) digests(ctx context.Context, table *iceberg.Table, fields []iceberg.Field) error {
	info, err := infoOf(table)
	if err != nil {
		return err
	}
	scopes, err := c.scopesOf(ctx, info.Spec, table)
	if err != nil {
		return err
	}
	for scope, state := range scopes {
		if state.foreign {
			continue // nobody recorded it: scopesOf has just read it
		}
		if scopes[scope], err = c.rescan(ctx, info.Spec, fields, state); err != nil {
			return err
		}
	}
	if got, want := tableDigest(fields, scopes), currentPin(table).Digest; got != want {
		return fmt.Errorf("the rows have the digest %s, the snapshot says %s", got, want)
	}
	return nil
}

// rescan reads a scope's files and compares bytes and rows with its state.
func (c *checker) rescan(ctx context.Context, spec Spec, fields []iceberg.Field, state *scopeState) (*scopeState, error) {
	now, err := c.scan(ctx, spec, fields, state.files)
	if err != nil {
		return nil, err
	}
	if !now.sameRows(state) {
		return nil, fmt.Errorf("the rows of %d files aren't those that meta.snapshots recorded", len(state.files))
	}
	return now, nil
}

// outputs checks that what meta.outputs names is there.
func (c *checker) outputs(ctx context.Context) error {
	orphans, err := c.session.db.Count(ctx, `select count(*) from meta.outputs o
		where not exists (from meta.runs r where r.run_id = o.run_id)`)
	if err != nil {
		return err
	}
	if orphans > 0 {
		return fmt.Errorf("%d rows name a run that meta.runs doesn't have", orphans)
	}
	rows, err := c.session.Query(ctx, "select distinct table_name, snapshot_id, digest, rows from meta.outputs")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var want Pin
		if err := rows.Scan(&want.Table, &want.Snapshot, &want.Digest, &want.Rows); err != nil {
			return err
		}
		table, ok := c.tables[want.Table]
		if !ok {
			return fmt.Errorf("it names a table %q that isn't there", want.Table)
		}
		if s, ok := table.Snapshot(want.Snapshot); ok && pinOf(want.Table, s) != want {
			return fmt.Errorf("it says %+v, the snapshot %+v", want, pinOf(want.Table, s))
		}
	}
	return rows.Err()
}
