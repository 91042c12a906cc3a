package sql

import (
	"errors"
	"strings"
	"testing"

	"alignctl/lake"
)

// proven is a view whose query the tests give.
func proven(key, query string) string {
	return "-- view: data.proven\n-- doc: A row.\n-- key: " + key + "\n-- licence: open\n" + query + "\n"
}

func TestProveFindsWhatDependsOnOrder(t *testing.T) {
	for _, test := range []struct{ name, key, query, column, want string }{
		{"limit among ties", "cue", "SELECT cue, count(*) AS n FROM core.strength GROUP BY cue ORDER BY n DESC LIMIT 2",
			"(row)", "absent"},
		{"number among ties", "cue, response", `SELECT cue, response,
			row_number() OVER (PARTITION BY cue ORDER BY n123 DESC NULLS LAST) AS place FROM core.strength`, "place", "place"},
		{"list with ties", "cue", "SELECT cue, list(response ORDER BY n123) AS responses FROM core.strength GROUP BY cue",
			"responses", "responses"},
		{"two that tie", "cue", `SELECT cue, first(response ORDER BY n123) AS response
			FROM (SELECT * FROM core.strength WHERE response IN ('word38', 'word39')) AS few GROUP BY cue`, "response", "word38"},
		{"sum of doubles", "cue", "SELECT cue, sum(n123 / 7) AS total FROM core.strength GROUP BY cue", "total", "total"},
		{"mean of doubles", "cue", "SELECT cue, avg(n123 / 7) AS mean FROM core.strength GROUP BY cue", "mean", "mean"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := bigWorld(t, workspace(t, map[string]string{"views/proven.sql": proven(test.key, test.query)}))
			_, err := w.catalogue.Build(w.ctx, w.lake, "proven", BuildOptions{Prove: true})
			var audit *lake.AuditError
			if !errors.As(err, &audit) || !strings.Contains(err.Error(), "it is not the same in "+test.column+": ") ||
				!strings.Contains(err.Error(), "proven.sql:5: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a difference in %s", err, test.column)
			}
			now, err := w.lake.At(w.ctx, "")
			if _, there := now["data.proven"]; err != nil || there {
				t.Errorf("published all the same: %v, %v", now, err)
			}
			// What was published before is proved as well.
			first, err := w.catalogue.Build(w.ctx, w.lake, "proven", BuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			again, err := w.catalogue.Build(w.ctx, w.lake, "proven", BuildOptions{Prove: true})
			if !errors.As(err, &audit) {
				t.Errorf("%+v proved: %+v, %v", first, again, err)
			}
		})
	}
}

func TestProvePasses(t *testing.T) {
	w := bigWorld(t, "")
	set := map[string]string{"copies": "3"}
	first, err := w.catalogue.Build(w.ctx, w.lake, "sft_ranked", BuildOptions{Set: set, Prove: true})
	if err != nil || first.Reused {
		t.Fatalf("first build: %+v, %v", first, err)
	}
	again, err := w.catalogue.Build(w.ctx, w.lake, "sft_ranked", BuildOptions{Set: set, Prove: true})
	if err != nil || !again.Reused || again.Pin != first.Pin {
		t.Errorf("second build: %+v, %v; want the pin of %+v", again, err, first)
	}
	if err := w.lake.Check(w.ctx); err != nil {
		t.Errorf("lake after: %v", err)
	}
}
