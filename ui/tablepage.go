package ui

import (
	"fmt"
	"slices"

	"alignctl/lake"
	"alignctl/lake/duck"
	"alignctl/sql"
)

// firstRows is how many rows of a table its page shows.
const firstRows = 20

// A tableBody is what the page of a table, or of a view, shows.
type tableBody struct {
	Name, Doc, Licence string
	Key                []string
	Scope              string
	Columns            []columnLine
	Rows               result
	Held               *lake.TableDetail // nil: a view
	Versions           []lake.SnapshotInfo
	SQL                string // of a view
}

// A columnLine is a column and what it means.
type columnLine struct {
	Name, Type, Unit, Doc string
	Key, Null             bool
}

func tablePage(v *visit) (page, error) {
	name := v.PathValue("table")
	b := tableBody{Name: name}
	err := v.session(func(s *sql.Session) error {
		at := slices.IndexFunc(s.Views(), func(view *sql.View) bool { return view.Name == name })
		switch {
		case at >= 0:
			b.ofView(s.Views()[at])
		case slices.Contains(s.Tables(), name):
			if err := b.ofTable(v, name); err != nil {
				return err
			}
		default:
			return noneError{fmt.Sprintf("there is no table %q", name)}
		}
		var err error
		b.Rows, err = v.first(s, sql.Statement{SQL: "from " + duck.Ident(name)}, firstRows)
		return err
	})
	return page{template: "table", Title: name, Tab: "lake", Body: b}, err
}

func (b *tableBody) ofView(view *sql.View) {
	b.Doc, b.Licence, b.Key, b.SQL = view.Doc, string(view.Licence), view.Key, view.Query.SQL
	for _, c := range view.Columns {
		b.Columns = append(b.Columns, columnLine{Name: c.Name, Unit: c.Unit, Doc: c.Doc, Null: c.Null,
			Key: slices.Contains(view.Key, c.Name)})
	}
}

func (b *tableBody) ofTable(v *visit, name string) error {
	held, err := v.lake.Table(v.ctx, name, "")
	if err != nil {
		return err
	}
	spec := held.Spec
	b.Held, b.Doc, b.Licence, b.Key, b.Scope = &held, spec.Doc, string(spec.Licence), spec.Key, spec.Scope
	for _, c := range spec.Columns {
		key := slices.Contains(spec.Key, c.Name)
		b.Columns = append(b.Columns, columnLine{Name: c.Name, Type: c.Type.SQL(), Unit: c.Unit, Doc: c.Doc,
			Key: key, Null: !key && !c.Required})
	}
	b.Versions, err = v.lake.Snapshots(v.ctx, name)
	return err
}

// Comparable says whether there are versions to compare.
func (b tableBody) Comparable() bool { return len(b.Versions) > 1 && b.Versions[0].Digest != "" }

// diffSamples is how many rows of each kind a comparison shows.
const diffSamples = 20

// A diffBody is a comparison of two versions of a table.
type diffBody struct {
	Name          string
	Before, After string // the versions, as they were asked for
	*lake.Diff
}

func diffPage(v *visit) (page, error) {
	name, query := v.PathValue("table"), v.URL.Query()
	b := diffBody{Name: name, Before: query.Get("before"), After: query.Get("after")}
	before, err := v.lake.Pin(v.ctx, name, b.Before)
	if err != nil {
		return page{}, v.none(err)
	}
	after, err := v.lake.Pin(v.ctx, name, b.After)
	if err != nil {
		return page{}, v.none(err)
	}
	b.Diff, err = v.lake.Diff(v.ctx, before, after, lake.DiffOptions{Samples: diffSamples,
		Session: lake.SessionOptions{Memory: v.server.options.Memory}})
	return page{template: "diff", Title: name + ", compared", Tab: "lake", Body: b}, err
}

// Changes are the columns that aren't as they were.
func (b diffBody) Changes() (changed []lake.ColumnDiff) {
	for _, c := range b.Columns {
		if c.Change() != "" || c.Compared && c.Equal < b.Common() {
			changed = append(changed, c)
		}
	}
	return changed
}

// Differ is how many rows of both versions differ in a column.
func (b diffBody) Differ(c lake.ColumnDiff) int64 { return b.Common() - c.Equal }

// A rowKind is the sampled rows of one kind.
type rowKind struct {
	Title, Class string
	Count        int64
	Rows         []lake.RowDiff
}

// Kinds are the sampled rows.
func (b diffBody) Kinds() []rowKind {
	return []rowKind{
		{"Added", "added", b.Added, b.AddedRows},
		{"Removed", "removed", b.Removed, b.RemovedRows},
		{"Changed", "changed", b.Changed, b.ChangedRows},
	}
}

// A diffCell is a value of a row that differs.
type diffCell struct {
	Value, Was any
	Changed    bool
}

// Cells are the values of a sampled row, by columns.
func (b diffBody) Cells(r lake.RowDiff) []diffCell {
	cells := make([]diffCell, len(b.Columns))
	for i := range cells {
		if r.After != nil {
			cells[i].Value = r.After[i]
		} else {
			cells[i].Value = r.Before[i]
		}
		if slices.Contains(r.Changed, i) {
			cells[i].Was, cells[i].Changed = r.Before[i], true
		}
	}
	return cells
}
