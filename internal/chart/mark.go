package chart

import (
	"fmt"
	"strings"
)

// A Style tells series apart, by colour and by shape or dash: 0, 1, 2 and so on.
// Negative ones, from Reference down, are of what others are held against: grey
// and hollow.
type Style int

// Reference is the first style of what is there to compare with.
const Reference Style = -1

// colours is how many colours there are; after these they come again, with
// other shapes and dashes.
const colours = 6

// class is the style's name in CSS.
func (s Style) class() string {
	if s < 0 {
		return "ref"
	}
	return fmt.Sprintf("s%d", int(s)%colours)
}

// form is the number of the style's shape or dash.
func (s Style) form() int {
	if s < 0 {
		return -int(s) - 1
	}
	return int(s) + int(s)/colours
}

// shapes are outlines around the origin, five pixels each way.
var shapes = [][][2]float64{
	nil, // a circle
	{{-4, -4}, {4, -4}, {4, 4}, {-4, 4}},
	{{0, -5.6}, {5.6, 0}, {0, 5.6}, {-5.6, 0}},
	{{0, -5.2}, {5, 4}, {-5, 4}},
	{{0, 5.2}, {5, -4}, {-5, -4}},
}

// mark draws a style's shape.
func (c *canvas) mark(s Style, x, y float64, title string, classes ...string) {
	classes = append([]string{"mark", s.class()}, classes...)
	outline := shapes[s.form()%len(shapes)]
	if outline == nil {
		c.element("circle", title, at("cx", x), at("cy", y), at("r", 4.5), class(classes...))
		return
	}
	var d strings.Builder
	for i, p := range outline {
		fmt.Fprintf(&d, "%s%s %s", map[bool]string{true: "M", false: "L"}[i == 0], px(x+p[0]), px(y+p[1]))
	}
	c.path(d.String()+"Z", title, classes...)
}
