package lake

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alignctl/lake/iceberg"
)

// addForeign makes a table of one file as an engine does that knows nothing of
// the lake's schemas, and took the file in as it was.
func addForeign(t *testing.T, l *Lake, d iceberg.Declaration, query string) {
	t.Helper()
	table, err := l.catalog.Declare(d)
	if err != nil {
		t.Fatal(err)
	}
	staged, err := table.Stage(t.Context(), iceberg.Change{})
	if err != nil {
		t.Fatal(err)
	}
	landStaged(t, l, staged)
	move := iceberg.Move{Table: d.Name, To: staged.Location()}
	if _, err := l.catalog.Swap(t.Context(), iceberg.Commit{Moves: []iceberg.Move{move}}); err != nil {
		t.Fatal(err)
	}
	dir, err := staged.DataDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	appendForeign(t, l, d.Name, query)
}

func TestAnotherEnginesNamespaceAndNames(t *testing.T) {
	l := newLake(t)
	addForeign(t, l, iceberg.Declaration{Name: "mine.own", Key: []string{`a "b".c`}, Fields: []iceberg.Field{
		{ID: 1, Name: `a "b".c`, Type: "long"},
		{ID: 2, Name: "s", Type: "struct", Fields: []iceberg.Field{{ID: 3, Name: "x y", Type: "string"}}},
	}}, `select 7 as "a ""b"".c", {'x y': 'z'} as s`)
	if got := rowsAt(t, l, "", "select * from mine.own"); got != `{'a "b".c': 7, 's': {'x y': z}}` {
		t.Errorf("rows: %s", got)
	}
	run := begin(t, l)
	write(t, run, wordSpec(), "en", words("en", 2))
	publish(t, run, Done)
}

// A file without field ids is read by the names that its table maps to ids.
func TestFilesWithoutIDs(t *testing.T) {
	l := newLake(t)
	fields := []iceberg.Field{{ID: 1, Name: "freq", Type: "long"}, {ID: 2, Name: "turns", Type: "list", Fields: []iceberg.Field{
		{ID: 4, Name: "element", Type: "struct", Fields: []iceberg.Field{{ID: 5, Name: "who", Type: "string"}}}}}}
	const mapping = `[{"field-id": 1, "names": ["n", "freq"]}, {"field-id": 2, "names": ["turns"], "fields": [
		{"field-id": 4, "names": ["element"], "fields": [{"field-id": 5, "names": ["role", "who"]}]}]}]`
	table, err := l.catalog.Declare(iceberg.Declaration{Name: "raw.taken", Fields: fields, Key: []string{"freq"},
		Properties: map[string]string{propNames: mapping}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.openSession(t.Context(), SessionOptions{}, Holder{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	path := filepath.Join(t.TempDir(), "plain.parquet")
	if err := s.Exec(t.Context(), "copy (select [{'role': 'user'}] as turns, 7::int as n) to '"+path+"' (format parquet)"); err != nil {
		t.Fatal(err)
	}
	query, err := s.readTable(t.Context(), table, fields, []iceberg.DataFile{{Path: path}})
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, s, query); got != "{'freq': 7, 'turns': [{'who': user}]}" {
		t.Errorf("rows: %s", got)
	}
}

// Rows are added to a scope in which another engine wrote too, in no order and
// in files of its own kind, and the lake stays whole.
func TestRowsAreAddedToForeignOnes(t *testing.T) {
	l := newLake(t)
	first := begin(t, l)
	addSteps(t, first, steps(0, 5))
	publish(t, first, Done)
	appendForeign(t, l, "train.step", "select * replace (step + 100 as step) from train.step order by step desc")
	next := begin(t, l)
	addSteps(t, next, steps(5, 8))
	publish(t, next, Running)
	addSteps(t, next, steps(8, 9))
	if p := publish(t, next, Done); p.Outputs[0].Rows != 14 {
		t.Errorf("published %+v", p.Outputs)
	}
	if got := rowsAt(t, l, "", "select count(*) n, sum(step)::int s from train.step"); got != "{'n': 14, 's': 546}" {
		t.Errorf("rows: %s", got)
	}
	if _, err := WriteRows(t.Context(), begin(t, l), stepSpec(), "a", append(steps(20, 21), steps(20, 21)...)); err == nil {
		t.Error("two new rows of one key were taken")
	}
}

// Columns that another engine renamed are not a run's to drop.
func TestColumnsChangedElsewhere(t *testing.T) {
	l := newLake(t)
	first := begin(t, l)
	write(t, first, wordSpec(), "en", words("en", 2))
	write(t, first, wordSpec(), "zh", words("zh", 2))
	publish(t, first, Done)
	rename(t, l, "core.word", "n", "freq")
	if got := rowsAt(t, l, "", "select min(freq) f from core.word"); got != "{'f': 0}" {
		t.Errorf("now: %s", got)
	}
	if got := rowsAt(t, l, first.ID(), "select min(n) n from core.word"); got != "{'n': 0}" {
		t.Errorf("then: %s", got)
	}
	spec := wordSpec()
	for range 2 { // with the columns as recorded, and with newer ones
		if _, err := begin(t, l).Write(t.Context(), spec, "en", words("en", 1)); err == nil ||
			!strings.Contains(err.Error(), "another engine changed its columns") {
			t.Errorf("a write: %v", err)
		}
		spec.Columns = spec.Columns[:3]
	}
	rename(t, l, "core.word", "freq", "n")
	again := begin(t, l)
	write(t, again, wordSpec(), "en", words("en", 1))
	publish(t, again, Done)
	if got := rowsAt(t, l, "", "select count(n) n from core.word"); got != "{'n': 3}" {
		t.Errorf("after all: %s", got)
	}
}

// rename renames a column as another engine does: without a snapshot.
func rename(t *testing.T, l *Lake, name, column, to string) {
	t.Helper()
	now, table := tableNow(t, l, name)
	fields, err := table.Fields(0)
	if err != nil {
		t.Fatal(err)
	}
	fields = slices.Clone(fields)
	fields[slices.IndexFunc(fields, func(f iceberg.Field) bool { return f.Name == column })].Name = to
	renamed, err := table.Evolve(fields, wordSpec().Key, table.Properties())
	if err != nil {
		t.Fatal(err)
	}
	staged, err := renamed.Stage(t.Context(), iceberg.Change{})
	if err != nil {
		t.Fatal(err)
	}
	landStaged(t, l, staged)
	move := iceberg.Move{Table: name, From: now.location(name), To: staged.Location()}
	if _, err := l.catalog.Swap(t.Context(), iceberg.Commit{Moves: []iceberg.Move{move}}); err != nil {
		t.Fatal(err)
	}
}
