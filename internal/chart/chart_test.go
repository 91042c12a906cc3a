package chart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// words are any bytes, with those that break pages among them.
func words() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"<script>alert(1)</script>", `"><b a='`, "&amp;&", "]]>", "\x00\x1b[0m\xff",
		"مرحبا بالعالم", "\u202eabc", "👩‍🔬🇨🇳", "词语联想词语联想词语联想词语联想", "-->", strings.Repeat("long ", 60), "\ufffe"}))
}

// numbers are any, missing ones too.
func numbers() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.Float64Range(-2, 2), rapid.SampledFrom([]float64{Missing, math.Inf(1), math.Inf(-1), 0, 1e308, -1e308, 5e-324}))
}

// figure draws any figure of any type.
func figure(t *rapid.T) Figure {
	word := func() string { return words().Draw(t, "words") }
	number := func() float64 { return numbers().Draw(t, "number") }
	count := func() int { return rapid.IntRange(0, 5).Draw(t, "count") }
	style := func() Style { return Style(rapid.IntRange(-4, 30).Draw(t, "style")) }
	text := Text{Title: word(), Desc: word()}
	axis := Axis{Label: word(), Zero: rapid.Bool().Draw(t, "zero")}
	switch rapid.IntRange(0, 6).Draw(t, "type") {
	case 0:
		f := Dots{Text: text, X: axis}
		for range count() {
			g := DotGroup{Label: word()}
			for range count() {
				g.Rows = append(g.Rows, Dot{Label: word(), Value: number(), Low: number(), High: number(), Note: word(), Style: style()})
			}
			f.Groups = append(f.Groups, g)
		}
		return f
	case 1:
		f := Curves{Text: text, X: axis, Y: axis}
		for range count() {
			l := Line{Label: word(), Style: style(), Dotted: rapid.Bool().Draw(t, "dotted")}
			for range count() {
				l.Points = append(l.Points, Point{number(), number(), number(), number()})
			}
			f.Lines = append(f.Lines, l)
		}
		return f
	case 2:
		f := Distributions{Text: text, X: axis, Name: word(), Against: word()}
		for range count() {
			d := Distribution{Label: word(), Median: number(), AgainstMedian: number()}
			for range count() {
				d.Bins = append(d.Bins, Bin{number(), number(), number()})
				d.Against = append(d.Against, Bin{number(), number(), number()})
			}
			f.Rows = append(f.Rows, d)
		}
		return f
	case 3:
		f := Shift{Text: text, X: axis, From: word(), To: word()}
		for range count() {
			f.Items = append(f.Items, Moved{word(), number(), number(), true})
		}
		return f
	case 4:
		f := Plane{Text: text, X: axis, Y: axis, Diagonal: rapid.Bool().Draw(t, "diagonal"), Above: word(), Below: word(), From: word(), Kinds: []Kind{{style(), word()}}}
		for range count() {
			f.Arrows = append(f.Arrows, Arrow{word(), number(), number(), number(), number(), style()})
		}
		return f
	case 5:
		f := Stacks{Text: text, Parts: []string{word(), word()}}
		for range count() {
			f.Rows = append(f.Rows, Stack{word(), []float64{number(), number(), number()}})
		}
		return f
	}
	f := Graph{Text: text}
	for range count() {
		f.Nodes = append(f.Nodes, Node{word(), word(), word(), style(), ""})
	}
	for range 2 * count() {
		id := func() string { return rapid.SampledFrom(append(f.Nodes, Node{ID: "?"})).Draw(t, "node").ID }
		f.Edges = append(f.Edges, Edge{id(), id()})
	}
	return f
}

// TestAnyFigureIsSound: whatever the words and numbers, a drawing is well-formed
// XML without script, and no attribute is a number that isn't one.
func TestAnyFigureIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := figure(t)
		for _, width := range []float64{Wide, Narrow} {
			if err := sound(SVG(f, width)); err != nil {
				t.Fatalf("%v\n%s", err, SVG(f, width))
			}
		}
		if first, second := SVG(f, Wide), SVG(f, Wide); first != second {
			t.Fatal("two drawings of one figure differ")
		}
	})
}

