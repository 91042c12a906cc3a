package chart

import (
	"fmt"
	"strings"
)

// Curves are lines over a common axis, such as steps.
type Curves struct {
	Text
	X, Y  Axis
	Lines []Line
}

// A Line is points from left to right. Markers are drawn on it where it has few
// points, or Dotted asks for markers alone.
type Line struct {
	Label  string
	Style  Style
	Dotted bool
	Points []Point
	place  int // among the lines that aren't dotted
}

// A Point of a line; Low and High are the ends of an interval. Without Y it is a
// gap. A zero interval is none.
type Point struct{ X, Y, Low, High float64 }

// maxPoints is how many points of a line are drawn: of more the means of
// stretches.
const maxPoints = 300

// markedPoints is up to how many points a line has markers.
const markedPoints = 24

func (f Curves) draw(c *canvas) {
	var xs, ys []float64
	lines, thinned := f.thin()
	for _, l := range lines {
		for _, p := range l.Points {
			if finite(p.X) && finite(p.Y) {
				xs, ys = append(xs, p.X), append(ys, p.Y)
			}
			if p.hasInterval() {
				ys = append(ys, p.Low, p.High)
			}
		}
	}
	y, ok := f.Y.over(0, 0, ys...)
	if !ok {
		return
	}
	c.legend(lineKeys(c, lines))
	b := box{left: 52, top: c.height + 24, right: c.width - 12, bottom: c.height + 24 + map[bool]float64{true: 190, false: 250}[c.narrow()]}
	x := spanOf(xs, b.left, b.right)
	y.from, y.to = b.bottom, b.top
	c.upwards(b, y, f.Y)
	c.across(b, x, f.X)
	for _, l := range lines {
		c.curve(l, x, y)
	}
	c.height = b.bottom + acrossHeight
	if thinned {
		c.remark("each point is the mean of a stretch; the table has all")
	}
}

// spanOf is a scale whose ends are those of the numbers.
func spanOf(values []float64, from, to float64) scale {
	s, _ := Axis{}.over(from, to, values...)
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if low < high {
		s.low, s.high = low, high
	}
	return s
}

func (p Point) hasInterval() bool {
	return finite(p.X) && finite(p.Y) && finite(p.Low) && finite(p.High) && p.Low < p.High
}

func lineKeys(c *canvas, lines []Line) (keys []key) {
	if len(lines) == 1 && lines[0].Label == "" {
		return nil
	}
	for _, l := range lines {
		keys = append(keys, key{l.Label, func(x, y float64) {
			if !l.Dotted {
				c.line(x-10, y, x+10, y, "line", l.Style.class(), l.dash())
			}
			if l.marked() {
				c.mark(l.Style, x, y, "", l.hollow())
			}
		}})
	}
	return keys
}

// dash is the kind of line in CSS: without a break where markers tell lines
// apart.
func (l Line) dash() string {
	if l.marked() {
		return ""
	}
	return fmt.Sprintf("d%d", l.place%4)
}

// hollow is the kind of markers in CSS: of a line that is nothing but markers,
// hollow ones.
func (l Line) hollow() string {
	if l.Dotted {
		return "hollow"
	}
	return ""
}

func (l Line) marked() bool { return l.Dotted || len(l.Points) <= markedPoints }

// curve draws a line, in parts where points are missing.
func (c *canvas) curve(l Line, x, y scale) {
	var d strings.Builder
	command := "M"
	for _, p := range l.Points {
		if !finite(p.X) || !finite(p.Y) {
			command = "M"
			continue
		}
		fmt.Fprintf(&d, "%s%s %s", command, px(x.at(p.X)), px(y.at(p.Y)))
		command = "L"
	}
	if !l.Dotted {
		c.path(d.String(), l.Label, "line", l.Style.class(), l.dash())
	}
	if l.marked() {
		c.markers(l, x, y)
	}
}

func (c *canvas) markers(l Line, x, y scale) {
	for _, p := range l.Points {
		if p.hasInterval() {
			c.line(x.at(p.X), y.at(p.Low), x.at(p.X), y.at(p.High), "interval", l.Style.class())
		}
		if finite(p.X) && finite(p.Y) {
			low, high := p.Low, p.High
			if !p.hasInterval() {
				low, high = Missing, Missing
			}
			c.mark(l.Style, x.at(p.X), y.at(p.Y), fmt.Sprintf("%s at %s: %s", l.Label, Number(p.X), Interval(p.Y, low, high)), l.hollow())
		}
	}
}

// thin gives lines of few enough points, and says whether they had more.
func (f Curves) thin() (lines []Line, thinned bool) {
	place := 0
	for _, l := range f.Lines {
		if len(l.Points) > maxPoints {
			l.Points, thinned = stretches(l.Points, maxPoints), true
		}
		if l.place = place; !l.Dotted {
			place++
		}
		lines = append(lines, l)
	}
	return lines, thinned
}

// stretches are the means of n stretches of points; missing ones don't count.
func stretches(points []Point, n int) []Point {
	means := make([]Point, n)
	for i := range means {
		var sum Point
		count := 0.0
		for _, p := range points[i*len(points)/n : (i+1)*len(points)/n] {
			if finite(p.X) && finite(p.Y) {
				sum.X, sum.Y, count = sum.X+p.X, sum.Y+p.Y, count+1
			}
		}
		means[i] = Point{X: sum.X / count, Y: sum.Y / count}
	}
	return means
}
