package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/internal/nearest"
	"alignctl/lake"
	"alignctl/prove"
)

// lineageFormats are the values of -o of lake explain.
var lineageFormats = []string{"text", "json", "dot"}

func lakeExplainCommand(t *terminal) *cli.Command {
	var format string
	return checked(&cli.Command{
		Name:  "explain",
		Usage: "show the chain from a table, model or metric back to raw files",
		Description: "WHAT is a table, a table at a version (TABLE@TAG, @RUN, @DATE, @SNAPSHOT), or a run: a load, a\n" +
			"build, a training run (its model), an evaluation (its answers and metrics). A table whose scopes\n" +
			"(languages, sources, runs) were made by several runs shows each scope with its run.",
		Flags: t.flags(oneOf(&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "text", Destination: &format,
			Usage: "`FORMAT`: text (a tree), json, or dot (for Graphviz)"}, lineageFormats...)),
		Action: func(c *cli.Context) error {
			write, known := lineageWriters[format]
			if !known {
				return usagef("unknown output format %q%s", format, nearest.Hint(format, lineageFormats))
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				g, err := prove.Explain(ctx, l, c.Args().First())
				if err != nil {
					return err
				}
				return write(t.out, g)
			})
		},
	}, oneArgument("WHAT"))
}

var lineageWriters = map[string]func(io.Writer, *lake.Lineage) error{
	"text": writeLineageText, "json": writeLineageJSON, "dot": writeLineageDot,
}

func writeLineageJSON(w io.Writer, g *lake.Lineage) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(g)
}

// writeLineageText writes a tree for each root. A node whose branches stand
// further up is only named again.
func writeLineageText(w io.Writer, g *lake.Lineage) error {
	t := lineageTree{graph: g, shown: map[string]bool{}}
	for _, root := range g.Roots {
		t.node(root, "", "")
	}
	_, err := io.WriteString(w, t.text.String())
	return err
}

type lineageTree struct {
	graph *lake.Lineage
	shown map[string]bool
	text  strings.Builder
}

// node writes a node after first, and what it came from after rest.
func (t *lineageTree) node(id, first, rest string) {
	n := t.graph.Node(id)
	head, details := lineageLabel(n)
	head, details = oneLine(head), oneLines(details)
	if t.shown[id] {
		fmt.Fprintf(&t.text, "%s%s (above)\n", first, head)
		return
	}
	t.shown[id] = true
	fmt.Fprintf(&t.text, "%s%s\n", first, strings.Join(append([]string{head}, details...), "  "))
	for i, from := range n.From {
		if i == len(n.From)-1 {
			t.node(from, rest+"└─ ", rest+"   ")
		} else {
			t.node(from, rest+"├─ ", rest+"│  ")
		}
	}
}

// lineageLabel names a node, and tells the rest about it.
func lineageLabel(n *lake.Node) (head string, details []string) {
	switch n.Kind {
	case lake.RunKind:
		return "run " + n.Run.ID, []string{n.Run.Command, string(n.Run.Status),
			n.Run.StartedAt.UTC().Format(time.RFC3339), "alignctl " + n.Run.Version}
	case lake.FileKind:
		f := n.File
		return "file " + f.Name, []string{"source " + f.Source, count(f.Rows, "row"), count(f.Bytes, "byte"),
			shortDigest(f.SHA256), "licence " + f.Licence, cmp.Or(f.Path, "place not recorded")}
	case lake.ModelKind:
		return n.Model.Kind + " model " + n.Model.Path,
			[]string{shortDigest(n.Model.SHA256), "not made by a run of this lake"}
	}
	return tableLabel(n)
}

func tableLabel(n *lake.Node) (head string, details []string) {
	table := n.Table
	head = table.Table + "@" + strconv.FormatInt(table.Snapshot, 10)
	if table.Scope != "" {
		head += " [" + table.Scope + "]"
	}
	details = []string{count(table.Rows, "row")}
	if table.Digest != "" {
		details = append(details, shortDigest(table.Digest))
	}
	if table.Model != nil {
		details = append(details, table.Model.Kind, table.Model.Path, shortDigest(table.Model.SHA256))
		if origin := table.Model.Origin(); origin != "" {
			details = append(details, origin)
		}
	}
	switch {
	case table.Run != "" && !slices.Contains(n.From, "run "+table.Run): // else it follows
		details = append(details, "by run "+table.Run)
	case table.Note != "":
		details = append(details, table.Note)
	}
	return head, details
}

func count(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// shortDigest is enough of a digest to tell it from others; "" of none.
func shortDigest(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	if hex == "" {
		return ""
	}
	return "sha256:" + hex[:min(12, len(hex))]
}

// lineageShapes are the Graphviz shapes of the kinds of nodes.
var lineageShapes = map[lake.NodeKind]string{lake.TableKind: "box", lake.RunKind: "ellipse", lake.FileKind: "note",
	lake.ModelKind: "component"}

// writeLineageDot writes a graph whose arrows go as the data went.
func writeLineageDot(w io.Writer, g *lake.Lineage) error {
	var b strings.Builder
	b.WriteString("digraph lineage {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=10];\n")
	for i := range g.Nodes {
		n := &g.Nodes[i]
		head, details := lineageLabel(n)
		fmt.Fprintf(&b, "  %s [shape=%s, label=%s];\n", dotQuote(n.ID), lineageShapes[n.Kind],
			dotQuote(strings.Join(append([]string{head}, details...), "\n")))
		for _, from := range n.From {
			fmt.Fprintf(&b, "  %s -> %s;\n", dotQuote(from), dotQuote(n.ID))
		}
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// dotQuote is a string of the DOT language; a line end in it starts a new line
// of a label.
func dotQuote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}
