package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"alignctl/internal/failpoint"
	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// Write makes one scope of a table hold exactly the rows of a SELECT, which
// runs in the run's session and gives the spec's columns by name. Scope is the
// value of the spec's scope column, "" when the spec has none. The rows are
// stored in key order; two rows of one key, a null in a required column, a
// column that is missing, unknown or of another type are errors. When the scope
// holds these rows already, nothing moves and the current pin is returned.
//
// The pin's snapshot is the staged one; a publish that had to be replayed on
// another run's version gives it a new id (see Published).
func (r *Run) Write(ctx context.Context, spec Spec, scope, query string) (Pin, error) {
	s, err := r.open(ctx, spec)
	if err != nil {
		return Pin{}, err
	}
	if err := checkScope(spec, scope); err != nil {
		return Pin{}, err
	}
	if err := r.checkColumns(ctx, spec, query); err != nil {
		return Pin{}, err
	}
	pin, err := r.copy(ctx, s, spec, scope, query)
	if spec.Presorted && errors.Is(err, errUnordered) {
		spec.Presorted = false
		pin, err = r.copy(ctx, s, spec, scope, query)
	}
	return pin, err
}

// copy makes a scope hold the rows of a query, by one file that DuckDB writes.
func (r *Run) copy(ctx context.Context, s *staged, spec Spec, scope, query string) (Pin, error) {
	path, err := r.newFile(s.base)
	if err != nil {
		return Pin{}, fmt.Errorf("write %s: %w", spec.Name, err)
	}
	if err := r.session.db.Exec(ctx, copyRows(spec, s.fields, query, path)); err != nil {
		return Pin{}, errors.Join(fmt.Errorf("write %s: %w", spec.Name, err), r.lake.disk.Remove(path))
	}
	file, err := r.adopt(path)
	if err != nil {
		return Pin{}, errors.Join(fmt.Errorf("write %s: %w", spec.Name, err), r.lake.disk.Remove(path))
	}
	return r.replace(ctx, s, scope, file)
}

// adopt takes up a file that DuckDB wrote.
func (r *Run) adopt(path string) (iceberg.File, error) {
	if err := r.lake.disk.Adopt(path); err != nil {
		return iceberg.File{}, err
	}
	return fileOf(r.lake.disk, path)
}

func checkScope(spec Spec, scope string) error {
	if (spec.Scope == "") != (scope == "") {
		return fmt.Errorf("write %s: scope %q doesn't fit the spec, whose scope column is %q", spec.Name, scope, spec.Scope)
	}
	return nil
}

// copyRows is a COPY of a query's rows, in key order, to a Parquet file.
func copyRows(spec Spec, fields []iceberg.Field, query, path string) string {
	columns := make([]string, len(fields))
	for i, f := range fields {
		columns[i] = duck.Name(f.Name) + "::" + typeOf(f).SQL() + " as " + duck.Name(f.Name)
	}
	order := " order by " + duck.Names(spec.order())
	if spec.Presorted {
		order = ""
	}
	return fmt.Sprintf("copy (select %s from (%s\n)%s) to %s (format parquet, compression zstd, field_ids %s)",
		strings.Join(columns, ", "), query, order, duck.Literal(path), fieldIDs(fields))
}

// order is the columns that put the rows of one scope into key order: all of
// them have the same value in the scope column.
func (s Spec) order() []string {
	if s.Order != nil {
		return s.Order
	}
	if s.Scope != "" && len(s.Key) > 1 {
		return s.Key[1:]
	}
	return s.Key
}

// replace makes a scope hold the rows of one new file.
func (r *Run) replace(ctx context.Context, s *staged, scope string, file iceberg.File) (Pin, error) {
	state, err := s.take(ctx, r, scope, file)
	if err != nil {
		return Pin{}, errors.Join(err, r.lake.disk.Remove(file.Path))
	}
	if state.sameRows(s.now(scope)) && s.table.Location() != "" && !s.evolved {
		s.touched[scope] = true
		return currentPin(s.table), r.lake.disk.Remove(file.Path)
	}
	before, next := s.changes[scope], &change{replace: true, added: state.files, state: state}
	if state.sameRows(s.inBase(scope)) && s.base.Location() != "" && !s.evolved {
		next = nil // back to what the lake holds
	}
	if err := r.apply(ctx, s, scope, next); err != nil {
		return Pin{}, errors.Join(err, r.lake.disk.Remove(file.Path))
	}
	if before != nil {
		r.discard(before.added)
	}
	if next == nil || state.rows == 0 {
		err = r.lake.disk.Remove(file.Path)
	}
	return currentPin(s.table), err
}

