package chart

import (
	"fmt"
	"math"
	"slices"
)

// Dots are values with their intervals, a row each, in groups.
type Dots struct {
	Text
	X      Axis
	Groups []DotGroup
}

// A DotGroup is rows under a heading.
type DotGroup struct {
	Label string
	Rows  []Dot
}

// A Dot is a value with an interval. Its label and numbers are written beside it.
type Dot struct {
	Label            string
	Value, Low, High float64
	Note             string // shown where the dot is pointed at
	Style            Style
}

// maxDots is how many rows are drawn.
const maxDots = 200

// rowLayout is where a row has its label, its plot and its numbers.
type rowLayout struct {
	plot           box
	height         float64
	above          bool // the label is above the plot, not left of it
	labels, values float64
}

// layOut lays rows out: on a narrow drawing labels have a line of their own.
func (c *canvas) layOut(labels []string, values float64) rowLayout {
	if c.narrow() {
		return rowLayout{plot: box{left: 14, right: c.width - 14}, height: 38, above: true, labels: c.width - values, values: values}
	}
	room := min(widest(labels), c.width*.34)
	return rowLayout{plot: box{left: room + 18, right: c.width - values - 18}, height: 24, labels: room, values: values}
}

func widest(words []string) (width float64) {
	for _, w := range words {
		width = max(width, textWidth(w))
	}
	return width
}

// row draws the label and the numbers of a row, and gives the height of its mark.
func (c *canvas) row(l rowLayout, label, numbers string, classes ...string) (y float64) {
	top := c.height
	c.height += l.height
	text := top + l.height/2 + 4
	if y = top + l.height/2; l.above {
		text, y = top+14, top+28
	}
	c.text(0, text, label, l.labels, class(append(classes, "t-label")...))
	c.text(c.width, text, numbers, l.values, class("t-value"), attr{"text-anchor", "end"})
	return y
}

func (d Dots) draw(c *canvas) {
	var numbers []float64
	var labels, values []string
	for _, g := range d.Groups {
		for _, r := range g.Rows {
			labels, numbers = append(labels, r.Label), append(numbers, r.Value, r.Low, r.High)
			values = append(values, Interval(r.Value, r.Low, r.High))
		}
	}
	layout := c.layOut(labels, widest(values))
	s, ok := d.X.over(layout.plot.left, layout.plot.right, numbers...)
	if !ok {
		return
	}
	c.height = 4
	body := canvas{width: c.width, height: c.height}
	drawn := body.dotGroups(d.Groups, layout, s)
	c.height = body.height
	layout.plot.top, layout.plot.bottom = 0, c.height
	c.across(layout.plot, s, d.X)
	c.height += acrossHeight
	c.body.WriteString(body.body.String())
	if drawn < len(labels) {
		c.remark("%d of %d rows are drawn; the table has all", drawn, len(labels))
	}
}

// dotGroups draws the rows, and gives how many.
func (c *canvas) dotGroups(groups []DotGroup, l rowLayout, s scale) (drawn int) {
	for i, g := range groups {
		rows := g.Rows[:min(len(g.Rows), maxDots-drawn)]
		if len(rows) == 0 {
			continue
		}
		if g.Label != "" {
			c.height += map[bool]float64{true: 18, false: 26}[i == 0]
			c.text(0, c.height-4, g.Label, c.width, class("t-group"))
		}
		for _, r := range rows {
			c.dot(r, l, s)
		}
		drawn += len(rows)
	}
	return drawn
}

func (c *canvas) dot(r Dot, l rowLayout, s scale) {
	numbers := Interval(r.Value, r.Low, r.High)
	y := c.row(l, r.Label, numbers)
	if finite(r.Low) && finite(r.High) {
		c.line(s.at(r.Low), y, s.at(r.High), y, "interval", r.Style.class())
	}
	if finite(r.Value) {
		c.mark(r.Style, s.at(r.Value), y, joined(r.Label+": "+numbers, r.Note))
	}
}

// Interval is a value with its interval in words, all in as many decimals.
func Interval(value, low, high float64) string {
	if !finite(value) {
		return "undefined"
	}
	if !finite(low) || !finite(high) {
		return Number(value)
	}
	digits := decimals(max(math.Abs(value), math.Abs(low), math.Abs(high)))
	return fmt.Sprintf("%s [%s, %s]", fixed(value, digits), fixed(low, digits), fixed(high, digits))
}

// joined joins parts that aren't empty.
func joined(parts ...string) (all string) {
	for _, p := range slices.DeleteFunc(parts, func(p string) bool { return p == "" }) {
		if all != "" {
			all += "; "
		}
		all += p
	}
	return all
}
