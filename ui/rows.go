package ui

import (
	"strconv"

	"alignctl/sql"
)

// list scans the rows of a query.
func list[T any](v *visit, s *sql.Session, query string, scan func(*T, *sql.Rows) error) (all []T, err error) {
	rows, err := s.Query(v.ctx, sql.Statement{SQL: query})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one T
		if err := scan(&one, rows); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// text scans a row of one column.
func text(to *string, rows *sql.Rows) error { return rows.Scan(to) }

// has says whether the lake has all of some tables.
func (v *visit) has(tables ...string) bool {
	for _, t := range tables {
		if _, there := v.pins[t]; !there {
			return false
		}
	}
	return true
}

// pageNumber is which page of a list is asked for, from 1.
func (v *visit) pageNumber() int {
	n, err := strconv.Atoi(v.URL.Query().Get("page"))
	if err != nil || n < 1 || n > 1e6 {
		return 1
	}
	return n
}
