package etl

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A cell is one field of a record line, without its quotes.
type cell struct {
	line       []byte // the record
	start, end int    // the content lies in line[start:end]
	quoted     bool
	escaped    bool // the content holds doubled quotes
}

func (c cell) raw() []byte { return c.line[c.start:c.end] }

// text is the content with doubled quotes undone.
func (c cell) text() string {
	if c.escaped {
		return strings.ReplaceAll(string(c.raw()), `""`, `"`)
	}
	return string(c.raw())
}

// missing reports whether a text cell holds no value: an unquoted NA.
func (c cell) missing() bool { return !c.quoted && isNA(c.raw()) }

// blank reports whether a cell of another kind holds no value.
func (c cell) blank() bool { return c.start == c.end || isNA(c.raw()) }

func isNA(b []byte) bool { return len(b) == 2 && b[0] == 'N' && b[1] == 'A' }

// split appends the cells of one record line (without its line end) to dst.
func split(dst []cell, line []byte) ([]cell, *fault) {
	for at := 0; ; {
		c, next, f := nextCell(line, at)
		if f != nil {
			return dst, f
		}
		dst = append(dst, c)
		if next > len(line) {
			return dst, nil
		}
		at = next
	}
}

// nextCell reads the cell that starts at byte at; next lies behind its comma,
// or behind the line's end by one.
func nextCell(line []byte, at int) (c cell, next int, f *fault) {
	if at < len(line) && line[at] == '"' {
		return quotedCell(line, at)
	}
	end := len(line)
	for i := at; i < len(line); i++ {
		switch line[i] {
		case ',':
			return cell{line: line, start: at, end: i}, i + 1, nil
		case '"':
			return c, 0, &fault{i + 1, "quote inside an unquoted cell",
				`enclose the cell in quotes and double those inside it`}
		}
	}
	return cell{line: line, start: at, end: end}, end + 1, nil
}

func quotedCell(line []byte, open int) (c cell, next int, f *fault) {
	c = cell{line: line, start: open + 1, quoted: true}
	for at := c.start; ; {
		n := bytes.IndexByte(line[at:], '"')
		if n < 0 {
			return c, 0, &fault{open + 1, "quote opened here is not closed on this line",
				"close it; a cell can't hold a line break"}
		}
		c.end = at + n
		next = c.end + 1
		switch {
		case next == len(line) || line[next] == ',':
			return c, next + 1, nil
		case line[next] != '"':
			return c, 0, &fault{next + 1, "text after a closing quote",
				"double the quotes inside the cell"}
		}
		c.escaped, at = true, next+1
	}
}

// plain reports whether line is text: valid UTF-8 without control characters.
func plain(line []byte) *fault {
	for i, b := range line {
		if b >= ' ' && b != 0x7f {
			continue
		}
		return control(i, b)
	}
	if utf8.Valid(line) {
		return nil
	}
	at := 0
	for {
		r, size := utf8.DecodeRune(line[at:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		at += size
	}
	return &fault{at + 1, fmt.Sprintf("byte 0x%02X is not UTF-8", line[at]),
		"convert the file, for example: iconv -f LATIN1 -t UTF-8"}
}

func control(at int, b byte) *fault {
	switch b {
	case 0:
		return &fault{at + 1, "NUL byte", "remove it; is the file UTF-16 or damaged?"}
	case '\r':
		return &fault{at + 1, "carriage return inside a line",
			"end all lines alike, with a line feed or with CR LF"}
	}
	return &fault{at + 1, fmt.Sprintf("control character 0x%02X", b), "remove it"}
}