// apply makes next the change of a scope (nil: none), stages it and shows it;
// when that fails, all is as before.
func (r *Run) apply(ctx context.Context, s *staged, scope string, next *change) error {
	before := maps.Clone(s.changes)
	s.changes[scope] = next
	if next == nil {
		delete(s.changes, scope)
	}
	if err := r.show(ctx, s); err != nil {
		s.changes = before
		return errors.Join(err, r.show(ctx, s))
	}
	s.touched[scope] = true
	return nil
}

func (s *staged) inBase(scope string) *scopeState {
	if state, ok := s.scopes[scope]; ok {
		return state
	}
	return &scopeState{}
}

// show stages the table anew and brings the session's view up to it.
func (r *Run) show(ctx context.Context, s *staged) error {
	if err := s.restage(ctx, r); err != nil {
		return err
	}
	failpoint.Hit("lake.write.staged")
	query, err := r.session.readTable(ctx, s.base, s.fields, s.allFiles())
	if err != nil {
		return err
	}
	return r.session.makeView(ctx, s.spec.Name, selection{s.fields, query})
}

// Staged is a SELECT of the rows that the run has staged for a table. Any session
// of the lake may run it, until the run closes.
func (r *Run) Staged(ctx context.Context, table string) (string, error) {
	s, ok := r.tables[table]
	if !ok {
		return "", fmt.Errorf("run %s has written no %s", r.id, table)
	}
	return r.session.readTable(ctx, s.base, s.fields, s.allFiles())
}

// take reads a new file back and gives the state of a scope that holds just its
// rows.
func (s *staged) take(ctx context.Context, r *Run, scope string, file iceberg.File) (*scopeState, error) {
	failpoint.Hit("lake.write.file-written")
	stored, err := s.store(ctx, file)
	if err != nil {
		return nil, err
	}
	scan := newScopeScan(r.lake.disk, s.spec, s.fields)
	if err := scan.add(ctx, []iceberg.DataFile{stored.DataFile}); err != nil {
		return nil, err
	}
	if scan.rows == 0 {
		return scan.state(nil), nil
	}
	if stored.Scope != scope {
		return nil, fmt.Errorf("write %s: rows of scope %q in a write of scope %q", s.spec.Name, stored.Scope, scope)
	}
	return scan.state([]storedFile{stored}), nil
}

// store describes a new file.
func (s *staged) store(ctx context.Context, file iceberg.File) (storedFile, error) {
	described, err := s.base.DataFile(ctx, file.Path)
	return storedFile{DataFile: described, sha256: file.SHA256}, err
}

// remove drops a file that no snapshot names.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// checkColumns sees that a query gives the spec's columns, of types that hold
// their values without loss.
func (r *Run) checkColumns(ctx context.Context, spec Spec, query string) error {
	given, err := r.session.db.Describe(ctx, query)
	if err != nil {
		return fmt.Errorf("write %s: %w", spec.Name, err)
	}
	types := map[string]string{}
	for _, column := range given {
		types[column.Name] = column.Type
	}
	for _, c := range spec.Columns {
		have, ok := types[c.Name]
		switch {
		case !ok:
			return fmt.Errorf("write %s: the query gives no column %q", spec.Name, c.Name)
		case !fits(have, c.Type):
			return fmt.Errorf("write %s: column %q is %s in the query, the table has %s: cast it",
				spec.Name, c.Name, have, c.Type.SQL())
		}
		delete(types, c.Name)
	}
	for name := range types {
		return fmt.Errorf("write %s: the query gives a column %q that the table doesn't have", spec.Name, name)
	}
	return nil
}

// widened are the DuckDB types that a column takes besides its own.
var widened = map[Kind][]string{
	KindInt:       {"SMALLINT", "TINYINT", "UTINYINT", "USMALLINT"},
	KindLong:      {"INTEGER", "SMALLINT", "TINYINT", "UTINYINT", "USMALLINT", "UINTEGER"},
	KindDouble:    {"FLOAT", "INTEGER", "SMALLINT", "TINYINT"},
	KindTimestamp: {"DATE"},
	KindString:    {"JSON"},
}

func fits(have string, want Type) bool {
	plain := strings.NewReplacer(`"`, "", " ", "")
	return strings.EqualFold(plain.Replace(have), plain.Replace(want.SQL())) || slices.Contains(widened[want.Kind], have)
}
