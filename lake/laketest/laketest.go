// Package laketest makes lakes for the tests of other packages.
package laketest

import (
	"context"
	"path/filepath"
	"testing"

	"alignctl/lake"
)

// A Table is a table to make: its spec, and its rows as a query.
type Table struct {
	Spec  lake.Spec
	Scope string // of the rows, where the spec has scopes
	Query string
}

// New is a new lake with these tables. When the test ends it is checked, and
// closed.
func New(t testing.TB, tables ...Table) *lake.Lake {
	t.Helper()
	l, err := lake.Init(t.Context(), filepath.Join(t.TempDir(), "lake"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Check(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if len(tables) > 0 {
		Add(t, l, tables...)
	}
	return l
}

// Add publishes tables of a lake.
func Add(t testing.TB, l *lake.Lake, tables ...Table) {
	t.Helper()
	run, err := l.Begin(t.Context(), lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	for _, table := range tables {
		if _, err := run.Write(t.Context(), table.Spec, table.Scope, table.Query); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := run.Publish(t.Context(), lake.Done); err != nil {
		t.Fatal(err)
	}
}
