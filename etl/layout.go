package etl

import (
	"fmt"
	"slices"
	"strings"
)

// A Layout is the contract of one kind of raw file: one record a line, a header
// line first, cells set apart by one byte. Columns may stand in any order, each
// at most once. The zero values of the options mean a plain CSV file: commas,
// cells quoted by " where they must be, UTF-8, every column named in Columns.
type Layout struct {
	Name    string
	Columns []Column
	// Other takes a column that Columns doesn't name, by its header cell; it
	// refuses one by false. Without Other every such column is refused.
	Other func(header string) (Column, bool)

	Delimiters   string   // the delimiters that occur, one byte each; the header decides. "": ","
	Unquoted     bool     // a " is a character like any other; no cell holds the delimiter
	Headerless   bool     // no header line: the columns stand as in Columns
	Missing      []string // unquoted cells that hold no value, such as NA; "" is the empty cell
	Encodings    []string // tried in this order where the bytes are not UTF-8; see Encodings
	Trailing     bool     // a line may end in one more, empty cell
	DecimalComma bool     // 1,5 is one and a half

	// Verify, where it is set, makes a check of whole records for one pass over
	// a file, in the file's order: it may remember the records before. What it
	// gives by Refuse is told with the record's place.
	Verify func() func(Record) error
}

// A Column is one column of a Layout.
type Column struct {
	Header   string   // the header cell, exactly
	Aliases  []string // other spellings of it
	Name     string   // the column of the staged table; "" leaves the column out
	Kind     Kind
	Required bool // a record without a value is refused
	Optional bool // the file may lack the column
	// Valid, where it is set, says by an error what is wrong with a number, such
	// as that it lies outside the scale.
	Valid func(value float64) error
}

// Between is a Column.Valid: the scale's ends are included.
func Between(low, high float64) func(float64) error {
	return func(value float64) error {
		if value < low || value > high {
			return fmt.Errorf("is outside %v to %v", low, high)
		}
		return nil
	}
}

// called reports whether the column goes by a header cell.
func (c Column) called(header string) bool {
	return c.Header == header || slices.Contains(c.Aliases, header)
}

// knows reports whether the layout names a header cell.
func (l Layout) knows(header string) bool {
	return slices.ContainsFunc(l.Columns, func(c Column) bool { return c.called(header) })
}

// syntaxes are the ways in which the layout's lines can be cut into cells.
func (l Layout) syntaxes() (list []syntax) {
	delimiters := l.Delimiters
	if delimiters == "" {
		delimiters = ","
	}
	for i := range len(delimiters) {
		list = append(list, syntax{delimiter: delimiters[i], unquoted: l.Unquoted})
	}
	return list
}

// match finds the layout that a first line follows. The layout and delimiter
// with the most columns in common are those that a fault is told against; where
// there is none in common, a layout without header may apply.
func match(line []byte, layouts []Layout) (contract, error) {
	var best contract
	var first error
	shared := -1
	for _, l := range layouts {
		for _, s := range l.syntaxes() {
			header, err := s.cells(line)
			if n := l.overlap(header); n > shared || n == shared && err == nil && first != nil {
				best, shared, first = contract{layout: l, syntax: s}, n, err
			}
		}
	}
	if shared == 0 {
		if c, found := headerless(line, layouts); found {
			return c, nil
		}
	}
	if first != nil {
		return best, first
	}
	header, _ := best.syntax.cells(line)
	columns, err := best.layout.order(header)
	best.bind(columns)
	return best, err
}

// headerless finds the layout without header whose first record a line looks
// like; what is wrong with its values is for the record's check to say.
func headerless(line []byte, layouts []Layout) (contract, bool) {
	for _, l := range layouts {
		if !l.Headerless {
			continue
		}
		for _, s := range l.syntaxes() {
			c := contract{layout: l, syntax: s}
			c.bind(l.Columns)
			if cells, err := s.cells(line); err == nil && c.resembles(cells) {
				return c, true
			}
		}
	}
	return contract{}, false
}

func (l Layout) overlap(header []cell) (n int) {
	if l.Headerless {
		return 0
	}
	for _, h := range header {
		if l.knows(h.text()) {
			n++
		}
	}
	return n
}

// order gives the layout's columns in the order of the header.
func (l Layout) order(header []cell) ([]Column, error) {
	header = l.withoutTrailing(header)
	columns := make([]Column, 0, len(header))
	seen := make(map[string]bool, len(header))
	for _, h := range header {
		c, known := l.column(h.text())
		if !known {
			return nil, l.stranger(h, header)
		}
		if seen[c.Header] {
			return nil, &fault{h.start + 1, fmt.Sprintf("column %q stands twice in the header", h.text()),
				"remove or rename one of them"}
		}
		seen[c.Header] = true
		columns = append(columns, c)
	}
	if missing := l.missing(header); len(missing) > 0 {
		return nil, &fault{0, fmt.Sprintf("column %s of layout %s is missing", quoted(missing), l.Name),
			"add it to the header and to every record"}
	}
	return columns, nil
}

// withoutTrailing leaves out the empty cell behind a delimiter that ends the
// header, where that is admitted.
func (l Layout) withoutTrailing(header []cell) []cell {
	if n := len(header); l.Trailing && n > 1 && header[n-1].text() == "" {
		return header[:n-1]
	}
	return header
}

func (l Layout) column(header string) (Column, bool) {
	at := slices.IndexFunc(l.Columns, func(c Column) bool { return c.called(header) })
	if at >= 0 {
		return l.Columns[at], true
	}
	if l.Other == nil {
		return Column{}, false
	}
	c, known := l.Other(header)
	c.Header = header
	return c, known
}

// stranger is the fault of a header cell that the layout doesn't know.
func (l Layout) stranger(h cell, header []cell) *fault {
	f := &fault{column: h.start + 1, reason: fmt.Sprintf("column %q is not in layout %s", h.text(), l.Name)}
	missing := l.missing(header)
	switch len(missing) {
	case 0:
		f.cure = "remove it from the header and from every record"
	case l.mandatory():
		f.cure = "the file needs a header line with " + quoted(missing)
	default:
		f.cure = fmt.Sprintf("rename it, or remove it and add %s, which the file lacks", quoted(missing))
	}
	return f
}

// mandatory is how many columns a file can't lack.
func (l Layout) mandatory() (n int) {
	for _, c := range l.Columns {
		if !c.Optional {
			n++
		}
	}
	return n
}

// missing are the columns that a file can't lack and the header does.
func (l Layout) missing(header []cell) (names []string) {
	for _, c := range l.Columns {
		if !c.Optional && !slices.ContainsFunc(header, func(h cell) bool { return c.called(h.text()) }) {
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
