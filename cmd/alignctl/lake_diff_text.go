package main

import (
	"fmt"
	"io"
	"slices"

	"alignctl/internal/cell"
	"alignctl/lake"
)

// printDiffs writes comparisons for people to read.
func printDiffs(t *terminal, diffs []*lake.Diff) error {
	for i, d := range diffs {
		if i > 0 {
			fmt.Fprintln(t.out)
		}
		if err := printDiff(t.out, d); err != nil {
			return err
		}
	}
	return nil
}

func printDiff(w io.Writer, d *lake.Diff) error {
	fmt.Fprintf(w, "before  %s\nafter   %s\n", describePin(d.A), describePin(d.B))
	if d.Empty() {
		fmt.Fprintln(w, "rows    the same")
		return nil
	}
	fmt.Fprintf(w, "rows    %d added, %d removed, %d changed, %d the same\n", d.Added, d.Removed, d.Changed, d.Same)
	if d.WholeRows {
		fmt.Fprintln(w, "note    the versions have no key in common: rows were compared whole")
	}
	if d.Repeated > 0 {
		fmt.Fprintf(w, "note    %d rows share their key with others (another engine wrote it twice): compared whole\n",
			d.Repeated)
	}
	columns := newGrid("column_name", "type", "change", "was", "common", "equal", "share_equal")
	for _, c := range d.Columns {
		columns.add(columnCells(d, c)...)
	}
	if err := printSection(w, "columns", columns); err != nil {
		return err
	}
	return printSamples(w, d)
}

func describePin(p lake.Pin) string {
	text := fmt.Sprintf("%s  %d rows", p, p.Rows)
	if p.Digest != "" {
		text += "  " + p.Digest
	}
	return oneLine(text)
}

func printSamples(w io.Writer, d *lake.Diff) error {
	title := func(kind string, shown int, of int64) string {
		if int64(shown) == of {
			return fmt.Sprintf("%s rows", kind)
		}
		return fmt.Sprintf("%s rows (%d of %d)", kind, shown, of)
	}
	if len(d.ChangedRows) > 0 {
		if err := printSection(w, title("changed", len(d.ChangedRows), d.Changed), changedCells(d)); err != nil {
			return err
		}
	}
	if len(d.AddedRows) > 0 {
		g := wholeRows(d, d.AddedRows, func(c lake.ColumnDiff) string { return c.After })
		if err := printSection(w, title("added", len(d.AddedRows), d.Added), g); err != nil {
			return err
		}
	}
	if len(d.RemovedRows) == 0 {
		return nil
	}
	g := wholeRows(d, d.RemovedRows, func(c lake.ColumnDiff) string { return c.Before })
	return printSection(w, title("removed", len(d.RemovedRows), d.Removed), g)
}

// changedCells is a line for each value that changed, behind the row's key.
func changedCells(d *lake.Diff) *grid {
	var names []string
	for _, c := range d.Columns {
		if c.Key {
			names = append(names, c.After)
		}
	}
	g := newGrid(append(names, "column_name", "before", "after")...)
	for _, row := range d.ChangedRows {
		for _, at := range row.Changed {
			before, after := short(nullName(row.Before[at])), short(nullName(row.After[at]))
			g.add(append(keyCells(d, row), d.Columns[at].Name(), before, after)...)
		}
	}
	return g
}

func keyCells(d *lake.Diff, row lake.RowDiff) (cells []any) {
	for i, c := range d.Columns {
		if c.Key {
			cells = append(cells, short(row.After[i]))
		}
	}
	return cells
}

// wholeRows are rows with the columns that have a name in their version.
func wholeRows(d *lake.Diff, rows []lake.RowDiff, name func(lake.ColumnDiff) string) *grid {
	g := newGrid()
	for _, c := range d.Columns {
		if name(c) != "" {
			g.columns = append(g.columns, name(c))
		}
	}
	for _, row := range rows {
		values := slices.Clone(row.After)
		if row.After == nil {
			values = slices.Clone(row.Before)
		}
		var line []any
		for i, c := range d.Columns {
			if name(c) != "" {
				line = append(line, short(values[i]))
			}
		}
		g.add(line...)
	}
	return g
}

// nullName names a null, where an empty cell could be taken for an empty text.
func nullName(v any) any {
	if v == nil {
		return "NULL"
	}
	return v
}

// shortCell is how wide a value may be in a sample.
const shortCell = 48

// short is a value, cut where it would make a line hard to read.
func short(v any) any {
	if text := cell.Text(v); !cell.IsNumber(v) && narrow.StringWidth(text) > shortCell {
		return narrow.Truncate(text, shortCell, "…")
	}
	return v
}

// printSection writes a small table under a title.
func printSection(w io.Writer, title string, g *grid) error {
	fmt.Fprintf(w, "\n%s\n", title)
	table := newRowWriter("table", w, g.columns)
	if err := eachRow(g, len(g.columns), table.row); err != nil {
		return err
	}
	return table.close()
}
