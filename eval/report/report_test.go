package report

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"alignctl/internal/chart"
)

func TestShorten(t *testing.T) {
	paths := map[string]string{"a": "runs/one/adapter", "b": "/x/runs/two/adapter/", "c": "smollm2"}
	want := map[string]string{"a": "one/adapter", "b": "two/adapter", "c": "smollm2"}
	if diff := cmp.Diff(want, shorten(paths)); diff != "" {
		t.Error(diff)
	}
}

func TestRowReadsValues(t *testing.T) {
	r := (&Table{Columns: []string{"a", "b", "c", "d", "e"}, Rows: [][]any{{int64(7), json.Number("0.5"), nil, json.RawMessage(`["x"]`), "text"}}}).rows()[0]
	if r.number("a") != 7 || r.number("b") != .5 || !math.IsNaN(r.number("c")) || !math.IsNaN(r.number("e")) || r.text("c") != "" || r.text("d") != `["x"]` {
		t.Errorf("read %v %v %v %q", r.number("a"), r.number("b"), r.number("c"), r.text("d"))
	}
}

// TestAnyWordsStayWords: whatever stands in a lake, a page has no element and
// Markdown no cell but those that the report makes.
func TestAnyWordsStayWords(t *testing.T) {
	words := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"<script>alert(1)</script>", "a|b\nc", "\\|", "\"><img src=x>", "`x`", "</pre>", "[a](b)", "\x00\xff"}))
	rapid.Check(t, func(t *rapid.T) {
		word := func() string { return words.Draw(t, "word") }
		table := &Table{Columns: []string{"a", word()}, Rows: [][]any{{word(), 1.5}, {nil, word()}}}
		r := &Report{Title: word(), Lead: word(), Made: word(), Command: "alignctl report", Sections: []Section{{ID: "one", Part: word(), Title: word(), Note: word(),
			Points: []string{word()}, Summary: table, Table: table, SQL: "select 1", Withheld: word(),
			Figures: []chart.Figure{chart.Stacks{Text: chart.Text{Title: word()}, Parts: []string{word()}, Rows: []chart.Stack{{Label: word(), Counts: []float64{1}}}}},
			Answers: []Answers{{Language: word(), Runs: []string{word()}, Cues: []Cue{{Word: word(), People: []string{word()}, Given: [][]Word{{{Text: word(), Shared: true}}}}}}}}}}
		var page, markdown strings.Builder
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		for element, want := range map[string]int{"<script": 0, "<img": 0, "<table": 2, "<section": 1, "<pre": 1, "<svg": 2, "<article": 1, "<h2": 1} {
			if n := strings.Count(page.String(), element); n != want {
				t.Errorf("%d of %s", n, element)
			}
		}
		if err := r.WriteMarkdown(&markdown); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(markdown.String()) {
			if cells := strings.Count(strings.NewReplacer(`\\`, "", `\|`, "").Replace(line), "|"); strings.HasPrefix(line, "|") && cells != 3 {
				t.Errorf("%d bars in %q", cells, line)
			}
			if strings.Contains(line, "<") {
				t.Errorf("an element in %q", line)
			}
		}
	})
}
