package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/cell"
	"alignctl/internal/nearest"
)

// outputFormats are the values of -o.
var outputFormats = []string{"table", "csv", "tsv", "json", "jsonl", "markdown"}

// outputFlag declares -o; empty means: a table on a terminal, TSV in a pipe. A
// command may have more formats of its own.
func outputFlag(format *string, more ...string) cli.Flag {
	formats := slices.Concat(outputFormats, more)
	return oneOf(&cli.StringFlag{Name: "output", Aliases: []string{"o"},
		Usage:       "`FORMAT` of the result: " + strings.Join(formats, ", "),
		Destination: format,
		Action: func(_ *cli.Context, got string) error {
			if !slices.Contains(formats, got) {
				return usagef("unknown output format %q%s", got, nearest.Hint(got, formats))
			}
			return nil
		}}, formats...)
}

// A rowSource is a result read row by row; *sql.Rows is one.
type rowSource interface {
	Columns() ([]string, error)
	Next() bool
	Scan(...any) error
	Err() error
}

// A grid is a small result held in memory.
type grid struct {
	columns []string
	rows    [][]any
	at      int
}

func newGrid(columns ...string) *grid { return &grid{columns: columns} }

func (g *grid) add(values ...any) { g.rows = append(g.rows, values) }

// Columns are the names of the columns.
func (g *grid) Columns() ([]string, error) { return g.columns, nil }

// Next moves to the next row.
func (g *grid) Next() bool { g.at++; return g.at <= len(g.rows) }

// Err is nil: nothing can fail in memory.
func (g *grid) Err() error { return nil }

// Scan copies the row into pointers to any.
func (g *grid) Scan(into ...any) error {
	for i, value := range g.rows[g.at-1] {
		*into[i].(*any) = value
	}
	return nil
}

// records are the rows by name, for JSON.
func (g *grid) records() []map[string]any {
	records := make([]map[string]any, len(g.rows))
	for i, row := range g.rows {
		records[i] = map[string]any{}
		for j, value := range row {
			records[i][g.columns[j]] = jsonValue(value)
		}
	}
	return records
}

// printRows writes a result to the terminal's data stream.
func (t *terminal) printRows(format string, rows rowSource) error {
	return printRows(t.out, format, rows)
}

// printRows writes a result in a format; "" is a table on a terminal, else TSV.
func printRows(out io.Writer, format string, rows rowSource) error {
	if format == "" {
		format = "tsv"
		if isTerminal(out) {
			format = "table"
		}
	}
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	w := newRowWriter(format, out, columns)
	err = eachRow(rows, len(columns), w.row)
	if closeErr := w.close(); err == nil {
		err = closeErr
	}
	return err
}

func eachRow(rows rowSource, width int, visit func([]any) error) error {
	values, into := make([]any, width), make([]any, width)
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := visit(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// A rowWriter lays a result out in one format.
type rowWriter interface {
	row(values []any) error
	close() error
}

func newRowWriter(format string, w io.Writer, columns []string) rowWriter {
	switch format {
	case "csv":
		return newSeparated(w, ',', columns)
	case "json":
		return &jsonWriter{w: w, columns: columns, array: true}
	case "jsonl":
		return &jsonWriter{w: w, columns: columns}
	case "markdown":
		return &tableWriter{w: w, columns: oneLines(columns), markdown: true}
	case "table":
		return &tableWriter{w: w, columns: oneLines(columns), look: lookOf(w)}
	}
	return newTabbed(w, columns)
}

type separated struct{ csv *csv.Writer }

func newSeparated(w io.Writer, comma rune, columns []string) *separated {
	s := &separated{csv.NewWriter(w)}
	s.csv.Comma = comma
	_ = s.csv.Write(columns) // a failed write is reported by close
	return s
}

func (s *separated) row(values []any) error {
	record := make([]string, len(values))
	for i, v := range values {
		record[i] = cell.Text(v)
	}
	return s.csv.Write(record)
}

func (s *separated) close() error {
	s.csv.Flush()
	return s.csv.Error()
}

// tabbed is TSV without quoting: tabs, line ends and backslashes inside a
// value are escaped, so that cut and awk work.
type tabbed struct {
	w   io.Writer
	err error
}

var tabEscapes = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func newTabbed(w io.Writer, columns []string) *tabbed {
	t := &tabbed{w: w}
	_, t.err = fmt.Fprintln(w, strings.Join(columns, "\t"))
	return t
}

func (t *tabbed) row(values []any) error {
	record := make([]string, len(values))
	for i, v := range values {
		record[i] = tabEscapes.Replace(cell.Text(v))
	}
	_, err := fmt.Fprintln(t.w, strings.Join(record, "\t"))
	return err
}

func (t *tabbed) close() error { return t.err }

// jsonWriter writes one object a row, keys in column order.
type jsonWriter struct {
	w       io.Writer
	columns []string
	array   bool
	rows    int
}

func (j *jsonWriter) row(values []any) error {
	var b strings.Builder
	switch {
	case j.array && j.rows == 0:
		b.WriteString("[\n")
	case j.array:
		b.WriteString(",\n")
	}
	b.WriteByte('{')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(j.columns[i])
		text, err := json.Marshal(jsonValue(v))
		if err != nil {
			return fmt.Errorf("write column %q as json: %w", j.columns[i], err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(text)
	}
	b.WriteByte('}')
	if !j.array {
		b.WriteByte('\n')
	}
	j.rows++
	_, err := io.WriteString(j.w, b.String())
	return err
}

func (j *jsonWriter) close() error {
	end := ""
	if j.array {
		end = "\n]\n"
		if j.rows == 0 {
			end = "[]\n"
		}
	}
	_, err := io.WriteString(j.w, end)
	return err
}
