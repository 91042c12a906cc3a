package chart

import (
	"fmt"
	"slices"
)

// A Graph is what came from what, in layers from left to right.
type Graph struct {
	Text
	Nodes []Node
	Edges []Edge
}

// A Node is a box with a name and a line below it. Style tells kinds apart. It
// may lead to an address.
type Node struct {
	ID, Label, Detail string
	Style             Style
	Link              string
}

// An Edge is from a node to one that came from it. An edge of a node that isn't
// there is left out.
type Edge struct{ From, To string }

// The sizes of a graph's boxes and gaps.
const (
	nodeWidth  = 138.0
	nodeHeight = 38.0
	nodeGap    = 12.0
	layerGap   = 34.0
	maxNodes   = 160
)

func (f Graph) draw(c *canvas) {
	nodes := f.Nodes[:min(len(f.Nodes), maxNodes)]
	if len(nodes) == 0 {
		return
	}
	l := newLayers(nodes, f.Edges)
	l.order()
	c.width = max(c.width, float64(len(l.columns))*(nodeWidth+layerGap)-layerGap+2)
	tallest := 0
	for _, column := range l.columns {
		tallest = max(tallest, len(column))
	}
	c.height = float64(tallest)*(nodeHeight+nodeGap) + 2
	l.place(c)
	for _, route := range l.routes {
		c.path(l.curve(route), "", "edge")
	}
	for i, n := range nodes {
		c.node(n, l.at[i])
	}
	if len(nodes) < len(f.Nodes) {
		c.remark("%d of %d nodes are drawn; the table has all", len(nodes), len(f.Nodes))
	}
}

func (c *canvas) node(n Node, p [2]float64) {
	if n.Link != "" {
		c.links = true
		c.open("a", attr{"href", n.Link})
		c.body.WriteString(">\n")
		defer c.body.WriteString("</a>\n")
	}
	c.element("rect", joined(n.Label, n.Detail), at("x", p[0]), at("y", p[1]-nodeHeight/2), at("width", nodeWidth), at("height", nodeHeight),
		attr{"rx", "5"}, class("node", n.Style.class()))
	y := p[1] - 3
	if n.Detail == "" {
		y = p[1] + 4
	}
	c.text(p[0]+9, y, n.Label, nodeWidth-16, class("t-node"))
	c.text(p[0]+9, p[1]+12, n.Detail, nodeWidth-10, class("t-detail"))
}

// Direct leaves out the edges that others lead around: of a to b, b to c and a to
// c the last.
func Direct(edges []Edge) (direct []Edge) {
	next := map[string][]string{}
	for _, e := range edges {
		next[e.From] = append(next[e.From], e.To)
	}
	for _, e := range edges {
		seen := map[string]bool{e.From: true}
		around := false
		for _, by := range next[e.From] {
			around = around || by != e.To && reaches(next, by, e.To, seen)
		}
		if !around {
			direct = append(direct, e)
		}
	}
	return direct
}

// reaches says whether edges lead from one node to another.
func reaches(next map[string][]string, from, to string, seen map[string]bool) bool {
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, by := range next[from] {
		if by == to || reaches(next, by, to, seen) {
			return true
		}
	}
	return false
}

// layers lays a graph out: each node in the column after those that it came
// from. The edges of a node that go past a column share a place there.
type layers struct {
	column  []int // of each place; the nodes are the first places
	columns [][]int
	before  [][]int // places in the column before
	after   [][]int
	routes  [][]int        // places of each edge
	shared  map[[2]int]int // the place of a node's edges in a column
	at      [][2]float64
}

func newLayers(nodes []Node, edges []Edge) *layers {
	index := map[string]int{}
	for i, n := range nodes {
		index[n.ID] = i
	}
	from := make([][]int, len(nodes))
	for _, e := range edges {
		a, okA := index[e.From]
		b, okB := index[e.To]
		if okA && okB && a != b && !slices.Contains(from[b], a) {
			from[b] = append(from[b], a)
		}
	}
	l := &layers{column: make([]int, len(nodes)), shared: map[[2]int]int{}}
	state := make([]int, len(nodes))
	for i := range nodes {
		l.depth(i, from, state)
	}
	l.alignEnds(from)
	for i := range nodes {
		l.add(i)
	}
	for to := range nodes {
		for _, at := range from[to] {
			l.route(at, to)
		}
	}
	return l
}

// depth is a node's column. An edge that closes a circle is dropped.
func (l *layers) depth(i int, from [][]int, state []int) int {
	const open, done = 1, 2
	if state[i] == done {
		return l.column[i]
	}
	state[i] = open
	from[i] = slices.DeleteFunc(from[i], func(a int) bool { return state[a] == open })
	for _, a := range from[i] {
		l.column[i] = max(l.column[i], l.depth(a, from, state)+1)
	}
	state[i] = done
	return l.column[i]
}

// alignEnds moves the nodes from which nothing came to the last column.
func (l *layers) alignEnds(from [][]int) {
	last := slices.Max(l.column)
	begins := make([]bool, len(l.column))
	for _, origins := range from {
		for _, at := range origins {
			begins[at] = true
		}
	}
	for i := range l.column {
		if !begins[i] && len(from[i]) > 0 {
			l.column[i] = last
		}
	}
}

// add puts a place into its column.
func (l *layers) add(place int) {
	for len(l.columns) <= l.column[place] {
		l.columns = append(l.columns, nil)
	}
	l.columns[l.column[place]] = append(l.columns[l.column[place]], place)
	l.before, l.after = append(l.before, nil), append(l.after, nil)
}

// route leads an edge from column to column.
func (l *layers) route(from, to int) {
	route, last := []int{from}, from
	for column := l.column[from] + 1; column <= l.column[to]; column++ {
		next := to
		if column < l.column[to] {
			next = l.pass(from, column)
		}
		l.after[last], l.before[next] = append(l.after[last], next), append(l.before[next], last)
		route, last = append(route, next), next
	}
	l.routes = append(l.routes, route)
}

// pass is the place in a column of a node's edges that go past it.
func (l *layers) pass(from, column int) int {
	key := [2]int{from, column}
	place, known := l.shared[key]
	if !known {
		place = len(l.column)
		l.shared[key] = place
		l.column = append(l.column, column)
		l.add(place)
	}
	return place
}

// order sorts each column by where its neighbours are, to and fro.
func (l *layers) order() {
	for range 6 {
		for i := 1; i < len(l.columns); i++ {
			l.sort(i, i-1, l.before)
		}
		for i := len(l.columns) - 2; i >= 0; i-- {
			l.sort(i, i+1, l.after)
		}
	}
}

func (l *layers) sort(column, other int, neighbours [][]int) {
	rank := map[int]float64{}
	for i, place := range l.columns[other] {
		rank[place] = (float64(i) + .5) / float64(len(l.columns[other]))
	}
	middle := map[int]float64{}
	for i, place := range l.columns[column] {
		sum := 0.0
		for _, n := range neighbours[place] {
			sum += rank[n]
		}
		middle[place] = (float64(i) + .5) / float64(len(l.columns[column]))
		if n := len(neighbours[place]); n > 0 {
			middle[place] = sum / float64(n)
		}
	}
	slices.SortStableFunc(l.columns[column], func(a, b int) int {
		switch d := middle[a] - middle[b]; {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
}

// place gives each place its left end and middle height.
func (l *layers) place(c *canvas) {
	l.at = make([][2]float64, len(l.column))
	for i, column := range l.columns {
		pitch := (c.height - 2) / float64(len(column))
		for j, place := range column {
			l.at[place] = [2]float64{1 + float64(i)*(nodeWidth+layerGap), 1 + (float64(j)+.5)*pitch}
		}
	}
}

// curve is the path of a route: from the right of its first box to the left of
// its last.
func (l *layers) curve(route []int) string {
	x, y := l.at[route[0]][0]+nodeWidth, l.at[route[0]][1]
	d := fmt.Sprintf("M%s %s", px(x), px(y))
	for _, place := range route[1:] {
		to := l.at[place]
		middle := (x + to[0]) / 2
		d += fmt.Sprintf("C%s %s %s %s %s %s", px(middle), px(y), px(middle), px(to[1]), px(to[0]), px(to[1]))
		if x, y = to[0], to[1]; place != route[len(route)-1] {
			x += nodeWidth
			d += "H" + px(x)
		}
	}
	return d
}
