package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alignctl/etl/norms"
	"alignctl/etl/swow"
	"alignctl/etl/wvs"
	"alignctl/eval"
	"alignctl/eval/suite"
	evalwvs "alignctl/eval/wvs"
	"alignctl/internal/golden"
	"alignctl/lake"
	"alignctl/sql"
	"alignctl/train"
)

// checkDoc compares a made document with the one in docs/.
func checkDoc(t *testing.T, name, got string) {
	t.Helper()
	golden.Check(t, filepath.Join("..", "..", "docs", name), got)
}

func TestDocsTables(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Tables\n\nEvery table of a lake, made from the specs that its writers declare " +
		"(`go test ./cmd/alignctl -run Docs -update`).\n")
	for _, specs := range [][]lake.Spec{swow.Specs(), norms.Specs(), wvs.Specs(), train.Specs(), eval.Specs(),
		evalwvs.Specs(), suite.Specs(), lake.Specs()} {
		for _, s := range specs {
			writeSpec(&b, s)
		}
	}
	catalogue, err := sql.LoadCatalogue("")
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("\n# Views\n\nThey stand in each query session, over the tables of its version.\n")
	for _, v := range catalogue.Live() {
		writeView(&b, v)
	}
	b.WriteString("\n# Data sets\n\nMade by `alignctl data build NAME`; a parameter is set with `--set NAME=VALUE`.\n")
	for _, v := range catalogue.Views() {
		writeView(&b, v)
	}
	checkDoc(t, "tables.md", b.String())
}

func writeSpec(b *strings.Builder, s lake.Spec) {
	fmt.Fprintf(b, "\n## %s\n\nA row: %s. Key: %s. Licence class: %s.\n", s.Name, lowerFirst(strings.TrimSuffix(s.Doc, ".")),
		strings.Join(s.Key, ", "), s.Licence)
	if s.Scope != "" {
		fmt.Fprintf(b, "A run replaces the rows of a whole %s.\n", s.Scope)
	}
	b.WriteString("\n| column | type | | unit | meaning |\n|---|---|---|---|---|\n")
	for _, c := range s.Columns {
		null := "may be null"
		if c.Required || slices.Contains(s.Key, c.Name) {
			null = ""
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", c.Name, c.Type.SQL(), null, c.Unit, escapeBar(c.Doc))
	}
}

func writeView(b *strings.Builder, v *sql.View) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\nKey: %s. Licence class: %s.\n\n", v.Name, v.Doc, strings.Join(v.Key, ", "), v.Licence)
	if v.Scope != "" {
		fmt.Fprintf(b, "A build replaces the rows of one %s.\n\n", v.Scope)
	}
	if len(v.Params) > 0 {
		b.WriteString("| parameter | default | meaning |\n|---|---|---|\n")
	}
	for _, p := range v.Params {
		fmt.Fprintf(b, "| %s | %v | %s |\n", p.Name, p.Default, escapeBar(p.Doc))
	}
	if len(v.Params) > 0 {
		b.WriteString("\n")
	}
	b.WriteString("| column | unit | meaning |\n|---|---|---|\n")
	for _, c := range v.Columns {
		fmt.Fprintf(b, "| %s | %s | %s |\n", c.Name, c.Unit, escapeBar(c.Doc))
	}
}

func escapeBar(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// TestDocsCommands makes docs/commands.md, an index, and a page for each command.
func TestDocsCommands(t *testing.T) {
	app := newApp(newTerminal(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}))
	var index strings.Builder
	index.WriteString("# Commands\n\nEvery command, as `--help` describes it (`go test ./cmd/alignctl -run Docs -update`). " +
		"Flags stand before arguments.\n\n| command | |\n|---|---|\n")
	pages := map[string]bool{}
	for _, l := range leaves("", app.Commands) {
		page := strings.ReplaceAll(l.name, " ", "-") + ".md"
		pages[page] = true
		fmt.Fprintf(&index, "| [%s](commands/%s) | %s |\n", l.name, page, escapeBar(l.Usage))
		checkDoc(t, filepath.Join("commands", page), commandPage(l))
	}
	checkDoc(t, "commands.md", index.String())
	dropOtherPages(t, pages)
}

// dropOtherPages finds pages of commands that aren't there any more.
func dropOtherPages(t *testing.T, pages map[string]bool) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "..", "docs", "commands", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		if pages[filepath.Base(path)] {
			continue
		}
		if !golden.Updating() {
			t.Errorf("%s is the page of no command (go test ./cmd/alignctl -run Docs -update)", path)
		} else if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

func commandPage(l leaf) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# alignctl %s\n\n%s.\n", strings.TrimSpace(l.name+" "+l.ArgsUsage), upperFirst(l.Usage))
	if l.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", l.Description)
	}
	b.WriteString("\n```sh\n")
	for _, e := range l.examples {
		if e.why != "" {
			fmt.Fprintf(&b, "# %s\n", e.why)
		}
		fmt.Fprintln(&b, e.line)
	}
	b.WriteString("```\n")
	if len(l.Flags) > 0 {
		b.WriteString("\n| flag | default | meaning |\n|---|---|---|\n")
	}
	for _, f := range l.Flags {
		if doc, ok := documentFlag(f); ok {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.Join(doc.names, "`, `"), escapeBar(doc.value), escapeBar(doc.usage))
		}
	}
	b.WriteString("\n| exit code | meaning |\n|---|---|\n")
	for _, e := range l.exits(l.Command) {
		fmt.Fprintf(&b, "| %d | %s |\n", e.code, e.meaning)
	}
	return b.String()
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
