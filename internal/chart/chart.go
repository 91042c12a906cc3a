package chart

import (
	_ "embed"
	"fmt"
	"hash/fnv"
	"math"
)

// CSS are the rules that a page with figures needs.
//
//go:embed chart.css
var CSS string

// The widths at which HTML draws, in pixels.
const (
	Wide   = 760
	Narrow = 344
)

// A Figure is what SVG draws: one of the types of this package.
type Figure interface {
	words() Text
	rows() [][]string
	draw(c *canvas)
}

// Text is what a figure says in words to who can't see it.
type Text struct {
	Title string
	Desc  string // what there is to see, in a sentence or two
}

func (t Text) words() Text { return t }

// Title is a figure's title.
func Title(f Figure) string { return f.words().Title }

// Desc is what there is to see in a figure, in words.
func Desc(f Figure) string { return f.words().Desc }

// An Axis is named with its unit. Its ends are those of the data, unless Min and
// Max differ; Zero draws a line at 0 and has it in.
type Axis struct {
	Label    string
	Min, Max float64
	Zero     bool
}

// Missing is a number that isn't there.
var Missing = math.NaN()

// SVG draws a figure for a width in pixels.
func SVG(f Figure, width float64) string { return draw(f, width).svg(f.words()) }

func draw(f Figure, width float64) *canvas {
	c := &canvas{width: width, asked: width}
	f.draw(c)
	if c.height == 0 {
		c.nothing()
	}
	return c
}

// HTML draws a figure for wide and for narrow screens.
func HTML(f Figure) string { return framed(f, "chart-wide", Wide) + framed(f, "chart-narrow", Narrow) }

// framed is a drawing that scrolls where it is wider than its frame.
func framed(f Figure, class string, width float64) string {
	c := draw(f, width)
	focus := ""
	if c.width > width {
		focus = fmt.Sprintf(" tabindex=\"0\" role=\"group\" aria-label=\"%s\"", escape(f.words().Title))
	}
	return fmt.Sprintf("<div class=\"%s\"%s>%s</div>\n", class, focus, c.svg(f.words()))
}

// id tells a drawing from others on its page.
func (c *canvas) id(t Text) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s\x00%v\x00%s", t.Title, t.Desc, c.asked, c.body.String())
	return fmt.Sprintf("c%x", h.Sum64())
}
