package etl

import (
	"bytes"
	"fmt"
	"strings"
)

// check holds the cells of a record against the columns.
func (c *contract) check(cells []cell) error {
	if len(cells) != len(c.columns) && !c.trails(cells) {
		return &fault{0, fmt.Sprintf("%d cells where the header has %d", len(cells), len(c.columns)),
			fmt.Sprintf("look for a missing or an extra %s, or quote the cell that holds one", c.syntax.name())}
	}
	for i := range c.columns {
		if f := c.cell(i, cells[i]); f != nil {
			return f
		}
	}
	return nil
}

// trails reports whether a record ends in one more, empty cell that the layout
// admits.
func (c *contract) trails(cells []cell) bool {
	last := len(c.columns)
	return c.layout.Trailing && len(cells) == last+1 && cells[last].start == cells[last].end
}

// cell reports why a cell can't be a value of column i.
func (c *contract) cell(i int, v cell) *fault {
	column := &c.columns[i]
	if column.Kind == Text && !column.Required {
		return nil
	}
	if c.absent(i, v) || column.Required && v.start == v.end {
		if column.Required {
			return c.required(column, v)
		}
		return nil
	}
	if column.Kind == Text {
		return nil
	}
	number := c.number(column.Kind, v)
	if !column.Kind.admits(number) {
		cure := "correct it"
		if len(c.layout.Missing) > 0 && c.layout.Missing[0] != "" {
			cure += fmt.Sprintf(", or write %s for a missing value", c.layout.Missing[0])
		}
		return &fault{v.start + 1, fmt.Sprintf("%q in column %q is not a %s", v.text(), column.Header, column.Kind), cure}
	}
	if column.Valid == nil {
		return nil
	}
	if err := column.Valid(column.Kind.value(number)); err != nil {
		return &fault{v.start + 1, fmt.Sprintf("%s in column %q %s", v.text(), column.Header, err),
			"correct it; is it the right column, and the right kind of file?"}
	}
	return nil
}

// number is a cell's text with a decimal point.
func (c *contract) number(k Kind, v cell) []byte {
	if c.layout.DecimalComma && (k == Float || k == Code) {
		return bytes.Replace(v.raw(), []byte(","), []byte("."), 1)
	}
	return v.raw()
}

// absent reports whether the cell of column i holds no value.
func (c *contract) absent(i int, v cell) bool {
	if c.columns[i].Kind != Text && v.start == v.end {
		return true
	}
	if v.quoted && c.columns[i].Kind == Text {
		return false
	}
	for _, m := range c.layout.Missing {
		if string(v.raw()) == m {
			return true
		}
	}
	return false
}

func (c *contract) required(column *Column, v cell) *fault {
	cure := "remove the record or fill it in"
	if text := v.text(); column.Kind == Text && text != "" {
		cure += fmt.Sprintf(` (the word %s is written with quotes: "%[1]s")`, text)
	}
	return &fault{v.start + 1, fmt.Sprintf("no value in column %q", column.Header), cure}
}

// direct reports whether DuckDB reads the cell of a column that is no text to
// the same value by itself: a number in plain form, or an unquoted missing one.
func (c *contract) direct(i int, v cell) bool {
	if c.columns[i].Kind == Text {
		return true
	}
	if c.absent(i, v) {
		return !v.quoted && (v.start < v.end || c.missesEmpty())
	}
	return !c.layout.DecimalComma
}

func (c *contract) missesEmpty() bool {
	for _, m := range c.layout.Missing {
		if m == "" {
			return true
		}
	}
	return false
}

// said is what the contract leaves to say about the file's form.
func (c *contract) said() string {
	var parts []string
	if c.syntax.delimiter != ',' {
		parts = append(parts, "delimiter "+c.syntax.name())
	}
	if c.layout.Headerless {
		parts = append(parts, "no header line")
	}
	return strings.Join(parts, ", ")
}
