package main

import (
	"io"
	"strings"
	"testing"

	"alignctl/internal/cell"
	"alignctl/lake"
	"alignctl/lake/laketest"
)

// A lake whose tables of evaluation an older alignctl wrote can't be scored into;
// doctor says which table to take out, and how.
func TestDoctorFindsOldTables(t *testing.T) {
	old := lake.Spec{Name: "eval.scores", Doc: "A score.", Key: []string{"run_id"}, Licence: lake.OpenData,
		Columns: []lake.Column{{Name: "run_id", Type: lake.String, Doc: "the run"}}}
	l := laketest.New(t, laketest.Table{Spec: old, Query: "select 'r' as run_id"})
	found := func() [][]any {
		t.Helper()
		g := newGrid("check", "state", "detail", "cure")
		if err := addOldTables(t.Context(), g, l); err != nil {
			t.Fatal(err)
		}
		return g.rows
	}
	rows := found()
	if len(rows) != 1 {
		t.Fatalf("doctor found %v, want one old table", rows)
	}
	t.Setenv("ALIGNCTL_LAKE", l.Dir())
	cure := cell.Text(rows[0][3])
	if code := run(t.Context(), strings.Fields(cure), strings.NewReader(""), io.Discard, t.Output()); code != exitDone {
		t.Fatalf("%s: exit code %d", cure, code)
	}
	if rows := found(); len(rows) != 0 {
		t.Errorf("after %s doctor finds %v", cure, rows)
	}
}
