package lake

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/lake/iceberg"
)

// diff compares two versions of a table.
func diff(t *testing.T, l *Lake, a, b Pin) *Diff {
	t.Helper()
	d, err := l.Diff(t.Context(), a, b, DiffOptions{Samples: 3})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// writeNow publishes a scope of a table by a run of its own.
func writeNow(t *testing.T, l *Lake, spec Spec, scope, query string) Pin {
	t.Helper()
	r := begin(t, l)
	write(t, r, spec, scope, query)
	p := publish(t, r, Done)
	return append(p.Outputs, p.Unchanged...)[0]
}

func now(t *testing.T, l *Lake, table string) Pin {
	t.Helper()
	pin, err := l.Pin(t.Context(), table, "")
	if err != nil {
		t.Fatal(err)
	}
	return pin
}

func TestDiffSaysWhatChanged(t *testing.T) {
	l := newLake(t)
	writeNow(t, l, wordSpec(), "zh", words("zh", 5))
	a := writeNow(t, l, wordSpec(), "en", words("en", 10))
	b := writeNow(t, l, wordSpec(), "en", "select * replace (case word when 'w3' then 33 else n end as n) from ("+
		words("en", 12)+") where word <> 'w5'")
	d := diff(t, l, a, b)
	got := []int64{d.Added, d.Removed, d.Changed, d.Same, d.Read}
	if want := []int64{2, 1, 1, 13, 21}; !slices.Equal(got, want) { // the rows of zh aren't read
		t.Errorf("added, removed, changed, same, read: %v, want %v", got, want)
	}
	if n := d.Columns[2]; n.Name() != "n" || n.Equal != 13 || d.Common() != 14 {
		t.Errorf("column %+v of %d common rows", n, d.Common())
	}
	want := []RowDiff{{Before: []any{"en", "w3", int64(3), 3. / 7}, After: []any{"en", "w3", int64(33), 3. / 7},
		Changed: []int{2}}}
	if diff := cmp.Diff(want, d.ChangedRows); diff != "" {
		t.Errorf("changed rows: %s", diff)
	}
	if len(d.AddedRows) != 2 || d.AddedRows[0].After[1] != "w10" ||
		len(d.RemovedRows) != 1 || d.RemovedRows[0].Before[1] != "w5" {
		t.Errorf("added %v, removed %v", d.AddedRows, d.RemovedRows)
	}
}

// What is recorded as equal isn't read: the same digest, scopes of the same
// digests, files that both versions have.
func TestDiffReadsNoMoreThanItMust(t *testing.T) {
	l := newLake(t)
	a := writeNow(t, l, wordSpec(), "en", words("en", 1000))
	writeNow(t, l, wordSpec(), "en", words("en", 10))
	again := writeNow(t, l, wordSpec(), "en", words("en", 1000))
	if d := diff(t, l, a, again); !d.Empty() || d.Same != 1000 || d.Read != 0 {
		t.Errorf("the same rows in another file: %+v", d)
	}
	r := begin(t, l)
	if _, err := WriteRows(t.Context(), r, stepSpec(), "a", steps(0, 100)); err != nil {
		t.Fatal(err)
	}
	first := publish(t, r, Running).Outputs[0]
	if _, err := WriteRows(t.Context(), r, stepSpec(), "a", steps(100, 103)); err != nil {
		t.Fatal(err)
	}
	second := publish(t, r, Done).Outputs[0]
	if d := diff(t, l, first, second); d.Added != 3 || d.Same != 100 || d.Read != 3 {
		t.Errorf("a batch more: %+v", d)
	}
}

// Another engine's commit has no recorded digest, its rows are in any order, and
// a key may come twice.
func TestDiffOfAnotherEnginesRows(t *testing.T) {
	l := newLake(t)
	a := writeNow(t, l, wordSpec(), "en", words("en", 4))
	writeNow(t, l, wordSpec(), "zh", words("zh", 2))
	appendForeign(t, l, "core.word", words("en", 6)+" order by hash(i)")
	d := diff(t, l, a, now(t, l, "core.word"))
	if d.Added != 8 || d.Same != 4 || d.Changed+d.Removed != 0 {
		t.Errorf("after an append: %+v", d)
	}
	twice := now(t, l, "core.word")
	b := writeNow(t, l, wordSpec(), "en", words("en", 6))
	d = diff(t, l, twice, b)
	if d.Removed != 4 || d.Same != 8 || d.Repeated != 8 || d.Added+d.Changed != 0 {
		t.Errorf("keys that came twice come once: %+v", d)
	}
}

func TestDiffAll(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	write(t, r, exampleSpec(), "", exampleQuery)
	publish(t, r, Done)
	before, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	r = begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 4))
	if _, err := WriteRows(t.Context(), r, stepSpec(), "a", steps(0, 2)); err != nil {
		t.Fatal(err)
	}
	publish(t, r, Done)
	after, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	diffs, err := l.DiffAll(t.Context(), before, after, DiffOptions{})
	if err != nil || len(diffs) != 2 || diffs[0].B.Table != "core.word" || diffs[0].Added != 1 ||
		diffs[1].A.Snapshot != 0 || diffs[1].Added != 2 {
		t.Errorf("%+v, %v", diffs, err)
	}
	if diffs, err := l.DiffAll(t.Context(), after, after, DiffOptions{}); err != nil || len(diffs) != 0 {
		t.Errorf("of a version with itself: %+v, %v", diffs, err)
	}
}

// Tables of two lakes, or with other keys, can be compared too.
func TestCompareAcross(t *testing.T) {
	l, scratch := newLake(t), newLake(t)
	a := writeNow(t, l, wordSpec(), "en", words("en", 5))
	b := writeNow(t, scratch, wordSpec(), "en", words("en", 4))
	d, err := Compare(t.Context(), TableAt{l, a}, TableAt{scratch, b}, DiffOptions{Samples: 1})
	if err != nil || d.Removed != 1 || d.Same != 4 || d.RemovedRows[0].Before[1] != "w4" {
		t.Errorf("%+v, %v", d, err)
	}
	byNumber := Spec{Name: "data.number", Key: []string{"n"}, Columns: []Column{{Name: "word", Type: String},
		{Name: "n", Type: Int}, {Name: "remark", Type: String}}}
	c := writeNow(t, l, byNumber, "", "select 'w' || i as word, i::int as n, null::varchar as remark from range(1, 6) t(i)")
	d = diff(t, l, a, c)
	if !d.WholeRows || d.Added != 1 || d.Removed != 1 || d.Same != 4 || d.Empty() {
		t.Errorf("by another key, with a long that became an int: %+v", d)
	}
}

// Columns come, go and change their type, an int to a long with its values; the
// rows of a scope that wasn't written since stay comparable, and so does the
// digest of each version.
func TestDiffOfOtherColumns(t *testing.T) {
	l := newLake(t)
	old := wordSpec()
	old.Columns[2].Type = Int
	writeNow(t, l, old, "zh", "select * replace (n::int as n) from ("+words("zh", 5)+")")
	a := writeNow(t, l, old, "en", "select * replace (n::int as n) from ("+words("en", 5)+")")
	next := wordSpec()
	next.Columns[3] = Column{Name: "note", Type: String}
	b := writeNow(t, l, next, "en", "select * exclude share, 'x' as note from ("+words("en", 6)+")")
	d := diff(t, l, a, b)
	var changes []string
	for _, c := range d.Columns {
		changes = append(changes, fmt.Sprint(c.Name(), " ", c.Change(), " ", c.Equal))
	}
	want := []string{"language  10", "word  10", "n retyped 10", "note added 0", "share removed 0"}
	if !slices.Equal(changes, want) {
		t.Errorf("columns %q, want %q", changes, want)
	}
	if d.Added != 1 || d.Changed != 0 || d.Same != 10 || d.Removed != 0 {
		t.Errorf("%+v", d)
	}
	for _, pin := range []Pin{a, b} {
		for _, compute := range []bool{false, true} {
			if got, err := l.Digest(t.Context(), pin, compute); err != nil || got.Computed != pin.Digest {
				t.Errorf("digest of %s: %+v, %v", pin, got, err)
			}
		}
	}
}

func TestDiffRefuses(t *testing.T) {
	l := newLake(t)
	a := writeNow(t, l, wordSpec(), "en", words("en", 5))
	for _, b := range []Pin{{Table: "core.wrod"}, {Table: "core.word", Snapshot: 12}} {
		if d, err := l.Diff(t.Context(), a, b, DiffOptions{}); err == nil {
			t.Errorf("%s: %+v", b, d)
		}
	}
}

// A data file that isn't what it was is damage, not a difference.
func TestDiffOfDamagedFiles(t *testing.T) {
	l, err := initHere(t.Context(), filepath.Join(t.TempDir(), "lake"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := writeNow(t, l, wordSpec(), "en", words("en", 5))
	b := writeNow(t, l, wordSpec(), "en", words("en", 6))
	overwrite(t, l, b, "not parquet")
	if d, err := l.Diff(t.Context(), a, b, DiffOptions{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestPairColumns(t *testing.T) {
	field := func(id int, name, kind string) iceberg.Field { return iceberg.Field{ID: id, Name: name, Type: kind} }
	l := &Lake{}
	version := func(table string, fields ...iceberg.Field) *tableVersion {
		return &tableVersion{lake: l, pin: Pin{Table: table}, fields: fields}
	}
	changes := func(a, b *tableVersion) string {
		var out []string
		for _, c := range pairColumns(a, b) {
			out = append(out, strings.TrimSpace(c.Name()+" "+c.Change()))
		}
		return strings.Join(out, ", ")
	}
	a := version("core.t", field(1, "k", "string"), field(2, "r1", "int"), field(3, "old", "long"), field(4, "x", "string"))
	b := version("core.t", field(1, "k", "string"), field(5, "lang", "string"), field(2, "freq", "long"),
		field(4, "x", "double"), field(6, "old", "int")) // the lake gives a new id to a column of another type
	if got := changes(a, b); got != "k, lang added, freq renamed and retyped, x retyped, old retyped" {
		t.Error(got)
	}
	b.pin.Table = "core.u" // ids of different tables say nothing
	if got := changes(a, b); got != "k, lang added, freq added, x retyped, old retyped, r1 removed" {
		t.Error(got)
	}
}
