package chart

import "strconv"

// Rows are the numbers of a figure as a table: what it shows to whom it can't
// be drawn. The first row has the names of the columns.
func Rows(f Figure) [][]string { return f.rows() }

func (d Dots) rows() [][]string {
	rows := [][]string{{"", "", "value"}}
	for _, g := range d.Groups {
		for _, r := range g.Rows {
			rows = append(rows, []string{g.Label, r.Label, Interval(r.Value, r.Low, r.High)})
		}
	}
	return rows
}

func (f Curves) rows() [][]string {
	rows := [][]string{{"", f.X.Label + ", first", f.Y.Label, f.X.Label + ", last", f.Y.Label}}
	for _, l := range f.Lines {
		if len(l.Points) > 0 {
			first, last := l.Points[0], l.Points[len(l.Points)-1]
			rows = append(rows, []string{l.Label, short(first.X), Number(first.Y), short(last.X), Number(last.Y)})
		}
	}
	return rows
}

// short is a number as it is counted, in six digits at most.
func short(v float64) string { return minus(strconv.FormatFloat(v, 'g', 6, 64)) }

func (f Distributions) rows() [][]string {
	rows := [][]string{{"", "median of " + f.Name, "median of " + f.Against}}
	for _, r := range f.Rows {
		rows = append(rows, []string{r.Label, Number(r.Median), Number(r.AgainstMedian)})
	}
	return rows
}

func (f Shift) rows() [][]string {
	rows := [][]string{{"", f.From, f.To, "shift"}}
	for _, it := range f.most() {
		rows = append(rows, []string{it.Label, Number(it.From), Number(it.To), signed(it.To - it.From)})
	}
	return rows
}

func (f Plane) rows() [][]string {
	rows := [][]string{{"", f.X.Label, f.Y.Label}}
	for _, a := range f.some() {
		rows = append(rows, []string{a.Label, Number(a.ToX), Number(a.ToY)})
	}
	return rows
}

func (f Stacks) rows() [][]string {
	rows := [][]string{append([]string{""}, f.Parts...)}
	for _, r := range f.Rows {
		row := []string{r.Label}
		for _, v := range r.Counts[:min(len(r.Counts), len(f.Parts))] {
			row = append(row, count(v))
		}
		rows = append(rows, row)
	}
	return rows
}

func (f Graph) rows() [][]string {
	rows := [][]string{{"from", "to"}}
	for _, e := range f.Edges {
		rows = append(rows, []string{e.From, e.To})
	}
	return rows
}
