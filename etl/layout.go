package etl

import (
	"fmt"
	"slices"
	"strings"
)

// A Layout is the contract of one kind of raw file: comma-separated, quoted
// by ", one record a line, a header line first. Columns may stand in any
// order, each exactly once.
type Layout struct {
	Name    string
	Columns []Column
}

// A Column is one column of a Layout.
type Column struct {
	Header   string // the header cell, exactly
	Name     string // the column of the staged table; "" leaves the column out
	Kind     Kind
	Required bool // a record without a value is refused
}

// A Kind says which texts a column admits. Every kind but Text takes an empty
// cell, and NA with or without quotes, as missing; Text keeps everything but
// an unquoted NA.
type Kind int

// The kinds of a raw column.
const (
	Text      Kind = iota
	Int            // at most 9 digits
	Long           // at most 18 digits
	Timestamp      // 2006-01-02, or 2006-01-02 15:04:05 with up to 6 decimals; UTC
)

// String says what the kind admits.
func (k Kind) String() string {
	return [...]string{"text", "whole number of at most 9 digits", "whole number of at most 18 digits",
		"time as 2006-01-02 15:04:05"}[k]
}

// sql is the kind's type in DuckDB.
func (k Kind) sql() string {
	return [...]string{"VARCHAR", "INTEGER", "BIGINT", "TIMESTAMP"}[k]
}

// match finds the layout that a header line follows and gives its columns in
// the file's order. The layout with the most columns in common is the one
// that a fault is told against.
func match(header []cell, layouts []Layout) (Layout, []Column, *fault) {
	best, shared := layouts[0], -1
	for _, l := range layouts {
		if n := l.overlap(header); n > shared {
			best, shared = l, n
		}
	}
	columns, f := best.order(header)
	return best, columns, f
}

func (l Layout) overlap(header []cell) (n int) {
	for _, c := range l.Columns {
		if slices.ContainsFunc(header, func(h cell) bool { return h.text() == c.Header }) {
			n++
		}
	}
	return n
}

// order gives the layout's columns in the order of the header.
func (l Layout) order(header []cell) ([]Column, *fault) {
	columns := make([]Column, 0, len(l.Columns))
	seen := make(map[string]bool, len(l.Columns))
	for _, h := range header {
		name := h.text()
		at := slices.IndexFunc(l.Columns, func(c Column) bool { return c.Header == name })
		if at < 0 {
			return nil, l.stranger(h, header)
		}
		if seen[name] {
			return nil, &fault{h.start + 1, fmt.Sprintf("column %q stands twice in the header", name),
				"remove or rename one of them"}
		}
		seen[name] = true
		columns = append(columns, l.Columns[at])
	}
	if missing := l.missing(header); len(missing) > 0 {
		return nil, &fault{0, fmt.Sprintf("column %s of layout %s is missing", quoted(missing), l.Name),
			"add it to the header and to every record"}
	}
	return columns, nil
}

// stranger is the fault of a header cell that the layout doesn't know.
func (l Layout) stranger(h cell, header []cell) *fault {
	f := &fault{column: h.start + 1, reason: fmt.Sprintf("column %q is not in layout %s", h.text(), l.Name)}
	missing := l.missing(header)
	switch len(missing) {
	case 0:
		f.cure = "remove it from the header and from every record"
	case len(l.Columns):
		f.cure = "the file needs a header line with " + quoted(missing)
	default:
		f.cure = fmt.Sprintf("rename it, or remove it and add %s, which the file lacks", quoted(missing))
	}
	return f
}

func (l Layout) missing(header []cell) (names []string) {
	for _, c := range l.Columns {
		if !slices.ContainsFunc(header, func(h cell) bool { return h.text() == c.Header }) {
			names = append(names, c.Header)
		}
	}
	return names
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(out, ", ")
}
