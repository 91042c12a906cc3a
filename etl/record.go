package etl

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A cell is one field of a record line, without its quotes.
type cell struct {
	raw     []byte // the content as it stands, doubled quotes included
	start   int    // of the content in the line
	quoted  bool
	escaped bool // the content holds doubled quotes
}

func (c *cell) empty() bool { return len(c.raw) == 0 }

// next is where the next cell starts: behind the delimiter, or behind the
// line's end by one.
func (c *cell) next() int {
	if c.quoted {
		return c.start + len(c.raw) + 2
	}
	return c.start + len(c.raw) + 1
}

// text is the content with doubled quotes undone.
func (c *cell) text() string {
	if c.escaped {
		return strings.ReplaceAll(string(c.raw), `""`, `"`)
	}
	return string(c.raw)
}

// A syntax is how lines are cut into cells.
type syntax struct {
	delimiter byte
	unquoted  bool // a " is a character like any other
}

// cells cuts a line that must be plain text.
func (s syntax) cells(line []byte) ([]cell, error) {
	return s.append(nil, line)
}

// append appends the cells of a line, without its line end, to dst. Where the
// line is at fault, what was cut so far comes with it.
func (s syntax) append(dst []cell, line []byte) ([]cell, error) {
	if len(line) == 0 {
		return dst, &fault{0, "empty line", "remove it"}
	}
	if f := plain(line, s.delimiter); f != nil {
		return dst, f
	}
	for at := 0; at <= len(line); {
		dst = append(dst, cell{})
		c := &dst[len(dst)-1]
		if f := s.read(c, line, at); f != nil {
			return dst, f
		}
		at = c.next()
	}
	return dst, nil
}

// read reads the cell that starts at byte at.
func (s syntax) read(c *cell, line []byte, at int) *fault {
	if s.unquoted {
		c.start, c.raw = at, line[at:]
		if n := bytes.IndexByte(c.raw, s.delimiter); n >= 0 {
			c.raw = c.raw[:n]
		}
		return nil
	}
	if at < len(line) && line[at] == '"' {
		return s.readQuoted(c, line, at)
	}
	end := at
	for end < len(line) && line[end] != s.delimiter {
		if line[end] == '"' {
			return &fault{end + 1, "quote inside an unquoted cell",
				`enclose the cell in quotes and double those inside it`}
		}
		end++
	}
	c.start, c.raw = at, line[at:end]
	return nil
}

func (s syntax) readQuoted(c *cell, line []byte, open int) *fault {
	c.start, c.quoted = open+1, true
	for at := c.start; ; {
		n := bytes.IndexByte(line[at:], '"')
		if n < 0 {
			return &fault{open + 1, "quote opened here is not closed on this line",
				"close it; a cell can't hold a line break"}
		}
		end := at + n
		switch {
		case end+1 == len(line) || line[end+1] == s.delimiter:
			c.raw = line[c.start:end]
			return nil
		case line[end+1] != '"':
			return &fault{end + 2, "text after a closing quote",
				"double the quotes inside the cell"}
		}
		c.escaped, at = true, end+2
	}
}

// name is the delimiter as people call it.
func (s syntax) name() string {
	switch s.delimiter {
	case '\t':
		return "tab"
	case ',':
		return "comma"
	case ';':
		return "semicolon"
	}
	return fmt.Sprintf("%q", s.delimiter)
}

// plain reports whether line is text: valid UTF-8 without control characters
// but the delimiter.
func plain(line []byte, delimiter byte) *fault {
	var high byte
	for i, b := range line {
		high |= b
		if (b < ' ' || b == 0x7f) && b != delimiter {
			return control(i, b)
		}
	}
	if high < utf8.RuneSelf || utf8.Valid(line) {
		return nil
	}
	at := invalid(line)
	return &fault{at + 1, fmt.Sprintf("byte 0x%02X is not UTF-8", line[at]),
		"say what it is by --encoding, or convert the file, for example: iconv -f LATIN1 -t UTF-8"}
}

// invalid is the place of the first byte that is not UTF-8.
func invalid(line []byte) int {
	at := 0
	for at < len(line) {
		r, size := utf8.DecodeRune(line[at:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		at += size
	}
	return at
}

func control(at int, b byte) *fault {
	switch b {
	case 0:
		return &fault{at + 1, "NUL byte", "remove it; is the file UTF-16 or damaged?"}
	case '\r':
		return &fault{at + 1, "carriage return inside a line",
			"end all lines alike: with a line feed, with CR LF, or with CR"}
	case '\n':
		return &fault{at + 1, "line feed inside a line",
			"end all lines alike: with a line feed, with CR LF, or with CR"}
	}
	return &fault{at + 1, fmt.Sprintf("control character 0x%02X", b), "remove it"}
}

// A Record is one record of a file in the course of a check. It is valid until
// the check goes on.
type Record struct {
	contract *contract
	cells    []cell
}

// Value is the text of the column that goes by name in the staged table; false
// where it has no value.
func (r Record) Value(name string) (string, bool) {
	at := slices.IndexFunc(r.contract.columns, func(c Column) bool { return c.Name == name })
	if at < 0 || r.contract.absent(at, &r.cells[at]) {
		return "", false
	}
	return r.cells[at].text(), true
}

// Columns are the file's, in its order.
func (r Record) Columns() []Column { return r.contract.columns }

// Number is the number in the i-th of Columns; false where it has no value, or
// isn't of a kind of numbers.
func (r Record) Number(i int) (float64, bool) {
	c, v := &r.contract.columns[i], &r.cells[i]
	if c.Kind == Text || c.Kind == Timestamp || r.contract.absent(i, v) {
		return 0, false
	}
	return c.Kind.value(r.contract.number(c.Kind, v)), true
}

// Refuse makes the error by which a Layout's Verify refuses a record: column
// is the Column.Name at fault, or "".
func (r Record) Refuse(column, reason, cure string) error {
	f := &fault{0, reason, cure}
	if at := slices.IndexFunc(r.contract.columns, func(c Column) bool { return c.Name == column }); at >= 0 && column != "" {
		f.column = r.cells[at].start + 1
	}
	return f
}
