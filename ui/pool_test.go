package ui

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alignctl/lake/laketest"
)

// A table of many files, one a run, is read from a copy, which follows the
// table and is gone with the ui.
func TestCopies(t *testing.T) {
	l := newLake(t)
	scoped := wordSpec
	scoped.Name, scoped.Scope, scoped.Key = "core.scoped", "word", []string{"word", "id"}
	add := func(i int) {
		scope := fmt.Sprintf("word %d", i)
		laketest.Add(t, l, laketest.Table{Spec: scoped, Scope: scope, Query: fmt.Sprintf("select %d as id, '%s' as word", i, scope)})
	}
	for i := range manyFiles {
		add(i)
	}
	temporary := func() int {
		found, _ := filepath.Glob(filepath.Join(l.Temp(), "*"))
		return len(found)
	}
	t.Cleanup(func() {
		if n := temporary(); n != 0 {
			t.Errorf("%d files stayed in tmp", n)
		}
	})
	s := serve(t, l, Options{})
	const query = "select count(*) as n, min(word) as first, max(word) as last, count(distinct word) as different from core.scoped"
	want := func(n int) {
		t.Helper()
		status, body := s.query(query)
		if cells := fmt.Sprintf(`<td class="num">%d</td><td dir="auto">word 0</td>`, n); status != http.StatusOK || !strings.Contains(body, cells) {
			t.Errorf("%d, want %d words: %s", status, n, body)
		}
	}
	want(manyFiles)
	if n := temporary(); n != 1 {
		t.Errorf("%d copies, want 1", n)
	}
	add(manyFiles)
	want(manyFiles + 1)
	found, _ := filepath.Glob(filepath.Join(l.Temp(), "*")) // as gc might
	for _, path := range found {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	s.server.keeper.now.sessions.tend(t.Context())
	want(manyFiles + 1)
}
