package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// DiffOptions are the settings of a comparison; the zero value is useful.
type DiffOptions struct {
	// Samples is how many rows of each kind come back: the first in key order.
	Samples int
	// Session is of the DuckDB that sorts rows which another engine wrote.
	Session SessionOptions
}

// A TableAt is a version of a table in a lake.
type TableAt struct {
	Lake *Lake
	Pin
}

// A Diff is what differs between two versions of a table. Rows of one key are
// the same row: it is changed when a column that both versions have differs.
// Values are equal as digests take them: null equals null, every NaN equals
// every NaN, and 0.0 isn't -0.0.
type Diff struct {
	A, B    Pin
	Columns []ColumnDiff // those of B, then those that only A has

	Added, Removed, Changed, Same int64
	// Samples are the first rows of each kind, by key.
	AddedRows, RemovedRows, ChangedRows []RowDiff

	// WholeRows says that the versions have no key in common: a row was compared
	// as a whole, and one that changed counts as removed and added.
	WholeRows bool
	// Repeated is how many rows of the two versions share their key with others
	// of their version, which only another engine writes. They were compared as
	// wholes.
	Repeated int64
	// Read is how many rows were read; the rest is the same by its digest or its
	// files.
	Read int64
}

// A RowDiff is a row on which the versions differ. Its values are in the order
// of Diff.Columns, nil where the version has no such column (or a null).
type RowDiff struct {
	Before  []any // nil: the row was added
	After   []any // nil: the row was removed
	Changed []int // the columns that differ, of a row that both versions have
}

// Empty says whether the versions have the same columns and rows.
func (d *Diff) Empty() bool {
	return d.Added == 0 && d.Removed == 0 && d.Changed == 0 &&
		!slices.ContainsFunc(d.Columns, func(c ColumnDiff) bool { return c.Change() != "" })
}

// Common is how many rows are in both versions.
func (d *Diff) Common() int64 { return d.Same + d.Changed }

// Diff compares two versions of a table, or two tables whose columns have the
// same names. Scopes whose recorded digests are equal, and files that both
// versions have, aren't read.
func (l *Lake) Diff(ctx context.Context, a, b Pin, o DiffOptions) (*Diff, error) {
	return Compare(ctx, TableAt{l, a}, TableAt{l, b}, o)
}

// DiffAll compares two versions of the lake, and gives the tables that differ,
// by name. Meta tables, which have no past, stay out of it. A table that one
// version lacks counts as empty there: its pin has the snapshot 0.
func (l *Lake) DiffAll(ctx context.Context, a, b Pins, o DiffOptions) ([]*Diff, error) {
	var diffs []*Diff
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if isMeta(name) || a[name] == b[name] {
			continue
		}
		before, after := a[name], b[name]
		before.Table, after.Table = name, name
		d, err := l.Diff(ctx, before, after, o)
		if err != nil {
			return nil, err
		}
		if !d.Empty() {
			diffs = append(diffs, d)
		}
	}
	return diffs, nil
}

// Compare is [Lake.Diff] of tables that may be in different lakes. Columns of
// one table are matched by their field ids, so that a renamed column stays the
// same; those of different tables by their names.
func Compare(ctx context.Context, a, b TableAt, o DiffOptions) (d *Diff, err error) {
	defer func() {
		if err != nil {
			d, err = nil, fmt.Errorf("compare %s with %s: %w", a.Pin, b.Pin, err)
		}
	}()
	before, err := openVersion(ctx, a, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, before.close()) }()
	after, err := openVersion(ctx, b, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, after.close()) }()
	c := newComparison(before, after, o)
	return c.diff, c.compare(ctx)
}
