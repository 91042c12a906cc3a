//go:build linux

package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report prints the tables of docs/scale.md.
func report(out io.Writer, costs []*cost) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cores\n", runtime.NumCPU())
	writeWhole(&b, costs)
	writeSteps(&b, costs)
	writeRows(&b, costs)
	writeSets(&b, costs)
	_, err := io.WriteString(out, b.String())
	return err
}

// header begins a table: a title, then a column for each size of each quantity,
// then what is alone.
func header(b *strings.Builder, costs []*cost, quantities []string, alone ...string) {
	columns := []string{""}
	for _, q := range quantities {
		for _, c := range costs {
			columns = append(columns, strings.TrimSpace(fmt.Sprintf("%s %s", q, million(int64(c.Records)))))
		}
	}
	columns = append(columns, alone...)
	fmt.Fprintf(b, "\n| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
}

func row(b *strings.Builder, cells ...string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }

func writeWhole(b *strings.Builder, costs []*cost) {
	header(b, costs, []string{""}, "exponent")
	for _, line := range []struct {
		name, format string
		of           func(*cost) float64
	}{
		{"CSV, MB", "%.0f", func(c *cost) float64 { return megabytes(c.RawBytes) }},
		{"load, s", "%.1f", func(c *cost) float64 { return c.Load.Wall.Seconds() }},
		{"load, CPU s", "%.1f", func(c *cost) float64 { return c.Load.CPU.Seconds() }},
		{"load, s a million records", "%.1f", func(c *cost) float64 { return perMillion(c.Load.Wall, c) }},
		{"peak memory, MiB", "%.0f", func(c *cost) float64 { return c.Load.Peak }},
		{"peak of temporary files, MB", "%.0f", func(c *cost) float64 { return megabytes(c.Load.Spill) }},
		{"lake, MB", "%.0f", func(c *cost) float64 { return megabytes(c.Lake) }},
		{"lake and temporary files at their fullest, MB", "%.0f", func(c *cost) float64 { return megabytes(c.Load.Disk) }},
	} {
		values := each(costs, line.of)
		row(b, slices.Concat([]string{line.name}, formatted(line.format, values), []string{exponent(costs, values)})...)
	}
}

func writeSteps(b *strings.Builder, costs []*cost) {
	header(b, costs, []string{"s,", "peak MiB,"}, "s a million, largest", "exponent of s")
	for i, step := range costs[0].Steps {
		wall := each(costs, func(c *cost) float64 { return c.Steps[i].Wall.Seconds() })
		peak := each(costs, func(c *cost) float64 { return c.Steps[i].Peak })
		last := costs[len(costs)-1]
		row(b, slices.Concat([]string{step.Name}, formatted("%.2f", wall), formatted("%.0f", peak),
			[]string{fmt.Sprintf("%.2f", perMillion(last.Steps[i].Wall, last)), exponent(costs, wall)})...)
	}
}

func writeRows(b *strings.Builder, costs []*cost) {
	header(b, costs, []string{"rows,"}, "exponent")
	names := []string{}
	for name := range costs[0].Rows {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		rows := each(costs, func(c *cost) float64 { return float64(c.Rows[name]) })
		row(b, slices.Concat([]string{name}, counted(rows), []string{exponent(costs, rows)})...)
	}
}

// writeSets is about the sizes whose data sets were built.
func writeSets(b *strings.Builder, costs []*cost) {
	costs = slices.DeleteFunc(slices.Clone(costs), func(c *cost) bool { return len(c.Sets) == 0 })
	if len(costs) == 0 {
		return
	}
	header(b, costs, []string{"rows,", "s,", "peak MiB,", "temporary MB,"}, "exponent of s")
	for i, set := range costs[0].Sets {
		of := func(format string, value func(built) float64) []string {
			return formatted(format, each(costs, func(c *cost) float64 { return value(c.Sets[i]) }))
		}
		rows := each(costs, func(c *cost) float64 { return float64(c.Sets[i].Rows) })
		wall := each(costs, func(c *cost) float64 { return c.Sets[i].Wall.Seconds() })
		row(b, slices.Concat([]string{set.Name}, counted(rows), formatted("%.1f", wall), of("%.0f", func(s built) float64 { return s.Peak }),
			of("%.0f", func(s built) float64 { return megabytes(s.Spill) }), []string{exponent(costs, wall)})...)
	}
}

func each(costs []*cost, of func(*cost) float64) []float64 {
	values := make([]float64, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	return values
}

func formatted(format string, values []float64) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprintf(format, v)
	}
	return texts
}

// counted are numbers of rows, rounded.
func counted(rows []float64) []string {
	texts := make([]string, len(rows))
	for i, n := range rows {
		switch {
		case n >= 1e6:
			texts[i] = fmt.Sprintf("%.1f M", n/1e6)
		case n >= 1e4:
			texts[i] = fmt.Sprintf("%.0f k", n/1e3)
		default:
			texts[i] = fmt.Sprintf("%.0f", n)
		}
	}
	return texts
}

// exponent is that of values in the size, or a dash where they don't tell.
func exponent(costs []*cost, values []float64) string {
	e, ok := slope(each(costs, func(c *cost) float64 { return float64(c.Records) }), values)
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%.2f", e)
}

// slope fits log y = a + b log x by least squares and gives b: y grows with x^b.
// It needs two different x, and no y that is 0.
func slope(x, y []float64) (b float64, ok bool) {
	n := float64(len(x))
	var sx, sy, sxx, sxy float64
	for i := range x {
		lx, ly := math.Log(x[i]), math.Log(y[i])
		sx, sy, sxx, sxy = sx+lx, sy+ly, sxx+lx*lx, sxy+lx*ly
	}
	b = (n*sxy - sx*sy) / (n*sxx - sx*sx)
	return b, !math.IsNaN(b) && !math.IsInf(b, 0)
}

func perMillion(d time.Duration, c *cost) float64 { return d.Seconds() / float64(c.Records) * 1e6 }

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

func million(n int64) string { return fmt.Sprintf("%.2g M", float64(n)/1e6) }
