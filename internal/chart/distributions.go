package chart

import (
	"fmt"
	"strings"
)

// Distributions are histograms, a row each, over one axis: what is shown, filled,
// and what it is held against, as an outline.
type Distributions struct {
	Text
	X             Axis
	Name, Against string // of the two, for the legend
	Rows          []Distribution
}

// A Distribution is a row. The medians are ticks on its floor.
type Distribution struct {
	Label                 string
	Bins, Against         []Bin
	Median, AgainstMedian float64
}

// A Bin is a bar of a histogram: the share of all between two numbers.
type Bin struct{ Low, High, Share float64 }

// distributionHeight is what a row takes.
const distributionHeight = 62

func (f Distributions) draw(c *canvas) {
	var ends []float64
	var labels []string
	tallest := 0.0
	for _, r := range f.Rows {
		labels = append(labels, r.Label)
		for _, b := range append(append([]Bin{}, r.Bins...), r.Against...) {
			if b.ok() {
				ends, tallest = append(ends, b.Low, b.High), max(tallest, b.Share)
			}
		}
	}
	layout := c.layOut(labels, 0)
	x, ok := f.X.over(layout.plot.left, layout.plot.right, ends...)
	if !ok {
		return
	}
	c.legend(f.keys(c))
	layout.plot.top, layout.plot.bottom = c.height, c.height+float64(len(f.Rows))*distributionHeight+c.extra(layout)*float64(len(f.Rows))
	c.across(layout.plot, x, f.X)
	for _, r := range f.Rows {
		c.distribution(r, layout, x, tallest)
	}
	c.height += acrossHeight
}

// extra is what a label above its row takes.
func (c *canvas) extra(l rowLayout) float64 {
	if l.above {
		return 14
	}
	return 0
}

func (b Bin) ok() bool { return finite(b.Low) && finite(b.High) && finite(b.Share) && b.Share > 0 }

func (f Distributions) keys(c *canvas) []key {
	sample := func(x, y float64) string { return fmt.Sprintf("M%s %sh16v-9h-16Z", px(x-8), px(y+4)) }
	return []key{
		{f.Name, func(x, y float64) { c.path(sample(x, y), "", "area", "s0") }},
		{f.Against, func(x, y float64) { c.path(sample(x, y), "", "outline") }},
	}
}

func (c *canvas) distribution(r Distribution, l rowLayout, x scale, tallest float64) {
	top := c.height + c.extra(l)
	c.height = top + distributionHeight
	label := c.height - 8
	if l.above {
		label = top
	}
	c.text(0, label, r.Label, l.labels, class("t-label"))
	y := scale{low: 0, high: tallest, from: c.height - 4, to: top + 8}
	c.path(steps(r.Bins, x, y), r.Label, "area", "s0")
	c.path(steps(r.Against, x, y), "", "outline")
	c.line(l.plot.left, y.from, l.plot.right, y.from, "axis")
	c.median(r.Median, x, y, "median", "s0")
	c.median(r.AgainstMedian, x, y, "median", "m-against")
}

func (c *canvas) median(v float64, x, y scale, classes ...string) {
	if finite(v) {
		c.line(x.at(v), y.from+4, x.at(v), y.from-6, classes...)
	}
}

// steps is the outline of a histogram.
func steps(bins []Bin, x, y scale) string {
	var d strings.Builder
	last := Missing
	for _, b := range bins {
		if !b.ok() {
			continue
		}
		if b.Low != last {
			d.WriteString(closing(d.Len() > 0, y) + fmt.Sprintf("M%s %s", px(x.at(b.Low)), px(y.from)))
		}
		fmt.Fprintf(&d, "V%sH%s", px(y.at(b.Share)), px(x.at(b.High)))
		last = b.High
	}
	return d.String() + closing(d.Len() > 0, y)
}

// closing brings an outline down to the floor.
func closing(open bool, y scale) string {
	if !open {
		return ""
	}
	return fmt.Sprintf("V%s", px(y.from))
}
