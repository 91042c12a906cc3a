package sql

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// A DataSet is a built data set at a version of the lake, open to be read.
type DataSet struct {
	View    *View
	Pin     lake.Pin
	Columns []duck.Column
	session *lake.Session
}

// OpenDataSet opens a built data set at the version of the lake that at names
// ("" is now). The caller closes it.
func (c *Catalogue) OpenDataSet(ctx context.Context, l *lake.Lake, name, at string) (*DataSet, error) {
	view, err := c.View(name)
	if err != nil {
		return nil, err
	}
	pins, err := l.At(ctx, at)
	if err != nil {
		return nil, err
	}
	pin, built := pins[view.Name]
	if !built {
		return nil, fmt.Errorf("data set %s is not built: run alignctl data build %s", view.Name, view.Name)
	}
	// Views of the other tables would only cost time.
	session, err := l.Session(ctx, lake.Pins{view.Name: pin}, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	d := &DataSet{View: view, Pin: pin, session: session}
	if d.Columns, err = session.Describe(ctx, "FROM "+view.Name); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", view.Name, err), d.Close())
	}
	return d, nil
}

// Close ends the reading.
func (d *DataSet) Close() error { return d.session.Close() }

// Has reports whether the data set has all of these columns.
func (d *DataSet) Has(names ...string) bool {
	for _, name := range names {
		if !slices.ContainsFunc(d.Columns, func(c duck.Column) bool { return c.Name == name }) {
			return false
		}
	}
	return true
}

// A Selection says which examples of a data set to read; the zero value is all.
type Selection struct {
	Split string // of this split only: "train", "dev" or "test"
	Count int    // so many at most: the first by key; 0: all
	Draw  bool   // Count of them drawn by the md5 of their keys, in place of the first
}

// Count says how many examples a selection has.
func (d *DataSet) Count(ctx context.Context, s Selection) (int64, error) {
	if err := d.check(s); err != nil {
		return 0, err
	}
	where, args := s.where()
	var n int64
	err := d.each(ctx, "SELECT count(*) FROM "+d.View.Name+where.sql(), args, func(r *stdsql.Rows) error { return r.Scan(&n) })
	if s.Count > 0 {
		n = min(n, int64(s.Count))
	}
	return n, err
}

func (d *DataSet) check(s Selection) error {
	if s.Split != "" && !d.Has("split") {
		return fmt.Errorf("read split %q of %s: it has no column split", s.Split, d.View.Name)
	}
	return nil
}

// pageRows is how many examples are asked for at once: DuckDB holds a whole
// result in memory before its first row comes.
const pageRows = 20_000

// Each visits the examples of a selection in the order of their keys.
func (d *DataSet) Each(ctx context.Context, s Selection, visit func(Example) error) error {
	if err := d.check(s); err != nil {
		return err
	}
	var last []any // the key of the example before
	for read := 0; s.Count == 0 || read < s.Count; {
		limit := pageRows
		if s.Count > 0 {
			limit = min(limit, s.Count-read)
		}
		query, args := d.page(s, last, limit)
		seen := 0
		err := d.each(ctx, query, args, func(rows *stdsql.Rows) (err error) {
			seen++
			last, err = d.visit(rows, visit)
			return err
		})
		if err != nil || seen < limit {
			return err
		}
		read += seen
	}
	return nil
}

// each visits the rows of a query.
func (d *DataSet) each(ctx context.Context, query string, args []any, visit func(*stdsql.Rows) error) error {
	rows, err := d.session.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", d.View.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return fmt.Errorf("read %s: %w", d.View.Name, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", d.View.Name, err)
	}
	return nil
}

// visit hands on a row of a page and gives its key.
func (d *DataSet) visit(rows *stdsql.Rows, visit func(Example) error) ([]any, error) {
	var text string
	key := make([]any, len(d.View.Key))
	into := []any{&text}
	for i := range key {
		into = append(into, &key[i])
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	example, err := parseExample(text)
	if err != nil {
		return nil, err
	}
	return key, visit(example)
}

// conditions are those of a query, all of which must hold.
type conditions []string

func (c conditions) sql() string {
	if len(c) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c, " AND ")
}

// where is the condition of a selection's split, and its argument.
func (s Selection) where() (conditions, []any) {
	if s.Split == "" {
		return nil, nil
	}
	return conditions{"split = ?"}, []any{s.Split}
}

// page queries the next examples of a selection after the one with the key
// last, each as JSON and its key.
func (d *DataSet) page(s Selection, last []any, limit int) (string, []any) {
	table, keys := d.View.Name, duck.Names(d.View.Key)
	where, args := s.where()
	if s.Count > 0 && s.Draw {
		drawn := fmt.Sprintf("(%s) IN (SELECT (%s) FROM %s%s ORDER BY md5(concat_ws('|', %s)), %s LIMIT %d)",
			keys, keys, table, where.sql(), keys, keys, s.Count)
		where, args = append(where, drawn), append(args, args...)
	}
	if last != nil {
		// The first column alone lets DuckDB skip what lies before.
		where = append(where, fmt.Sprintf("%s >= ?", duck.Name(d.View.Key[0])), fmt.Sprintf("(%s) > (%s)", keys, d.marks()))
		args = append(append(args, last[0]), last...)
	}
	return fmt.Sprintf(`SELECT to_json("this row")::VARCHAR, %s FROM (FROM %s%s ORDER BY %s LIMIT %d) AS "this row"`,
		keys, table, where.sql(), keys, limit), args
}

// marks stand for the values of a key.
func (d *DataSet) marks() string {
	marks := make([]string, len(d.View.Key))
	for i, name := range d.View.Key {
		at := slices.IndexFunc(d.Columns, func(c duck.Column) bool { return c.Name == name })
		marks[i] = "?::" + d.Columns[at].Type
	}
	return strings.Join(marks, ", ")
}
