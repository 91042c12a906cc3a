package lake

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A chain follows, of each table, only the runs that made the scopes that were
// read, and of a run that reads its own tables, the order in which it made them.
func TestLineageFollowsScopes(t *testing.T) {
	l := newLake(t)
	names := map[string]string{}
	load := func(name, language string, n int) {
		r := begin(t, l)
		names[r.ID()] = name
		r.File(RawFile{Source: name, Name: name + ".csv", SHA256: "00", Path: "/raw/" + name + ".csv"})
		write(t, r, wordSpec(), language, words(language, n))
		if got, err := r.InputScopes(t.Context(), "core.word", "language = ? and n >= 0", language); err != nil ||
			!slices.Equal(got, []string{language}) {
			t.Fatalf("scopes read: %v, %v", got, err)
		}
		write(t, r, countSpec(), language, "select language, count(*) n from core.word where language = '"+language+"' group by all")
		publish(t, r, Done)
	}
	load("old-en", "en", 3)
	load("zh", "zh", 4)
	load("en", "en", 5)
	reader := begin(t, l)
	names[reader.ID()] = "reader"
	if _, err := reader.InputScope(t.Context(), "core.count", "en"); err != nil {
		t.Fatal(err)
	}
	write(t, reader, exampleSpec(), "", exampleQuery)
	load("later-en", "en", 6)
	publish(t, reader, Done)

	one := []string{
		"file en.csv <-", "run en <- file en.csv", "core.word[en] 5 <- run en",
		"core.count[en] 1 <- core.word[en] 5", "run reader <- core.count[en] 1", "data.example 3 <- run reader",
	}
	sameChain(t, l, names, "data.example", one...)
	sameChain(t, l, names, reader.ID(), one...)
	sameChain(t, l, names, "core.count",
		"file later-en.csv <-", "run later-en <- file later-en.csv", "core.word[en] 6 <- run later-en",
		"core.count[en] 1 <- core.word[en] 6",
		"file zh.csv <-", "run zh <- file zh.csv", "core.word[zh] 4 <- run zh", "core.count[zh] 1 <- core.word[zh] 4",
		"core.count 2 <- core.count[en] 1, core.count[zh] 1")
	for _, wrong := range []string{"core.wrod", "en", "core.word@1", "meta.runs"} {
		if _, err := l.Lineage(t.Context(), wrong); err == nil {
			t.Errorf("a chain of %q", wrong)
		}
	}
}

// countSpec is a table that is made from wordSpec's.
func countSpec() Spec {
	return Spec{Name: "core.count", Doc: "words of a language", Key: []string{"language"}, Scope: "language",
		Licence: OpenData, Columns: []Column{
			{Name: "language", Type: String, Required: true, Doc: "language"}, {Name: "n", Type: Long, Unit: "count", Doc: "words"},
		}}
}

// What another engine wrote has no run; what our runs left stays theirs.
func TestLineageOfAnotherEngine(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	write(t, r, wordSpec(), "zh", words("zh", 3))
	publish(t, r, Done)
	appendForeign(t, l, "core.word", words("en", 4)+" order by hash(i)")
	sameChain(t, l, map[string]string{r.ID(): "ours"}, "core.word",
		"core.word[en] 7 <- another engine wrote it", "run ours <-", "core.word[zh] 3 <- run ours",
		"core.word 10 <- core.word[en] 7, core.word[zh] 3")
}

// What is recorded of a run's own table is the snapshot that it published,
// however often it wrote.
func TestInputOfOwnTable(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	if _, err := r.Input(t.Context(), "core.word"); err != nil {
		t.Fatal(err)
	}
	write(t, r, wordSpec(), "en", words("en", 5))
	other := begin(t, l)
	write(t, other, wordSpec(), "zh", words("zh", 1))
	publish(t, other, Done)
	p := publish(t, r, Done) // replayed on top of the other's
	got := rowsAt(t, l, "", "select snapshot_id s, digest = '"+p.Outputs[0].Digest+"' d, rows n from meta.inputs")
	if want := fmt.Sprintf("{'s': %d, 'd': true, 'n': 6}", p.Outputs[0].Snapshot); got != want {
		t.Errorf("inputs %s, want %s", got, want)
	}
}

// sameChain compares a chain, in order, with lines "node <- what it came from";
// names are those of runs.
func sameChain(t *testing.T, l *Lake, names map[string]string, of string, want ...string) {
	t.Helper()
	g, err := l.Lineage(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	label := func(n *Node) string {
		switch n.Kind {
		case RunKind:
			return "run " + names[n.Run.ID]
		case FileKind:
			return "file " + n.File.Name
		}
		_, scope, scoped := strings.Cut(n.ID, "[")
		if scoped {
			scope = "[" + scope
		}
		return fmt.Sprintf("%s%s %d", n.Table.Table, scope, n.Table.Rows)
	}
	var got []string
	for i := range g.Nodes {
		n := &g.Nodes[i]
		var from []string
		for _, id := range n.From {
			from = append(from, label(g.Node(id)))
		}
		if n.Table != nil && n.Table.Note != "" {
			from = append(from, n.Table.Note)
		}
		got = append(got, strings.TrimSpace(label(n)+" <- "+strings.Join(from, ", ")))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chain of %s: %s", of, diff)
	}
}

// The rows of a scope are read where its snapshot has them, or where its files
// are when the snapshot is gone.
func TestScopeQuery(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	pin := write(t, r, wordSpec(), "zh", words("zh", 2))
	first := addSteps(t, r, steps(0, 2))
	publish(t, r, Running)
	second := addSteps(t, r, steps(2, 5))
	publish(t, r, Done)
	s, err := l.Session(t.Context(), nil, SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct {
		pin   Pin
		scope string
		rows  int64
	}{{pin, "", 5}, {pin, "zh", 2}, {pin, "fr", 0}, {first, "a", 2}, {second, "a", 5}} {
		query, err := l.ScopeQuery(t.Context(), c.pin.Table, c.pin.Snapshot, c.scope)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := s.db.Count(t.Context(), "select count(*) from ("+query+")"); err != nil || n != c.rows {
			t.Errorf("%s[%s]: %d rows, %v, want %d", c.pin, c.scope, n, err, c.rows)
		}
		if c.rows == 0 || c.scope == "" {
			continue
		}
		err = l.withHistory(t.Context(), func(h *history) error {
			files := h.recordedFiles(c.pin.Table, c.pin.Snapshot, c.scope)
			n, err := s.db.Count(t.Context(), "select count(*) from ("+readFiles(fieldsOf(wordSpec().Columns)[:1], files)+")")
			if n != c.rows {
				t.Errorf("%s[%s]: %d rows in the recorded files, want %d", c.pin, c.scope, n, c.rows)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
