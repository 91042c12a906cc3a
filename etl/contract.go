package etl

import (
	"bytes"
	"fmt"
	"strings"
)

// A contract is a layout as one file follows it.
type contract struct {
	layout   Layout
	syntax   syntax
	columns  []Column // in the file's order
	checked  []int    // the columns whose cells can be at fault
	indirect []bool   // columns of numbers or times with a cell that DuckDB doesn't convert by itself
}

// bind gives the contract its columns.
func (c *contract) bind(columns []Column) {
	c.columns, c.indirect = columns, make([]bool, len(columns))
	for i, column := range columns {
		if column.Kind != Text || column.Required {
			c.checked = append(c.checked, i)
		}
	}
}

// check holds the cells of a record against the columns.
func (c *contract) check(cells []cell) error {
	if len(cells) != len(c.columns) && !c.trails(cells) {
		return &fault{0, fmt.Sprintf("%d cells where the header has %d", len(cells), len(c.columns)),
			fmt.Sprintf("look for a missing or an extra %s, or quote the cell that holds one", c.syntax.name())}
	}
	for _, i := range c.checked {
		if f := c.cell(i, &cells[i]); f != nil {
			return f
		}
	}
	return nil
}

// resembles reports whether cells could be a record by their number, and by
// having numbers where the columns do.
func (c *contract) resembles(cells []cell) bool {
	if len(cells) != len(c.columns) && !c.trails(cells) {
		return false
	}
	for i, column := range c.columns {
		if column.Kind != Text && !c.absent(i, &cells[i]) && !column.Kind.admits(c.number(column.Kind, &cells[i])) {
			return false
		}
	}
	return true
}

// trails reports whether a record ends in one more, empty cell that the layout
// admits.
func (c *contract) trails(cells []cell) bool {
	last := len(c.columns)
	return c.layout.Trailing && len(cells) == last+1 && cells[last].empty()
}

// cell reports why a cell can't be a value of column i.
func (c *contract) cell(i int, v *cell) *fault {
	column := &c.columns[i]
	absent := c.absent(i, v)
	switch {
	case column.Required && (absent || v.empty()):
		return c.required(column, v)
	case absent:
		c.indirect[i] = c.indirect[i] || v.quoted || !c.missing(v)
		return nil
	case column.Kind == Text:
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
func (c *contract) number(k Kind, v *cell) []byte {
	if c.layout.DecimalComma && (k == Float || k == Code) {
		return bytes.Replace(v.raw, []byte(","), []byte("."), 1)
	}
	return v.raw
}

// absent reports whether the cell of column i holds no value.
func (c *contract) absent(i int, v *cell) bool {
	if c.columns[i].Kind == Text {
		return !v.quoted && c.missing(v)
	}
	return v.empty() || c.missing(v)
}

// missing reports whether a cell is one of the layout's missing texts.
func (c *contract) missing(v *cell) bool {
	for _, m := range c.layout.Missing {
		if string(v.raw) == m {
			return true
		}
	}
	return false
}

func (c *contract) required(column *Column, v *cell) *fault {
	cure := "remove the record or fill it in"
	if text := v.text(); column.Kind == Text && text != "" {
		cure += fmt.Sprintf(` (the word %s is written with quotes: "%[1]s")`, text)
	}
	return &fault{v.start + 1, fmt.Sprintf("no value in column %q", column.Header), cure}
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
