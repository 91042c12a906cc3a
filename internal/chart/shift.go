package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Shift is how items moved from one value to another, a row each.
type Shift struct {
	Text
	X        Axis
	From, To string // the names of the two values
	Items    []Moved
}

// A Moved item; Strong ones have their label in bold.
type Moved struct {
	Label    string
	From, To float64
	Strong   bool
}

// maxShifts is how many items are drawn: those that moved most.
const maxShifts = 40

func (f Shift) draw(c *canvas) {
	items := f.most()
	var labels []string
	var values []float64
	for _, it := range items {
		labels, values = append(labels, it.Label), append(values, it.From, it.To)
	}
	layout := c.layOut(labels, 100)
	x, ok := f.X.over(layout.plot.left, layout.plot.right, values...)
	if !ok {
		return
	}
	c.legend([]key{
		{f.From, func(x, y float64) { c.mark(Reference, x, y, "") }},
		{f.To, func(x, y float64) { c.mark(0, x, y, "") }},
	})
	layout.plot.top, layout.plot.bottom = c.height, c.height+float64(len(items))*layout.height
	c.across(layout.plot, x, f.X)
	for _, it := range items {
		c.moved(it, layout, x)
	}
	c.height += acrossHeight
	if len(items) < len(f.Items) {
		c.remark("the %d of %d items that moved most; the table has all", len(items), len(f.Items))
	}
}

// most are the items that moved most, in their order.
func (f Shift) most() []Moved {
	if len(f.Items) <= maxShifts {
		return f.Items
	}
	order := make([]int, len(f.Items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(f.Items[b].size(), f.Items[a].size()) })
	order = order[:maxShifts]
	slices.Sort(order)
	items := make([]Moved, len(order))
	for i, at := range order {
		items[i] = f.Items[at]
	}
	return items
}

func (m Moved) size() float64 {
	if size := math.Abs(m.To - m.From); finite(size) {
		return size
	}
	return -1
}

func (c *canvas) moved(it Moved, l rowLayout, x scale) {
	weight := ""
	if it.Strong {
		weight = "t-strong"
	}
	y := c.row(l, it.Label, signed(it.To-it.From), weight)
	if finite(it.From) && finite(it.To) {
		c.line(x.at(it.From), y, x.at(it.To), y, "move")
	}
	title := fmt.Sprintf("%s: %s to %s", it.Label, Number(it.From), Number(it.To))
	if finite(it.From) {
		c.mark(Reference, x.at(it.From), y, title)
	}
	if finite(it.To) {
		c.mark(0, x.at(it.To), y, title)
	}
}

// signed is a number with its sign.
func signed(v float64) string {
	if !finite(v) {
		return Number(v)
	}
	number := fixed(v, decimals(math.Abs(v)))
	if v > 0 && strings.Trim(number, "0.") != "" {
		return "+" + number
	}
	return number
}
