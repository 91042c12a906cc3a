package swow

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// A digraph is the cues of a population by their numbers, each with the cues
// that were given as responses to it.
type digraph map[int32][]int32

// largestComponent gives the nodes of the largest strongly connected component:
// from each of them every other can be reached. Of several the one with the
// smallest node counts. It is Tarjan's algorithm (1972) with a stack of its
// own, so that a long chain of cues doesn't exhaust Go's.
func (g digraph) largestComponent() []int32 {
	s := &tarjan{graph: g, index: make(map[int32]int32, len(g)), low: make(map[int32]int32, len(g)),
		open: make(map[int32]bool, len(g))}
	for node := range g {
		if _, seen := s.index[node]; !seen {
			s.visit(node)
		}
	}
	return s.largest
}

// tarjan is the state of a search.
type tarjan struct {
	graph   digraph
	index   map[int32]int32 // when a node was first seen
	low     map[int32]int32 // the earliest open node that it reaches
	open    map[int32]bool  // on the stack
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
			if seen, known := s.index[target]; !known {
				frames = append(frames, s.enter(target))
			} else if s.open[target] {
				s.low[top.node] = min(s.low[top.node], seen)
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
	s.index[node] = int32(len(s.index))
	s.low[node] = s.index[node]
	s.open[node] = true
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
const graphQuery = `select e.population, e.cue, e.word, e.n1 > 0 from swow_edge e
	join swow_asked a on a.population = e.population and a.cue = e.word where e.cue <> e.word`

// components fills swow_component with the largest strongly connected component
// of each population, by first responses and by all.
func (c *cleaning) components(ctx context.Context) error {
	rows, err := c.session.Query(ctx, graphQuery)
	if err != nil {
		return err
	}
	defer rows.Close()
	graphs := map[[2]int]digraph{}
	add := func(population, slots int, from, to int32) {
		key := [2]int{population, slots}
		if graphs[key] == nil {
			graphs[key] = digraph{}
		}
		graphs[key][from] = append(graphs[key][from], to)
	}
	for rows.Next() {
		var population int
		var from, to int32
		var first bool
		if err := rows.Scan(&population, &from, &to, &first); err != nil {
			return err
		}
		if add(population, 123, from, to); first {
			add(population, 1, from, to)
		}
	}
	if err := rows.Close(); err != nil {
		return err
	}
	return c.insertComponents(ctx, graphs)
}

func (c *cleaning) insertComponents(ctx context.Context, graphs map[[2]int]digraph) error {
	for key, graph := range graphs {
		component := graph.largestComponent()
		if len(component) < 2 {
			continue // a cue by itself joins nothing
		}
		cues := make([]string, len(component))
		for i, cue := range component {
			cues[i] = strconv.Itoa(int(cue))
		}
		insert := fmt.Sprintf("insert into swow_component select %d, unnest(string_split(?, ','))::int, %d", key[0], key[1])
		if err := c.session.Exec(ctx, insert, strings.Join(cues, ",")); err != nil {
			return err
		}
	}
	return nil
}
