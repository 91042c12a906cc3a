package chart

import (
	"fmt"
	"strconv"
)

// Stacks are how a whole falls into parts, a row each.
type Stacks struct {
	Text
	Parts []string // their names
	Rows  []Stack
}

// A Stack is a row: a count for each part.
type Stack struct {
	Label  string
	Counts []float64
}

func (f Stacks) draw(c *canvas) {
	var labels []string
	whole := 0.0
	for _, r := range f.Rows {
		labels, whole = append(labels, r.Label), max(whole, r.sum())
	}
	if whole == 0 {
		return
	}
	var keys []key
	for i, part := range f.Parts {
		keys = append(keys, key{part, func(x, y float64) {
			c.element("rect", "", at("x", x-8), at("y", y-6), at("width", 16), at("height", 12), class(partClasses(i)...))
		}})
	}
	c.legend(keys)
	layout := c.layOut(labels, 60)
	for _, r := range f.Rows {
		y := c.row(layout, r.Label, "n = "+count(r.sum()))
		c.stack(r, f.Parts, scale{high: r.sum(), from: layout.plot.left, to: layout.plot.right}, y)
	}
	c.height += 4
}

func (s Stack) sum() (sum float64) {
	for _, v := range s.Counts {
		if finite(v) && v > 0 {
			sum += v
		}
	}
	return sum
}

func partClasses(i int) []string { return []string{"part", fmt.Sprintf("p%d", i%colours)} }

// stack draws the parts of a row, each with its number where it has place.
func (c *canvas) stack(r Stack, parts []string, x scale, y float64) {
	done := 0.0
	for i, v := range r.Counts[:min(len(r.Counts), len(parts))] {
		if !finite(v) || v <= 0 {
			continue
		}
		from, to := x.at(done), x.at(done+v)
		c.element("rect", fmt.Sprintf("%s: %s %s", r.Label, parts[i], count(v)), at("x", from), at("y", y-9), at("width", to-from), at("height", 18),
			class(partClasses(i)...))
		if label := count(v); textWidth(label)+6 < to-from {
			c.text((from+to)/2, y+4, label, to-from, class("t-part", fmt.Sprintf("tp%d", i%colours)), attr{"text-anchor", "middle"})
		}
		done += v
	}
}

// count is a number without decimals, as of a count.
func count(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }
