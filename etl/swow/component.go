package swow

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"alignctl/etl"
)

// A digraph is the cues of a population by their numbers, each with the cues
// that were given as responses to it. Words that are no cue have no edges.
type digraph [][]int32

// add adds an edge.
func (g *digraph) add(from, to int32) {
	if most := int(max(from, to)); most >= len(*g) {
		*g = append(*g, make(digraph, most+1-len(*g))...)
	}
	(*g)[from] = append((*g)[from], to)
}

// clear takes all edges away, and keeps their room for others.
func (g digraph) clear() {
	for i := range g {
		g[i] = g[i][:0]
	}
}

// largestComponent gives the nodes of the largest strongly connected component:
// from each of them every other can be reached. Of several the one with the
// smallest node counts. It is Tarjan's algorithm (1972) with a stack of its
// own, so that a long chain of cues doesn't exhaust Go's.
func (g digraph) largestComponent() []int32 {
	s := &tarjan{graph: g, index: make([]int32, len(g)), low: make([]int32, len(g)), open: make([]bool, len(g))}
	for node := range g {
		if s.index[node] == 0 {
			s.visit(int32(node))
		}
	}
	return s.largest
}

// tarjan is the state of a search. Its slices go by node.
type tarjan struct {
	graph   digraph
	index   []int32 // when a node was first seen, 1 first; 0: not yet
	low     []int32 // the earliest open node that it reaches
	open    []bool  // on the stack
	seen    int32   // nodes so far
	stack   []int32
	largest []int32
}

// A frame is a node under visit and how many of its edges have been followed.
type frame struct {
	node int32
	next int
}

func (s *tarjan) visit(root int32) {
	frames := []frame{s.enter(root)}
	for len(frames) > 0 {
		top := &frames[len(frames)-1]
		if edges := s.graph[top.node]; top.next < len(edges) {
			target := edges[top.next]
			top.next++
			if s.index[target] == 0 {
				frames = append(frames, s.enter(target))
			} else if s.open[target] {
				s.low[top.node] = min(s.low[top.node], s.index[target])
			}
			continue
		}
		node := top.node
		frames = frames[:len(frames)-1]
		if len(frames) > 0 {
			parent := frames[len(frames)-1].node
			s.low[parent] = min(s.low[parent], s.low[node])
		}
		if s.low[node] == s.index[node] {
			s.close(node)
		}
	}
}

func (s *tarjan) enter(node int32) frame {
	s.seen++
	s.index[node], s.low[node], s.open[node] = s.seen, s.seen, true
	s.stack = append(s.stack, node)
	return frame{node: node}
}

// close takes the component of a node off the stack.
func (s *tarjan) close(node int32) {
	at := len(s.stack) - 1
	for s.stack[at] != node {
		at--
	}
	component := s.stack[at:]
	for _, n := range component {
		s.open[n] = false
	}
	if larger(component, s.largest) {
		s.largest = append([]int32(nil), component...)
	}
	s.stack = s.stack[:at]
}

func larger(a, b []int32) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return smallest(a) < smallest(b)
}

func smallest(nodes []int32) int32 {
	least := nodes[0]
	for _, n := range nodes {
		least = min(least, n)
	}
	return least
}

// graphQuery gives the edges of a population among cues; an edge from a cue to
// itself joins nothing.
const graphQuery = `select e.cue, e.word, e.n1 > 0 from swow_edge e
	join swow_asked a on a.population = e.population and a.cue = e.word where e.cue <> e.word and e.population = %d`

// components fills swow_component with the largest strongly connected component
// of each population, by first responses and by all. Populations come one at a
// time, as their edges stand in memory.
func (c *cleaning) components(ctx context.Context, populations int) error {
	var first, all digraph
	for population := 1; population <= populations; population++ {
		first.clear()
		all.clear()
		if err := c.graph(ctx, population, &first, &all); err != nil {
			return err
		}
		if err := c.insertComponent(ctx, population, 1, first.largestComponent()); err != nil {
			return err
		}
		if err := c.insertComponent(ctx, population, 123, all.largestComponent()); err != nil {
			return err
		}
	}
	return nil
}

// mostWords is how many words a language has at most: there is room for as many
// nodes as the largest number says.
const mostWords = 1 << 26

// graph adds the edges of a population, by first responses and by all.
func (c *cleaning) graph(ctx context.Context, population int, first, all *digraph) error {
	number := arrow.PrimitiveTypes.Int32
	rows := etl.Typed(c.engine.Rows(ctx, fmt.Sprintf(graphQuery, population)),
		etl.Columns(number, number, arrow.FixedWidthTypes.Boolean)...)
	for batch, err := range rows {
		if err != nil {
			return err
		}
		to, isFirst := batch.Column(1).(*array.Int32), batch.Column(2).(*array.Boolean)
		for i, from := range batch.Column(0).(*array.Int32).Int32Values() {
			if min(from, to.Value(i)) < 0 || max(from, to.Value(i)) > mostWords {
				return fmt.Errorf("the engine gave an edge from word %d to word %d", from, to.Value(i))
			}
			if all.add(from, to.Value(i)); isFirst.Value(i) {
				first.add(from, to.Value(i))
			}
		}
	}
	return nil
}

func (c *cleaning) insertComponent(ctx context.Context, population, slots int, component []int32) error {
	if len(component) < 2 {
		return nil // a cue by itself joins nothing
	}
	cues := make([]string, len(component))
	for i, cue := range component {
		cues[i] = strconv.Itoa(int(cue))
	}
	insert := fmt.Sprintf("insert into swow_component select %d, unnest(string_split(?, ','))::int, %d", population, slots)
	return c.session.Exec(ctx, insert, strings.Join(cues, ","))
}
