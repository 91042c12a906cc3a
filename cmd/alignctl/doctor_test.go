package main

import (
	"strings"
	"testing"

	"alignctl/internal/cell"
	"alignctl/lake"
)

// A lake whose tables of evaluation an older alignctl wrote can't be scored into;
// doctor says which table to take out.
func TestDoctorFindsOldTables(t *testing.T) {
	l, err := lake.Init(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	run, err := l.Begin(t.Context(), lake.RunInfo{Command: "alignctl eval score"})
	if err != nil {
		t.Fatal(err)
	}
	old := lake.Spec{Name: "eval.scores", Doc: "A score.", Key: []string{"run_id"}, Licence: lake.OpenData,
		Columns: []lake.Column{{Name: "run_id", Type: lake.String, Doc: "the run"}}}
	if _, err := run.Write(t.Context(), old, "", "select 'r' as run_id"); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Publish(t.Context(), lake.Done); err != nil {
		t.Fatal(err)
	}
	g := newGrid("check", "state", "detail", "cure")
	if err := addOldTables(t.Context(), g, l); err != nil {
		t.Fatal(err)
	}
	if len(g.rows) != 1 || !strings.HasSuffix(cell.Text(g.rows[0][3]), "alignctl data rm eval.scores") {
		t.Errorf("doctor found %v", g.rows)
	}
}
