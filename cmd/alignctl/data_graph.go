package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/sql"
)

func dataGraphCommand(t *terminal) *cli.Command {
	var format string
	return checked(&cli.Command{
		Name:  "graph",
		Usage: "which data set reads which tables, and what is out of date",
		Description: "The SQL of the data sets says it: there is no second list. With NAME, only what it comes from and\n" +
			"what comes from it. Without -o a tree, from the lake's tables to data sets; with -o dot or mermaid a\n" +
			"drawing's source; with another format a row for each edge.",
		Flags: t.flags(outputFlag(&format, "dot", "mermaid")),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runDataGraph(ctx, t, l, c.Args().First(), format)
			})
		},
	}, arguments{0, 1, "[NAME]"})
}

func runDataGraph(ctx context.Context, t *terminal, l *lake.Lake, name, format string) error {
	catalogue, err := openCatalogue()
	if err != nil {
		return err
	}
	g, err := catalogue.Graph(ctx, l)
	if err != nil {
		return err
	}
	if name != "" {
		if g, err = around(catalogue, g, name); err != nil {
			return err
		}
	}
	switch format {
	case "":
		return writeGraphTree(t.out, g)
	case "dot":
		return writeGraphDot(t.out, g)
	case "mermaid":
		return writeGraphMermaid(t.out, g)
	}
	return t.printRows(format, graphEdges(g))
}

// around is the part of a graph about a data set, or about a table that one
// reads.
func around(catalogue *sql.Catalogue, g *sql.Graph, name string) (*sql.Graph, error) {
	if g.Node(name) == nil {
		view, err := catalogue.View(name)
		if err != nil {
			return nil, err
		}
		name = view.Name
	}
	return g.Around(name), nil
}

func graphEdges(g *sql.Graph) *grid {
	edges := newGrid("from", "to", "from_state", "to_state")
	for _, n := range g.Nodes {
		for _, from := range n.Reads {
			edges.add(from, n.Name, string(g.Node(from).State), string(n.State))
		}
	}
	return edges
}

// nodeLabel says how a table stands.
func nodeLabel(n *sql.Node) string {
	label := string(n.State)
	if len(n.Stale) > 0 {
		label += " (" + strings.Join(n.Stale, "; ") + ")"
	}
	if n.State != sql.StateNotBuilt && n.State != sql.StateMissing {
		label += ", " + count(n.Rows, "row")
	}
	return label
}

// writeGraphTree writes a tree for each table that comes from no other here. A
// node whose branches stand further up is only named again.
func writeGraphTree(w io.Writer, g *sql.Graph) error {
	t := graphTree{graph: g, shown: map[string]bool{}}
	for _, n := range g.Nodes {
		if len(n.Reads) == 0 {
			t.node(n.Name, "", "")
		}
	}
	for _, n := range g.Nodes {
		if !t.shown[n.Name] { // one of a circle
			t.node(n.Name, "", "")
		}
	}
	_, err := io.WriteString(w, t.text.String())
	return err
}

type graphTree struct {
	graph *sql.Graph
	shown map[string]bool
	text  strings.Builder
}

// node writes a node after first, and its readers after rest.
func (t *graphTree) node(name, first, rest string) {
	if t.shown[name] {
		fmt.Fprintf(&t.text, "%s%s (above)\n", first, oneLine(name))
		return
	}
	t.shown[name] = true
	fmt.Fprintf(&t.text, "%s%s  %s\n", first, oneLine(name), oneLine(nodeLabel(t.graph.Node(name))))
	readers := t.graph.Readers(name)
	for i, reader := range readers {
		if i == len(readers)-1 {
			t.node(reader, rest+"└─ ", rest+"   ")
		} else {
			t.node(reader, rest+"├─ ", rest+"│  ")
		}
	}
}

// stateColours are the colours of boxes in drawings.
var stateColours = map[sql.State]string{sql.StateBuilt: "#c8e6c9", sql.StateOutOfDate: "#ffe0b2",
	sql.StateNotBuilt: "#eeeeee", sql.StateTable: "#bbdefb", sql.StateMissing: "#ffcdd2"}

func writeGraphDot(w io.Writer, g *sql.Graph) error {
	var b strings.Builder
	b.WriteString("digraph data {\n  rankdir=LR\n  node [shape=box, style=filled, fontname=\"sans-serif\"]\n")
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "  %s [label=%s, fillcolor=%q]\n", dotQuote(n.Name), dotQuote(n.Name+"\n"+nodeLabel(&n)),
			stateColours[n.State])
	}
	for _, n := range g.Nodes {
		for _, from := range n.Reads {
			fmt.Fprintf(&b, "  %s -> %s\n", dotQuote(from), dotQuote(n.Name))
		}
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func writeGraphMermaid(w io.Writer, g *sql.Graph) error {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, n := range g.Nodes {
		id := strings.ReplaceAll(n.Name, ".", "_")
		label := strings.ReplaceAll(nodeLabel(&n), `"`, "#quot;")
		fmt.Fprintf(&b, "  %s[\"%s<br>%s\"]\n  style %s fill:%s\n", id, n.Name, label, id, stateColours[n.State])
	}
	for _, edge := range graphEdges(g).rows {
		from, to := edge[0].(string), edge[1].(string)
		fmt.Fprintf(&b, "  %s --> %s\n", strings.ReplaceAll(from, ".", "_"), strings.ReplaceAll(to, ".", "_"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
