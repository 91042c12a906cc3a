package etl

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/lake/duck"
)

func newDB(t *testing.T) *duck.DB {
	t.Helper()
	db, err := duck.Open(context.Background(), duck.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// stageFile checks and stages a file and returns the staged rows, as text.
func stageFile(t *testing.T, db *duck.DB, path string) []string {
	t.Helper()
	ctx := context.Background()
	f, err := Check(ctx, path, testLayouts, CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return stageChecked(t, db, f)
}

// stageChecked stages a checked file and returns the staged rows, as text.
func stageChecked(t *testing.T, db *duck.DB, f *Checked) []string {
	t.Helper()
	ctx := context.Background()
	if err := Stage(ctx, db, "staged", f); err != nil {
		t.Fatal(err)
	}
	columns := make([]string, 0, len(f.Columns))
	for _, c := range f.Columns {
		if c.Name != "" {
			columns = append(columns, "'"+c.Name+"': "+c.Name)
		}
	}
	rows, err := db.Query(ctx, "select {'line': "+f.Line()+", 'record': {"+strings.Join(columns, ", ")+"}}::text from staged order by "+f.Line())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	return out
}

func TestStage(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"a quoted NA and what looks like nothing are words": {
			"word,n\n\"NA\",NA\nnull,\"NA\"\nNULL,\nnan,1\nNone,3\ntrue,-4\n",
			[]string{
				"{'line': 2, 'record': {'word': NA, 'n': NULL}}", "{'line': 3, 'record': {'word': 'null', 'n': NULL}}",
				"{'line': 4, 'record': {'word': 'NULL', 'n': NULL}}", "{'line': 5, 'record': {'word': nan, 'n': 1}}",
				"{'line': 6, 'record': {'word': None, 'n': 3}}", "{'line': 7, 'record': {'word': true, 'n': -4}}",
			},
		},
		"columns by name": {"n,word\n1,a\n", []string{"{'line': 2, 'record': {'n': 1, 'word': a}}"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f.csv")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, stageFile(t, newDB(t), path)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestStageTakesAnyPath names files as DuckDB would expand or interpret them.
func TestStageTakesAnyPath(t *testing.T) {
	db := newDB(t)
	for _, name := range []string{"a[1]*.csv", "what?.csv", "it's.csv", "lang=en/f.csv", "blank in name.csv", "数据.csv", "f.csv.gz", "%20.csv"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		for decoy, text := range map[string]string{path: "word,n\na,1\n", filepath.Join(dir, "a1x.csv"): "word,n\nb,2\n"} {
			if err := os.WriteFile(decoy, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"{'line': 2, 'record': {'word': a, 'n': 1}}"}, stageFile(t, db, path)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestStageKeepsLines loads a file large enough for DuckDB to read it in
// parallel: each record's line must still be its own.
func TestStageKeepsLines(t *testing.T) {
	for name, end := range map[string]string{"LF": "\n", "CR LF": "\r\n"} {
		t.Run(name, func(t *testing.T) {
			const records = 300_000
			var text bytes.Buffer
			text.WriteString("word,n" + end)
			for i := range records {
				fmt.Fprintf(&text, "\"%s\",%d%s", strings.Repeat("é", i%97+1), i+2, end)
			}
			path := filepath.Join(t.TempDir(), "f.csv")
			if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, db := context.Background(), newDB(t)
			f, err := Check(ctx, path, testLayouts, CheckOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := Stage(ctx, db, "staged", f); err != nil {
				t.Fatal(err)
			}
			var rows, right int
			err = Scan(ctx, db, "select count(*), count(*) filter (where "+f.Line()+" = n and length(word) = (n - 2) % 97 + 1) from staged", &rows, &right)
			if err != nil || rows != records || right != records {
				t.Errorf("%d rows, %d at their line (%v)", rows, right, err)
			}
		})
	}
}
