package chart

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// The size of text and what goes with it, in pixels.
const (
	fontSize   = 12.0
	lineHeight = 18.0
	cellWidth  = 6.7 // of a Latin letter, more or less
)

// A canvas gathers the elements of a drawing, whose height grows with them.
type canvas struct {
	width, height float64
	asked         float64 // the width that it was to have
	body          strings.Builder
	links         bool // the drawing has some, which an image can't
}

func (c *canvas) narrow() bool { return c.width < 500 }

// svg is the whole drawing, named for who can't see it.
func (c *canvas) svg(t Text) string {
	name, role := c.id(t), "img"
	if c.links {
		role = "group"
	}
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"%[6]s\" width=\"%[1]s\" viewBox=\"0 0 %[1]s %[2]s\" "+
		"aria-labelledby=\"%[3]s-t\" aria-describedby=\"%[3]s-d\">\n<title id=\"%[3]s-t\">%[4]s</title>\n<desc id=\"%[3]s-d\">%[5]s</desc>\n%[7]s</svg>",
		px(c.width), px(c.height), name, escape(t.Title), escape(t.Desc), role, c.body.String())
}

// An attr is an attribute of an element.
type attr struct{ name, value string }

func at(name string, v float64) attr { return attr{name, px(v)} }

func class(names ...string) attr { return attr{"class", strings.TrimSpace(strings.Join(names, " "))} }

// element adds an element; a title, unless it is empty, shows when it is pointed at.
func (c *canvas) element(name, title string, attrs ...attr) {
	c.open(name, attrs...)
	if title == "" {
		c.body.WriteString("/>\n")
		return
	}
	fmt.Fprintf(&c.body, "><title>%s</title></%s>\n", escape(title), name)
}

func (c *canvas) open(name string, attrs ...attr) {
	c.body.WriteString("<" + name)
	for _, a := range attrs {
		if a.value != "" {
			fmt.Fprintf(&c.body, " %s=\"%s\"", a.name, escape(a.value))
		}
	}
}

// text adds words whose baseline is at y. Words that don't fit into room are
// cut, and whole when they are pointed at.
func (c *canvas) text(x, y float64, words string, room float64, attrs ...attr) {
	short := fit(words, room)
	if short == "" {
		return
	}
	c.open("text", append([]attr{at("x", x), at("y", y)}, attrs...)...)
	c.body.WriteString(">" + escape(short))
	if short != words {
		fmt.Fprintf(&c.body, "<title>%s</title>", escape(words))
	}
	c.body.WriteString("</text>\n")
}

func (c *canvas) line(x1, y1, x2, y2 float64, classes ...string) {
	c.element("line", "", at("x1", x1), at("y1", y1), at("x2", x2), at("y2", y2), class(classes...))
}

func (c *canvas) path(d, title string, classes ...string) {
	if d != "" {
		c.element("path", title, attr{"d", d}, class(classes...))
	}
}

// nothing is the drawing of a figure without numbers.
func (c *canvas) nothing() {
	c.height = 3 * lineHeight
	c.text(c.width/2, c.height/2, "no data", c.width, class("t-quiet"), attr{"text-anchor", "middle"})
}

// remark says below a drawing what isn't in it.
func (c *canvas) remark(format string, args ...any) {
	c.height += lineHeight
	c.text(0, c.height-5, fmt.Sprintf(format, args...), c.width, class("t-quiet"))
}

// px is a length in SVG.
func px(v float64) string {
	if !finite(v) {
		return "0"
	}
	v = math.Round(v*10) / 10
	if v == 0 { // never -0
		return "0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// escape makes any bytes text of XML: what XML has no place for becomes U+FFFD.
func escape(s string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r':
			return ' '
		case r < 0x20, r == 0xfffe, r == 0xffff, r == utf8.RuneError, 0x7f <= r && r <= 0x9f:
			return utf8.RuneError
		}
		return r
	}, s))
}

// textWidth is about how wide words are.
func textWidth(words string) float64 { return float64(cells.StringWidth(words)) * cellWidth }

// cells measures in the widths of Latin letters, whatever the locale.
var cells = &runewidth.Condition{}

// fit cuts words to a width.
func fit(words string, room float64) string {
	if textWidth(words) <= room {
		return words
	}
	return cells.Truncate(words, max(1, int(room/cellWidth)), "…")
}
