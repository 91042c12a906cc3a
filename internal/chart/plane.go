package chart

import (
	"fmt"
	"math"
)

// A Plane is where items are on two axes, and where they came from.
type Plane struct {
	Text
	X, Y     Axis
	Diagonal bool   // draws where both are equal
	Above    string // what stands left of the diagonal, and right of it
	Below    string
	From     string // name of where arrows begin, for the legend
	Kinds    []Kind // of items, for the legend
	Arrows   []Arrow
}

// A Kind is what a style means.
type Kind struct {
	Style Style
	Label string
}

// An Arrow is an item that moved; without a beginning it is a point.
type Arrow struct {
	Label                  string
	FromX, FromY, ToX, ToY float64
	Style                  Style
}

// maxArrows is how many items are drawn, evenly taken.
const maxArrows = 300

func (f Plane) draw(c *canvas) {
	arrows := f.some()
	var xs, ys []float64
	for _, a := range arrows {
		xs, ys = append(xs, a.FromX, a.ToX), append(ys, a.FromY, a.ToY)
	}
	side := min(c.width-70, 430)
	x, okX := f.X.over(0, 0, xs...)
	y, okY := f.Y.over(0, 0, ys...)
	if !okX || !okY {
		return
	}
	c.legend(f.keys(c))
	left := max(52, (c.width-side)/2)
	b := box{left: left, top: c.height + 24, right: left + side, bottom: c.height + 24 + side}
	if f.Diagonal {
		x.low, x.high = min(x.low, y.low), max(x.high, y.high)
		y.low, y.high = x.low, x.high
	}
	x.from, x.to, y.from, y.to = b.left, b.right, b.bottom, b.top
	c.upwards(b, y, f.Y)
	c.across(b, x, f.X)
	f.diagonal(c, b)
	for _, a := range arrows {
		c.arrow(a, x, y)
	}
	c.height = b.bottom + acrossHeight
	if len(arrows) < len(f.Arrows) {
		c.remark("%d of %d items are drawn, evenly taken; the table has all", len(arrows), len(f.Arrows))
	}
}

func (f Plane) some() []Arrow {
	if len(f.Arrows) <= maxArrows {
		return f.Arrows
	}
	some := make([]Arrow, maxArrows)
	for i := range some {
		some[i] = f.Arrows[i*len(f.Arrows)/maxArrows]
	}
	return some
}

func (f Plane) keys(c *canvas) []key {
	var keys []key
	if f.From != "" {
		keys = append(keys, key{f.From, func(x, y float64) { c.element("circle", "", at("cx", x), at("cy", y), at("r", 2.5), class("start")) }})
	}
	for _, k := range f.Kinds {
		keys = append(keys, key{k.Label, func(x, y float64) { c.mark(k.Style, x, y, "", "small") }})
	}
	return keys
}

func (f Plane) diagonal(c *canvas, b box) {
	if !f.Diagonal {
		return
	}
	c.line(b.left, b.bottom, b.right, b.top, "zero")
	c.text(b.left+8, b.top+16, f.Above, (b.right-b.left)/2, class("t-quiet"))
	c.text(b.right-8, b.bottom-10, f.Below, (b.right-b.left)/2, class("t-quiet"), attr{"text-anchor", "end"})
}

func (c *canvas) arrow(a Arrow, x, y scale) {
	if !finite(a.ToX) || !finite(a.ToY) {
		return
	}
	toX, toY := x.at(a.ToX), y.at(a.ToY)
	title := fmt.Sprintf("%s: %s, %s", a.Label, Number(a.ToX), Number(a.ToY))
	if finite(a.FromX) && finite(a.FromY) {
		fromX, fromY := x.at(a.FromX), y.at(a.FromY)
		title = fmt.Sprintf("%s: from %s, %s to %s, %s", a.Label, Number(a.FromX), Number(a.FromY), Number(a.ToX), Number(a.ToY))
		c.element("circle", title, at("cx", fromX), at("cy", fromY), at("r", 2.5), class("start"))
		if math.Hypot(toX-fromX, toY-fromY) > 1 {
			c.line(fromX, fromY, toX, toY, "move")
		}
	}
	c.mark(a.Style, toX, toY, title, "small")
}
