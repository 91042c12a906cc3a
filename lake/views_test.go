package lake

import (
	"path/filepath"
	"testing"

	"alignctl/lake/duck"
)

// The text runs in a DuckDB that knows nothing of the lake, wherever that is.
func TestViewsSQL(t *testing.T) {
	localOnly(t, "the views read from the bucket, by an extension that this DuckDB lacks")
	for _, name := range []string{"plain", "o'clock 词语 \"x\"", "a[1]*?", "100%20"} {
		t.Run(name, func(t *testing.T) {
			l := newLakeIn(t, filepath.Join(t.TempDir(), name))
			first := writeNow(t, l, wordSpec(), "o'en", words("o''en", 3))
			writeNow(t, l, wordSpec(), "o'en", words("o''en", 4))
			writeNow(t, l, exampleSpec(), "", exampleQuery)
			pins, err := l.At(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			pins["core.word"] = first
			views, err := l.ViewsSQL(t.Context(), pins)
			if err != nil {
				t.Fatal(err)
			}
			db, err := duck.Open(t.Context(), duck.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			for range 2 { // it may be read again
				if err := db.Exec(t.Context(), views); err != nil {
					t.Fatalf("%v in:\n%s", err, views)
				}
			}
			n, err := db.Count(t.Context(), `select (select count(*) from core.word) * 100 +
				(select count(*) from data.example where messages[1].role = 'user') * 10 + (select count(*) from meta.runs)`)
			if err != nil || n != 333 {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
}
