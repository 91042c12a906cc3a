package sql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/internal/golden"
	"alignctl/lake"
)

// TestViews runs testdata/*.test, each over a lake of its own. A file is a
// sequence of blocks; lines that start with # are comments:
//
//	table core.strength key language, cue, response
//	SELECT ... the rows of an input table
//
//	build data.sft_ranked copies=2
//	----
//	the rows built, those of its inputs before them, or the error
//
//	query
//	SELECT ... FROM data.sft_ranked
//	----
//	the rows, tab-separated, or the error
func TestViews(t *testing.T) {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test"), func(t *testing.T) { runViewTest(t, file) })
	}
}

func runViewTest(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := parseBlocks(string(text))
	world := newWorld(t, "testdata/workspace")
	for i := range blocks {
		got := world.run(blocks[i])
		if diff := cmp.Diff(blocks[i].want, got); diff != "" && !golden.Updating() {
			t.Errorf("%s:%d: %s (-want +got)\n%s", file, blocks[i].line, blocks[i].command, diff)
		}
		blocks[i].want = got
	}
	if golden.Updating() {
		golden.Write(t, file, formatBlocks(blocks))
	}
}

// A block is one step of a test file.
type block struct {
	lead    string // comments and blank lines before it
	command string // its first line
	body    string // SQL
	want    string // "" or lines, each with its end
	line    int
}

func parseBlocks(text string) []block {
	var blocks []block
	var lead strings.Builder
	inWant, inBlock := false, false
	for i, line := range strings.SplitAfter(text, "\n") {
		first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case !inWant && (first == "table" || first == "build" || first == "query"):
			blocks = append(blocks, block{lead: lead.String(), command: strings.TrimSpace(line), line: i + 1})
			lead.Reset()
			inBlock = true
		case !inBlock:
			lead.WriteString(line)
		case strings.TrimSpace(line) == "":
			inBlock, inWant = false, false
			lead.WriteString(line)
		case strings.TrimSpace(line) == "----":
			inWant = true
		case inWant:
			blocks[len(blocks)-1].want += line
		default:
			blocks[len(blocks)-1].body += line
		}
	}
	return blocks
}

func formatBlocks(blocks []block) string {
	var b strings.Builder
	for _, block := range blocks {
		fmt.Fprintf(&b, "%s%s\n%s", block.lead, block.command, block.body)
		if block.want != "" {
			fmt.Fprintf(&b, "----\n%s", block.want)
		}
	}
	return b.String()
}

// A world is a lake and a catalogue to test on.
type world struct {
	t         *testing.T
	ctx       context.Context
	lake      *lake.Lake
	catalogue *Catalogue
}

func newWorld(t *testing.T, workspace string) *world {
	t.Helper()
	ctx := t.Context()
	l, err := lake.Init(ctx, filepath.Join(t.TempDir(), "lake"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	c, err := LoadCatalogue(workspace)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, ctx: ctx, lake: l, catalogue: c}
}

// run does a block's step and gives what it shows.
func (w *world) run(b block) string {
	w.t.Helper()
	words := strings.Fields(b.command)
	switch words[0] {
	case "table":
		_, key, _ := strings.Cut(b.command, " key ")
		w.table(words[1], strings.Split(key, ", "), b.body)
		return ""
	case "build":
		return w.build(words[1], words[2:])
	}
	text, err := w.query(b.body)
	if err != nil {
		// A blank line would end the block.
		return "error: " + strings.TrimSpace(strings.ReplaceAll(err.Error(), "\n\n", "\n")) + "\n"
	}
	return text
}

// table makes an input table of the rows of a query. One whose key begins with
// the scope that the catalogue has for it gets its rows scope by scope.
func (w *world) table(name string, key []string, query string) {
	w.t.Helper()
	run, err := w.lake.Begin(w.ctx, lake.RunInfo{Command: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	defer run.Close()
	view := &View{Name: name, Key: key, Licence: lake.OpenData, Query: Statement{SQL: query}}
	spec, err := view.spec(w.ctx, run.Session())
	if err != nil {
		w.t.Fatal(err)
	}
	scopes := map[string]string{"": query}
	if data, err := w.catalogue.View(name); err == nil && data.Scope == key[0] {
		spec.Scope, scopes = key[0], w.scopes(run, key[0], query)
	}
	for scope, query := range scopes {
		if _, err := run.Write(w.ctx, spec, scope, query); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err := run.Publish(w.ctx, lake.Done); err != nil {
		w.t.Fatal(err)
	}
}

// scopes parts a query by the values of a column.
func (w *world) scopes(run *lake.Run, column, query string) map[string]string {
	w.t.Helper()
	rows, err := run.Session().Query(w.ctx, "SELECT DISTINCT "+column+" FROM ("+query+"\n)")
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	scopes := map[string]string{}
	for rows.Next() {
		var scope string
		if err := rows.Scan(&scope); err != nil {
			w.t.Fatal(err)
		}
		scopes[scope] = "SELECT * FROM (" + query + "\n) WHERE " + column + " = '" + scope + "'"
	}
	return scopes
}

func (w *world) build(name string, settings []string) string {
	set := map[string]string{}
	for _, s := range settings {
		key, value, _ := strings.Cut(s, "=")
		set[key] = value
	}
	built, err := w.catalogue.Build(w.ctx, w.lake, name, BuildOptions{Set: set})
	var b strings.Builder
	for _, input := range built.Inputs {
		b.WriteString(named(input.Table, input.Scope) + ": " + describe(input))
	}
	if err != nil {
		return b.String() + "error: " + err.Error() + "\n"
	}
	return b.String() + describe(built)
}

func describe(b Built) string {
	if b.Reused {
		return fmt.Sprintf("%d rows, reused\n", b.Rows)
	}
	return fmt.Sprintf("%d rows\n", b.Rows)
}

// query gives the rows of a query as lines of tab-separated values.
func (w *world) query(query string) (text string, err error) {
	rows, err := Query(w.ctx, w.lake, query, "")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var b strings.Builder
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return "", err
		}
		cells := make([]string, len(values))
		for i, v := range values {
			if raw, isJSON := v.(json.RawMessage); isJSON {
				v = string(raw)
			}
			cells[i] = fmt.Sprint(v)
		}
		b.WriteString(strings.Join(cells, "\t") + "\n")
	}
	return b.String(), rows.Err()
}
