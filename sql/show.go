package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// A Detail is all that is known about a data set.
type Detail struct {
	View   *View
	State  State
	Reads  []string // tables, by name
	ReadBy []string // data sets, by name
	Held   *Holding // nil: it is not built
	Splits []SplitCount
}

// A SplitCount is how many rows a data set has in a split.
type SplitCount struct {
	Split string `json:"split"`
	Rows  int64  `json:"rows"`
}

// Detail describes a data set; "data." or "core." may be left out of its name.
func (c *Catalogue) Detail(ctx context.Context, l *lake.Lake, name string) (d Detail, err error) {
	if d.View, err = c.View(name); err != nil {
		return d, err
	}
	s, err := c.overview(ctx, l)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, s.session.Close()) }()
	if d.Reads, err = s.reads(ctx, d.View); err != nil {
		return d, err
	}
	if d.ReadBy, err = s.readBy(ctx, d.View.Name); err != nil {
		return d, err
	}
	if d.Held, err = s.holding(ctx, d.View); err != nil {
		return d, err
	}
	if d.State = d.Held.state(); d.Held != nil {
		d.Splits, err = splits(ctx, l, d.Held.Pin)
	}
	return d, err
}

// readBy are the data sets whose views read a table.
func (s *overview) readBy(ctx context.Context, table string) (names []string, err error) {
	for _, v := range s.views {
		reads, err := s.reads(ctx, v)
		if err != nil {
			return nil, err
		}
		if slices.Contains(reads, table) {
			names = append(names, v.Name)
		}
	}
	return names, nil
}

// splits counts the rows of a table by its column split, where it has one.
func splits(ctx context.Context, l *lake.Lake, pin lake.Pin) (counts []SplitCount, err error) {
	s, err := l.Session(ctx, lake.Pins{pin.Table: pin}, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	columns, err := s.Describe(ctx, "from "+pin.Table)
	if err != nil || !slices.ContainsFunc(columns, func(c duck.Column) bool { return c.Name == "split" }) {
		return nil, err
	}
	rows, err := s.Query(ctx, `select part, count(*) from (select coalesce(split::varchar, '') as part from `+pin.Table+`)
		group by part order by list_position(['train', 'dev', 'test'], part) nulls last, part`)
	if err != nil {
		return nil, fmt.Errorf("count splits of %s: %w", pin.Table, err)
	}
	defer rows.Close()
	for rows.Next() {
		var c SplitCount
		if err := rows.Scan(&c.Split, &c.Rows); err != nil {
			return nil, fmt.Errorf("count splits of %s: %w", pin.Table, err)
		}
		counts = append(counts, c)
	}
	return counts, rows.Err()
}
