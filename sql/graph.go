package sql

import (
	"context"
	"errors"
	"maps"
	"slices"

	"alignctl/lake"
)

// A Graph says which data set reads which tables, as their SQL does.
type Graph struct {
	Nodes []Node // by name
}

// A Node is a table of the graph.
type Node struct {
	Name  string
	State State
	Rows  int64
	Stale []string // of a data set that is out of date: what has changed, in words
	Reads []string // tables, by name; of a data set
}

// Graph works out the graph of all data sets from their queries and audits, and
// how each of them stands in the lake.
func (c *Catalogue) Graph(ctx context.Context, l *lake.Lake) (_ *Graph, err error) {
	s, err := c.overview(ctx, l)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.session.Close()) }()
	nodes := map[string]Node{}
	for _, v := range c.views {
		reads, err := s.reads(ctx, v)
		if err != nil {
			return nil, err
		}
		held, err := s.holding(ctx, v)
		if err != nil {
			return nil, err
		}
		nodes[v.Name] = dataSet(v, reads, held)
		for _, table := range reads {
			if _, known := nodes[table]; !known {
				nodes[table] = s.table(table)
			}
		}
	}
	g := &Graph{}
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		g.Nodes = append(g.Nodes, nodes[name])
	}
	return g, nil
}

func dataSet(v *View, reads []string, held *Holding) Node {
	n := Node{Name: v.Name, State: held.state(), Reads: reads}
	if held != nil {
		n.Rows, n.Stale = held.Rows, held.Stale
	}
	return n
}

// table is the node of what no view is known of yet.
func (s *overview) table(name string) Node {
	pin, there := s.now.pins[name]
	if !there {
		return Node{Name: name, State: StateMissing}
	}
	return Node{Name: name, State: StateTable, Rows: pin.Rows}
}

// Node finds a node by name; nil when there is none.
func (g *Graph) Node(name string) *Node {
	at := slices.IndexFunc(g.Nodes, func(n Node) bool { return n.Name == name })
	if at < 0 {
		return nil
	}
	return &g.Nodes[at]
}

// Readers are the data sets that read a table, by name.
func (g *Graph) Readers(table string) (names []string) {
	for _, n := range g.Nodes {
		if slices.Contains(n.Reads, table) {
			names = append(names, n.Name)
		}
	}
	return names
}

// Around is the part of the graph that a table comes from, and that comes from
// it.
func (g *Graph) Around(table string) *Graph {
	kept := map[string]bool{}
	g.follow(table, kept, func(name string) []string {
		if n := g.Node(name); n != nil {
			return n.Reads
		}
		return nil
	})
	delete(kept, table)
	g.follow(table, kept, g.Readers)
	part := &Graph{}
	for _, n := range g.Nodes {
		if kept[n.Name] {
			n.Reads = slices.DeleteFunc(slices.Clone(n.Reads), func(name string) bool { return !kept[name] })
			part.Nodes = append(part.Nodes, n)
		}
	}
	return part
}

// follow marks what is reached from a table.
func (g *Graph) follow(table string, reached map[string]bool, next func(string) []string) {
	if reached[table] {
		return
	}
	reached[table] = true
	for _, name := range next(table) {
		g.follow(name, reached, next)
	}
}
