package report

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"alignctl/internal/cell"
)

// A Table is the result of a query. Values are what the session's rows give.
type Table struct {
	Columns []string
	Rows    [][]any
}

// CSV is the table as alignctl sql -o csv writes it.
func (t *Table) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(t.Columns) // into memory
	for _, row := range t.Rows {
		record := make([]string, len(row))
		for i, v := range row {
			record[i] = cell.Text(v)
		}
		_ = w.Write(record)
	}
	w.Flush()
	return b.String()
}

// A row is one of a table, read by the names of columns.
type row struct {
	table  *Table
	values []any
}

func (t *Table) rows() []row {
	rows := make([]row, len(t.Rows))
	for i, values := range t.Rows {
		rows[i] = row{t, values}
	}
	return rows
}

func (r row) value(column string) any {
	return r.values[slices.Index(r.table.Columns, column)]
}

// text is a value as text; "" of NULL.
func (r row) text(column string) string { return cell.Text(r.value(column)) }

// number is a value as a number; missing where it is NULL or none.
func (r row) number(column string) float64 {
	switch v := r.value(column).(type) {
	case float64:
		return v
	case float32:
		return float64(v)
	case int64:
		return float64(v)
	case int32:
		return float64(v)
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return f
		}
	}
	return math.NaN()
}

// group gathers rows that have the same texts in some columns, in the order in
// which they first come.
func group(rows []row, columns ...string) (groups [][]row) {
	index := map[string]int{}
	for _, r := range rows {
		key := ""
		for _, c := range columns {
			key += r.text(c) + "\x00"
		}
		at, known := index[key]
		if !known {
			at = len(groups)
			index[key] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], r)
	}
	return groups
}
