package sql

import (
	stdsql "database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// openSet opens a data set of the world.
func (w *world) openSet(t *testing.T, name string) *DataSet {
	t.Helper()
	d, err := w.catalogue.OpenDataSet(w.ctx, w.lake, name, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// buildSet builds a data set of the world.
func (w *world) buildSet(t *testing.T, name string, set map[string]string) {
	t.Helper()
	if _, err := w.catalogue.Build(w.ctx, w.lake, name, BuildOptions{Set: set}); err != nil {
		t.Fatal(err)
	}
}

// read gives the examples of a selection.
func read(t *testing.T, d *DataSet, s Selection) (examples []Example) {
	t.Helper()
	err := d.Each(t.Context(), s, func(e Example) error {
		examples = append(examples, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return examples
}

func TestDataSetGivesExamplesByKey(t *testing.T) {
	w := bigWorld(t, "testdata/workspace")
	if _, err := w.catalogue.OpenDataSet(w.ctx, w.lake, "sft_ranked", ""); err == nil ||
		!strings.Contains(err.Error(), "run alignctl data build data.sft_ranked") {
		t.Errorf("open before the build: %v", err)
	}
	w.buildSet(t, "sft_ranked", map[string]string{"template": "terse", "top": "2"})
	d := w.openSet(t, "sft_ranked")
	examples := read(t, d, Selection{Count: 2})
	if len(examples) != 2 {
		t.Fatalf("%d examples, want 2", len(examples))
	}
	e := examples[1]
	if e.Fields[0] != (Field{"example_id", "en:cue10:001"}) || e.Answers[0] != (Field{"completion", "word0 / word1"}) ||
		!slices.Equal(e.Messages, []Message{{"system", "You answer briefly."}, {"user", "cue10 ="}}) {
		t.Errorf("example %+v", e)
	}
	for _, e := range read(t, d, Selection{Split: "test", Count: 3}) {
		if e.Field("split") != "test" {
			t.Errorf("of split test: %+v", e)
		}
	}
	drawn := ids(read(t, d, Selection{Split: "dev", Count: 5, Draw: true}))
	const want = `SELECT example_id FROM data.sft_ranked WHERE split = 'dev' ORDER BY md5(example_id) LIMIT 5`
	if got, err := w.query("SELECT string_agg(example_id, ' ' ORDER BY example_id) FROM (" + want + ")"); err != nil ||
		strings.Join(drawn, " ")+"\n" != got {
		t.Errorf("drawn %v, want %s, %v", drawn, got, err)
	}
}

func ids(examples []Example) (ids []string) {
	for _, e := range examples {
		ids = append(ids, e.Field("example_id"))
	}
	return ids
}

// wide has a key of two columns, more rows than a page, and columns that
// aren't what their names promise.
const wide = `-- view: data.wide
-- doc: A number of a letter.
-- key: letter, number
-- licence: open
SELECT chr((97 + n % 3)::INTEGER) AS letter, n AS number, 'text' AS messages, n AS completion, [{'item': 'a', 'n': 2}, {'item': NULL, 'n': 1}] AS label
FROM (SELECT unnest(range(30000)) AS n FROM core.strength WHERE cue = 'cue0' AND response = 'word0')
`

func TestDataSetIsReadInPages(t *testing.T) {
	w := bigWorld(t, workspace(t, map[string]string{"views/wide.sql": wide}))
	w.buildSet(t, "wide", nil)
	d := w.openSet(t, "wide")
	examples := read(t, d, Selection{})
	if len(examples) != 30000 {
		t.Fatalf("%d examples, want 30000", len(examples))
	}
	want := Example{Label: [][]Field{{{"item", "a"}, {"n", "2"}}, {{"item", ""}, {"n", "1"}}},
		Fields: []Field{{"letter", "a"}, {"number", "3"}, {"messages", "text"}, {"completion", "3"}}}
	if diff := cmp.Diff(want, examples[1]); diff != "" {
		t.Error(diff)
	}
	if got := read(t, d, Selection{Count: 25000, Draw: true}); len(got) != 25000 {
		t.Errorf("%d examples drawn, want 25000", len(got))
	}
	if _, err := d.Count(w.ctx, Selection{Split: "train"}); err == nil || !strings.Contains(err.Error(), "no column split") {
		t.Errorf("count a split: %v", err)
	}
	groups, err := d.Groups(w.ctx)
	if diff := cmp.Diff([]Group{{Examples: 30000}}, groups); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
}

func TestGroups(t *testing.T) {
	w := bigWorld(t, "testdata/workspace")
	w.buildSet(t, "sft_ranked", map[string]string{"template": "terse", "top": "2", "copies": "1", "share": "1"})
	groups, err := w.openSet(t, "sft_ranked").Groups(w.ctx)
	if err != nil || len(groups) != 3 {
		t.Fatalf("%+v, %v", groups, err)
	}
	// The prompts say 19 characters and cue80 = to cue99 =; the answer is word0 / word1.
	want := Group{Language: "en", Split: "test", Examples: 20, Cues: valid(20), Answers: valid(1), Items: valid(40),
		Characters: valid(20 * (19 + 7 + 13))}
	if diff := cmp.Diff(want, groups[2]); diff != "" || groups[0].Split != "train" || groups[1].Split != "dev" {
		t.Errorf("%+v\n%s", groups, diff)
	}
}

func valid(n int64) stdsql.Null[int64] { return stdsql.Null[int64]{V: n, Valid: true} }
