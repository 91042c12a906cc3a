package lake

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/lake/iceberg"
)

// wordSpec is a table with a scope, as core.strength has.
func wordSpec() Spec {
	return Spec{Name: "core.word", Doc: "a word of a language", Key: []string{"language", "word"}, Scope: "language",
		Licence: OpenData, Columns: []Column{
			{Name: "language", Type: String, Required: true, Doc: "language"},
			{Name: "word", Type: String, Required: true, Doc: "the word"},
			{Name: "n", Type: Long, Unit: "count", Doc: "how often"},
			{Name: "share", Type: Double, Unit: "1", Doc: "part of all"},
		}}
}

// exampleSpec is a table without a scope, with nested columns, as data sets
// have.
func exampleSpec() Spec {
	return Spec{Name: "data.example", Doc: "a training example", Key: []string{"id"}, Licence: NoRedistribution,
		Columns: []Column{
			{Name: "id", Type: Long, Required: true},
			{Name: "at", Type: Timestamp},
			{Name: "ok", Type: Bool},
			{Name: "size", Type: Int},
			{Name: "messages", Type: List(Struct(Field{"role", String}, Field{"content", String}))},
			{Name: "scores", Type: List(Double)},
		}}
}

const exampleQuery = `select i as id, timestamp '2026-01-01' + to_seconds(i) as at, i % 2 = 0 as ok, i::int as size,
	[{'role': 'user', 'content': 'w' || i}] as messages, case when i > 1 then [i / 2, null] end as scores
	from range(3) t(i)`

func words(language string, n int) string {
	return "select '" + language + "' as language, 'w' || i as word, i as n, i / 7 as share from range(" +
		strconv.Itoa(n) + ") t(i)"
}

// newLake makes a lake that is checked whole when the test ends.
func newLake(t *testing.T) *Lake { return newLakeIn(t, filepath.Join(t.TempDir(), "lake")) }

func newLakeIn(t *testing.T, dir string) *Lake {
	t.Helper()
	l, err := initHere(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := l.Verify(context.Background(), VerifyOptions{Deep: true}); err != nil {
			t.Errorf("verify after the test: %v", err)
		}
		l.Close()
	})
	return l
}

func begin(t *testing.T, l *Lake) *Run {
	t.Helper()
	r, err := l.Begin(t.Context(), RunInfo{Command: t.Name(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func write(t *testing.T, r *Run, spec Spec, scope, query string) Pin {
	t.Helper()
	pin, err := r.Write(t.Context(), spec, scope, query)
	if err != nil {
		t.Fatal(err)
	}
	return pin
}

// tableNow loads a table as the catalog has it.
func tableNow(t *testing.T, l *Lake, name string) (*version, *iceberg.Table) {
	t.Helper()
	now, err := l.version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table, err := now.table(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return now, table
}

func publish(t *testing.T, r *Run, status Status) Published {
	t.Helper()
	p, err := r.Publish(t.Context(), status)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rowsAt runs a query at a version of the lake and gives its rows as text.
func rowsAt(t *testing.T, l *Lake, ref, query string) string {
	t.Helper()
	pins, err := l.At(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(t.Context(), pins, SessionOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return text(t, s, query)
}

func text(t *testing.T, s *Session, query string) string {
	t.Helper()
	rows, err := s.Query(t.Context(), "select string_agg(r::varchar, ' ') from ("+query+") r")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out *string
	for rows.Next() {
		if err := rows.Scan(&out); err != nil {
			t.Fatal(err)
		}
	}
	if rows.Err() != nil || out == nil {
		return ""
	}
	return *out
}

func TestRunPublishesItsTablesTogether(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	write(t, r, wordSpec(), "zh", words("zh", 2))
	write(t, r, exampleSpec(), "", exampleQuery)
	if got := text(t, r.Session(), "select language, count(*) c from core.word group by all order by all"); got !=
		"{'language': en, 'c': 3} {'language': zh, 'c': 2}" {
		t.Errorf("the run's session shows %s", got)
	}
	if tables, err := l.Tables(t.Context()); err != nil || len(tables) != 0 {
		t.Errorf("before the publish the lake has %v, %v", tables, err)
	}
	p := publish(t, r, Done)
	if len(p.Outputs) != 2 || p.Outputs[0].Rows != 5 || p.Outputs[1].Table != "data.example" {
		t.Errorf("published %+v", p)
	}
	if got := rowsAt(t, l, "", "select id, ok, messages[1].content m, scores from data.example order by id"); got !=
		"{'id': 0, 'ok': true, 'm': w0, 'scores': NULL} {'id': 1, 'ok': false, 'm': w1, 'scores': NULL} "+
			"{'id': 2, 'ok': true, 'm': w2, 'scores': [1.0, NULL]}" {
		t.Errorf("data.example holds %s", got)
	}
	if got := rowsAt(t, l, "", "select run_id, status from meta.runs"); got !=
		"{'run_id': "+r.ID()+", 'status': done}" {
		t.Errorf("meta.runs holds %s", got)
	}
}

func TestSameRowsMoveNothing(t *testing.T) {
	l := newLake(t)
	first := begin(t, l)
	write(t, first, wordSpec(), "en", words("en", 1000))
	before := publish(t, first, Done)
	second := begin(t, l)
	pin := write(t, second, wordSpec(), "en", words("en", 1000)+" order by hash(i)")
	after := publish(t, second, Done)
	if len(after.Outputs) != 0 || !cmp.Equal(after.Unchanged, before.Outputs) || pin != before.Outputs[0] {
		t.Errorf("first %+v, again %+v, pin %v", before, after, pin)
	}
	if got := rowsAt(t, l, "", "select count(*) n from core.word"); got != "{'n': 1000}" {
		t.Errorf("rows: %s", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := Open(t.Context(), t.TempDir()); !errors.Is(err, ErrNoLake) {
		t.Errorf("a folder without a lake: %v", err)
	}
	l := newLake(t)
	if _, err := initHere(t.Context(), l.Dir()); !errors.Is(err, os.ErrExist) {
		t.Errorf("init of a lake: %v", err)
	}
	for version, want := range map[string]string{"99": "use a newer one", "1": "load the raw files"} {
		other := filepath.Join(t.TempDir(), "lake.json")
		if err := os.WriteFile(other, []byte(`{"format_version": `+version+`}`), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), filepath.Dir(other))
		if err == nil || !strings.Contains(err.Error(), version) || !strings.Contains(err.Error(), want) {
			t.Errorf("a lake of format %s: %v", version, err)
		}
	}
}