// sound reads a drawing as XML.
func sound(svg string) error {
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		element, is := token.(xml.StartElement)
		if !is {
			continue
		}
		if !strings.Contains(" svg title desc text line path rect circle ", " "+element.Name.Local+" ") {
			return fmt.Errorf("element %s", element.Name.Local)
		}
		for _, a := range element.Attr {
			if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
				return fmt.Errorf("%s %s=%q", element.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("<b>", "\xff\x00")
	f.Fuzz(func(t *testing.T, label, title string) {
		svg := SVG(Dots{Text: Text{Title: title, Desc: label}, Groups: []DotGroup{{Label: title, Rows: []Dot{{Label: label, Value: 1, Low: 0, High: 2}}}}}, Narrow)
		if err := sound(svg); err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
	})
}

func TestNoDataSaysSo(t *testing.T) {
	nothing := Dot{Label: "a", Value: Missing, Low: Missing, High: Missing}
	for _, f := range []Figure{Dots{}, Dots{Groups: []DotGroup{{Rows: []Dot{nothing}}}}, Curves{}, Curves{Lines: []Line{{Points: []Point{{1, Missing, 0, 0}}}}},
		Distributions{Rows: []Distribution{{}}}, Shift{Items: []Moved{{From: Missing, To: Missing}}}, Plane{}, Stacks{Rows: []Stack{{}}}, Graph{}} {
		if svg := SVG(f, Wide); !strings.Contains(svg, ">no data<") {
			t.Errorf("%T: %s", f, svg)
		}
	}
}

func TestMissingValueLeavesGap(t *testing.T) {
	svg := SVG(Curves{Lines: []Line{{Label: "a", Points: []Point{{X: 1, Y: 1}, {X: 2, Y: 2}, {X: 3, Y: Missing}, {X: 4, Y: 2}, {X: 5, Y: 1}}}}}, Wide)
	if n := strings.Count(svg, "<circle"); n != 4+1 { // and one in the legend
		t.Errorf("%d marks", n)
	}
	for path := range strings.SplitSeq(svg, "<path ") {
		if strings.HasPrefix(path, `d="M`) && strings.Count(path, "M") != 2 {
			t.Errorf("the line isn't in two parts: %s", path)
		}
	}
	row := SVG(Dots{Groups: []DotGroup{{Rows: []Dot{{Label: "a", Value: 1}, {Label: "b", Value: Missing, Low: Missing, High: Missing}}}}}, Wide)
	if !strings.Contains(row, ">undefined<") || strings.Count(row, "<circle") != 1 {
		t.Errorf("a value that is NULL: %s", row)
	}
}

// TestManyItemsStaySmall: of 10,000 items a drawing has some, says so, and has
// less than 100 kB.
func TestManyItemsStaySmall(t *testing.T) {
	const many = 10_000
	var dots []Dot
	var points []Point
	var items []Moved
	var arrows []Arrow
	var nodes []Node
	for i := range many {
		x := float64(i) / many
		name := fmt.Sprint("item ", i)
		dots = append(dots, Dot{Label: name, Value: x, Low: x - .1, High: x + .1})
		points = append(points, Point{X: float64(i), Y: x * x, Low: Missing, High: Missing})
		items = append(items, Moved{Label: name, From: x, To: x * x})
		arrows = append(arrows, Arrow{Label: name, FromX: x, FromY: 1 - x, ToX: x * x, ToY: x})
		nodes = append(nodes, Node{ID: name, Label: name})
	}
	for _, f := range []Figure{Dots{Groups: []DotGroup{{Rows: dots}}}, Curves{Lines: []Line{{Points: points}}}, Shift{Items: items}, Plane{Arrows: arrows}, Graph{Nodes: nodes}} {
		svg := SVG(f, Wide)
		if len(svg) > 100_000 {
			t.Errorf("%T: %d bytes", f, len(svg))
		}
		if !strings.Contains(svg, "the table has all") {
			t.Errorf("%T doesn't say that it is a part", f)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0.000", 0.12345: "0.123", -0.5: "−0.500", 12.345: "12.35", 123.45: "123.5", 12345.6: "12346", 5e-6: "5.00e−06",
		math.Copysign(0, -1): "0.000", 3e9: "3.00e+09"} {
		if got := Number(v); got != want {
			t.Errorf("Number(%v) = %q, want %q", v, got, want)
		}
	}
	if got := Interval(.5, -1e-9, .75); got != "0.500 [0.000, 0.750]" {
		t.Errorf("interval %q", got)
	}
	if got := signed(1e-17) + signed(.25) + signed(-.25) + signed(Missing); got != "0.000+0.250−0.250–" {
		t.Errorf("signed %q", got)
	}
}

func TestDirect(t *testing.T) {
	edges := []Edge{{"a", "b"}, {"b", "c"}, {"a", "c"}, {"a", "d"}}
	if got := Direct(edges); fmt.Sprint(got) != "[{a b} {b c} {a d}]" {
		t.Errorf("got %v", got)
	}
	if got := Direct([]Edge{{"a", "b"}, {"b", "a"}}); len(got) != 2 {
		t.Errorf("of a circle %v", got)
	}
}
