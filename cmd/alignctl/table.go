package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"alignctl/internal/cell"
)

// tableWriter aligns columns by display width, so that Chinese lines up; it holds
// the rows until it knows the widths. On a terminal it keeps to the terminal's
// width: it cuts cells, or, where that would leave too little of them, writes a
// line for each cell.
type tableWriter struct {
	w        io.Writer
	look     look
	columns  []string
	markdown bool
	rows     [][]tableCell
	numbers  []bool // column i held only numbers so far
}

// A tableCell is a value's text; style is how a terminal shows it.
type tableCell struct{ text, style string }

func (t *tableWriter) row(values []any) error {
	if t.numbers == nil {
		t.numbers = slices.Repeat([]bool{true}, len(values))
	}
	record := make([]tableCell, len(values))
	for i, v := range values {
		record[i] = t.cell(i, v)
		t.numbers[i] = t.numbers[i] && (v == nil || cell.IsNumber(v))
	}
	t.rows = append(t.rows, record)
	return nil
}

// cell is the text of a value. Where a terminal shows NULL in its own colour, it
// has a word, too.
func (t *tableWriter) cell(column int, v any) tableCell {
	text := oneLine(cell.Text(v))
	switch {
	case t.markdown:
		return tableCell{text: strings.ReplaceAll(text, "|", `\|`)}
	case v == nil && t.look.colour:
		return tableCell{"NULL", dim}
	case isStateColumn(t.columns[column]):
		return tableCell{text, stateStyle(text)}
	}
	return tableCell{text: text}
}

// narrowest is what a column of text is cut to at most.
const narrowest = 8

func (t *tableWriter) close() error {
	widths := t.widths()
	var b strings.Builder
	switch cut := t.fit(widths); {
	case !cut:
		t.table(&b, widths)
	case t.total(widths) <= t.look.width:
		t.table(&b, widths)
		b.WriteString(t.look.paint(dim, "(cells are cut to fit the terminal: csv, by -o csv or .mode csv, has them whole)") + "\n")
	default:
		t.records(&b)
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}

// widths are those that the columns need.
func (t *tableWriter) widths() []int {
	widths := make([]int, len(t.columns))
	for i, name := range t.columns {
		widths[i] = max(narrow.StringWidth(name), 3)
		for _, record := range t.rows {
			widths[i] = max(widths[i], narrow.StringWidth(record[i].text))
		}
	}
	return widths
}

// total is the width of a line.
func (t *tableWriter) total(widths []int) int {
	total := 2 * (len(widths) - 1)
	for _, width := range widths {
		total += width
	}
	return total
}

// fit takes from the widest columns of text, as far as they may be cut, until a
// line fits the terminal. It reports whether it took anything.
func (t *tableWriter) fit(widths []int) (cut bool) {
	if t.look.width == 0 {
		return false
	}
	for over := t.total(widths) - t.look.width; over > 0; over-- {
		cut = true
		widest := t.widest(widths)
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return cut
}

// widest is the widest column that may be cut; -1: none. Numbers aren't cut, nor
// names that people copy into the next command.
func (t *tableWriter) widest(widths []int) int {
	widest := -1
	for i, width := range widths {
		whole := t.right(i) || strings.HasSuffix(t.columns[i], "_id")
		if !whole && width > narrowest && (widest < 0 || width > widths[widest]) {
			widest = i
		}
	}
	return widest
}

func (t *tableWriter) table(b *strings.Builder, widths []int) {
	t.line(b, t.header(), widths)
	t.rule(b, widths)
	for _, record := range t.rows {
		t.line(b, record, widths)
	}
}

func (t *tableWriter) header() []tableCell {
	header := make([]tableCell, len(t.columns))
	for i, name := range t.columns {
		header[i] = tableCell{name, bold}
	}
	return header
}

func (t *tableWriter) right(i int) bool { return i < len(t.numbers) && t.numbers[i] }

func (t *tableWriter) line(b *strings.Builder, record []tableCell, widths []int) {
	padded := make([]string, len(record))
	for i, c := range record {
		text := t.look.cut(c.text, widths[i])
		gap := strings.Repeat(" ", widths[i]-narrow.StringWidth(text))
		if text = t.look.paint(c.style, text); t.right(i) {
			padded[i] = gap + text
		} else {
			padded[i] = text + gap
		}
	}
	if t.markdown {
		b.WriteString("| " + strings.Join(padded, " | ") + " |\n")
		return
	}
	b.WriteString(strings.TrimRight(strings.Join(padded, "  "), " ") + "\n")
}

func (t *tableWriter) rule(b *strings.Builder, widths []int) {
	marks := make([]tableCell, len(widths))
	for i, width := range widths {
		marks[i].text = strings.Repeat("-", width)
		if t.markdown && t.right(i) {
			marks[i].text = strings.Repeat("-", width-1) + ":"
		}
	}
	t.line(b, marks, widths)
}

// records writes each row as lines of column and value.
func (t *tableWriter) records(b *strings.Builder) {
	width := 0
	for _, name := range t.columns {
		width = max(width, narrow.StringWidth(name))
	}
	for i, record := range t.rows {
		b.WriteString(t.look.paint(dim, fmt.Sprintf("-- %d --", i+1)) + "\n")
		for j, c := range record {
			name := narrow.FillRight(t.columns[j], width)
			b.WriteString(strings.TrimRight(t.look.paint(bold, name)+"  "+t.look.paint(c.style, c.text), " ") + "\n")
		}
	}
}
