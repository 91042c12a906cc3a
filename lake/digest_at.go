package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A TableDigest is the digest of a version of a table, and what it is made of.
type TableDigest struct {
	Pin // its Digest is the recorded one, "" when there is none
	// Computed is the digest by the parts below. It differs from the recorded one
	// only when the lake is damaged.
	Computed string
	Scopes   []ScopeDigest // that have rows, by name
	// Foreign says that no run of ours made the version, so that it has no
	// recorded digest. Meta tables have none either.
	Foreign bool
}

// A ScopeDigest is the digest of the rows of one scope, column by column.
type ScopeDigest struct {
	Scope    string
	Rows     int64
	Columns  []NamedDigest // in schema order
	Recorded bool          // of these columns, by the run that wrote the rows; otherwise they were read
}

// A NamedDigest is the digest of one column.
type NamedDigest struct{ Name, SHA256 string }

// Digest gives the digest of a version of a table: from what was recorded, read
// where nothing was, or, with compute, by reading every row. ErrDamaged says
// that the rows aren't those that were recorded.
func (l *Lake) Digest(ctx context.Context, pin Pin, compute bool) (d TableDigest, err error) {
	v, err := openVersion(ctx, TableAt{l, pin}, DiffOptions{})
	if err != nil {
		return TableDigest{}, fmt.Errorf("digest of %s: %w", pin, err)
	}
	defer func() { err = errors.Join(err, v.close()) }()
	d = TableDigest{Pin: pin, Foreign: pin.Digest == ""}
	states := map[string]*scopeState{}
	for _, scope := range slices.Sorted(maps.Keys(v.files)) {
		state, recorded, err := v.state(ctx, scope, compute)
		if err != nil {
			return TableDigest{}, fmt.Errorf("digest of %s: %w", pin, err)
		}
		states[scope] = state
		part := ScopeDigest{Scope: scope, Rows: state.rows, Recorded: recorded}
		for i, sum := range state.columns {
			part.Columns = append(part.Columns, NamedDigest{v.fields[i].Name, sum})
		}
		d.Scopes = append(d.Scopes, part)
	}
	d.Computed = tableDigest(v.fields, states)
	if pin.Digest != "" && pin.Digest != d.Computed {
		return d, fmt.Errorf("digest of %s: %w: recorded is %s, the rows give %s", pin, ErrDamaged, pin.Digest, d.Computed)
	}
	return d, nil
}

// state is what a scope holds: as recorded, or, where nothing was recorded or
// compute is set, as its files are.
func (v *tableVersion) state(ctx context.Context, scope string, compute bool) (
	state *scopeState, recorded bool, err error) {
	files := storedFiles(v.files[scope])
	state, ours := v.recorded(scope)
	recorded = ours && v.records[scope].sameColumns(v.fields)
	if recorded && !compute {
		return state, true, nil
	}
	if ours {
		state, err = v.reader.read(ctx, v.spec, v.table, v.fields, files)
		return state, recorded, damaged(err)
	}
	scan := newScopeScan(v.lake.disk, v.spec, v.fields)
	scan.lenient = true
	err = v.reader.scanSorted(ctx, scan, v.spec, v.table, v.files[scope])
	return scan.state(files), false, damaged(err)
}
