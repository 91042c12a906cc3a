package interop

import (
	"strings"
	"testing"

	"alignctl/lake"
)

// makesTables: tables that PyIceberg made, of types, names, partitions and namespaces that
// alignctl doesn't make, are read as PyIceberg reads them. One that alignctl
// can't read says why when it is asked for, and keeps nobody from the others.
func makesTables(t *testing.T, e *engine) {
	l := newLake(t)
	publish(t, l, write{spec: word, scope: "en", query: english})
	do(t, e, "open", args{"lake": l.Dir()})
	made := ask[[]string](t, e, "make_foreign", args{"folder": t.TempDir()})
	unreadable := ask[string](t, e, "make_unreadable", nil)
	for _, table := range made {
		e.sameRows(t, l, table, "", nil)
	}
	refuses(t, l, unreadable, "differ in case only")
	publish(t, l, write{spec: word, scope: "en", query: english + " where n > 0"})
	e.sameRows(t, l, "core.word", "", nil)
}

// refuses sees that a session opens, but a query of one table fails.
func refuses(t *testing.T, l *lake.Lake, table, why string) {
	t.Helper()
	s, err := l.Session(t.Context(), pinsNow(t, l), lake.SessionOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.Query(t.Context(), "select * from "+table)
	if err == nil {
		rows.Close()
		t.Fatalf("%s was read", table)
	}
	if !strings.Contains(err.Error(), why) {
		t.Errorf("reading %s: %v, want %q", table, err, why)
	}
}
