package report

import (
	"context"
	"errors"
	"slices"

	"alignctl/sql"
)

// InSession is a lake as a query session sees it.
func InSession(s *sql.Session) Lake { return inSession{s} }

type inSession struct{ *sql.Session }

// Has says whether the session has a table.
func (l inSession) Has(table string) bool { return slices.Contains(l.Tables(), table) }

// Query reads a result into memory.
func (l inSession) Query(ctx context.Context, query string) (_ *Table, err error) {
	statement, err := sql.One(query)
	if err != nil {
		return nil, err
	}
	rows, err := l.Session.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, _, err := rows.Read(-1)
	return &Table{Columns: columns, Rows: values}, err
}
