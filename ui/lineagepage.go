package ui

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"alignctl/internal/chart"
	"alignctl/lake"
	"alignctl/sql"
)

// A lineageBody is where a table or a run came from.
type lineageBody struct {
	Of      string
	Graph   chart.Figure
	Nodes   []lineageNode
	Choices []string
}

// A lineageNode is a line of the table beside the graph.
type lineageNode struct {
	Kind, Name, Detail, Digest, Link string
	From                             []string
}

func lineagePage(v *visit) (page, error) {
	b := lineageBody{Of: v.URL.Query().Get("of")}
	p := page{template: "lineage", Title: "Lineage", Tab: "lineage"}
	err := v.session(func(s *sql.Session) error {
		for _, t := range s.Tables() {
			if !strings.HasPrefix(t, "meta.") {
				b.Choices = append(b.Choices, t)
			}
		}
		return nil
	})
	if err == nil && b.Of != "" {
		err = b.trace(v)
	}
	p.Body = b
	return p, err
}

func (b *lineageBody) trace(v *visit) error {
	g, err := v.lake.Lineage(v.ctx, b.Of)
	if err != nil {
		return v.none(err)
	}
	names := map[string]string{}
	for _, n := range g.Nodes {
		line := lineOf(n)
		names[n.ID] = line.Name
		for _, from := range n.From {
			line.From = append(line.From, names[from])
		}
		b.Nodes = append(b.Nodes, line)
	}
	b.Graph = drawn(g, b.Of)
	return nil
}

// drawn is a lineage as a figure, in which runs are the arrows: with boxes of
// their own it would be twice as long.
func drawn(g *lake.Lineage, of string) chart.Figure {
	figure := chart.Graph{Text: chart.Text{Title: "Where " + of + " comes from",
		Desc: fmt.Sprintf("A graph of %d things, from raw files on the left to %s on the right; the table below lists them.", len(g.Nodes), of)}}
	for _, n := range g.Nodes {
		if n.Kind == lake.RunKind && !slices.Contains(g.Roots, n.ID) {
			continue
		}
		line := lineOf(n)
		figure.Nodes = append(figure.Nodes, chart.Node{ID: n.ID, Label: line.Name, Detail: line.Detail, Link: line.Link,
			Style: kindStyle[n.Kind]})
		for _, from := range n.From {
			figure.Edges = append(figure.Edges, edgesFrom(g, from, n.ID)...)
		}
	}
	figure.Edges = chart.Direct(figure.Edges)
	return figure
}

// edgesFrom leads from a node, or from what a run read, to what came of it.
func edgesFrom(g *lake.Lineage, from, to string) (edges []chart.Edge) {
	n := g.Node(from)
	if n == nil || n.Kind != lake.RunKind {
		return []chart.Edge{{From: from, To: to}}
	}
	for _, read := range n.From {
		edges = append(edges, chart.Edge{From: read, To: to})
	}
	return edges
}

// kindStyle tells the kinds of nodes apart.
var kindStyle = map[lake.NodeKind]chart.Style{lake.TableKind: 0, lake.RunKind: 1, lake.FileKind: 2, lake.ModelKind: 3}

func lineOf(n lake.Node) lineageNode {
	switch n.Kind {
	case lake.RunKind:
		return lineageNode{Kind: "run", Name: n.Run.ID, Detail: n.Run.Command, Link: "/runs/" + url.PathEscape(n.Run.ID)}
	case lake.FileKind:
		return lineageNode{Kind: "file", Name: n.File.Name, Detail: thousands(n.File.Rows) + " records, " + n.File.Source, Digest: n.File.SHA256}
	case lake.ModelKind:
		return lineageNode{Kind: n.Model.Kind + " model", Name: n.Model.Path, Detail: "not made here", Digest: n.Model.SHA256}
	}
	name := n.Table.Table
	if n.Table.Scope != "" {
		name += " [" + n.Table.Scope + "]"
	}
	detail := thousands(n.Table.Rows) + " rows"
	if n.Table.Note != "" {
		detail = n.Table.Note
	}
	return lineageNode{Kind: "table", Name: name, Detail: detail, Digest: n.Table.Digest, Link: "/tables/" + url.PathEscape(n.Table.Table)}
}
