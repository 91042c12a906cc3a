package lake

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"alignctl/internal/disk"
	"alignctl/lake/iceberg"
)

// mark is a small row: few keys, so that versions meet, and the values on which
// notions of equality differ.
type mark struct {
	Group string   `parquet:"group,id(1)"`
	N     int64    `parquet:"n,id(2)"`
	Value *float64 `parquet:"value,optional,id(3)"`
	Words []string `parquet:"words,id(4),list"`
}

func markSpec() Spec {
	return SpecOf[mark](Spec{Name: "data.mark", Doc: "a mark", Key: []string{"group", "n"}, Scope: "group"})
}

func (m mark) key() string { return fmt.Sprint(m.Group, m.N) }

// values are the row as a comparison gives it.
func (m mark) values() []any {
	words := []any{}
	for _, w := range m.Words {
		words = append(words, w)
	}
	if m.Value == nil {
		return []any{m.Group, m.N, nil, words}
	}
	return []any{m.Group, m.N, *m.Value, words}
}

func drawMark(rt *rapid.T) mark {
	negative := math.Copysign(0, -1)
	value := rapid.SampledFrom([]*float64{nil, new(float64), &negative, ptr(math.NaN()), ptr(1.5)})
	return mark{Group: rapid.SampledFrom([]string{"a", "词"}).Draw(rt, "group"), N: rapid.Int64Range(0, 5).Draw(rt, "n"),
		Value: value.Draw(rt, "value"), Words: rapid.SampledFrom([][]string{{}, {"x"}, {"x", "y"}}).Draw(rt, "words")}
}

func ptr(v float64) *float64 { return &v }

func drawMarks(rt *rapid.T, unique bool, name string) []mark {
	if unique {
		return rapid.SliceOfNDistinct(rapid.Custom(drawMark), 0, 12, mark.key).Draw(rt, name)
	}
	return rapid.SliceOfN(rapid.Custom(drawMark), 0, 8).Draw(rt, name)
}

// bench is where versions of marks are laid out as files, without a catalog.
type bench struct {
	lake     *Lake
	session  *Session
	recorded bool     // whether a run of ours recorded the files
	keyOfA   []string // the key of the older version
	files    int
}

// version lays out a version: rows of its own, and files that other versions
// have too.
func (b *bench) version(t rapid.TB, key []string, own []mark, shared map[string][]iceberg.DataFile) *tableVersion {
	spec := markSpec()
	fields := fieldsOf(spec.Columns)
	spec.Key = key
	table, err := b.lake.catalog.Declare(iceberg.Declaration{Name: spec.Name, Fields: fields, Key: markSpec().Key})
	if err != nil {
		t.Fatal(err)
	}
	v := &tableVersion{lake: b.lake, table: table, pin: Pin{Table: spec.Name}, spec: spec, fields: fields,
		files: b.write(t, own), records: map[string]scopeRecord{}, reader: scopeReader{lake: b.lake, session: b.session}}
	for scope, files := range shared {
		v.files[scope] = append(v.files[scope], files...)
	}
	for scope, files := range v.files {
		record := scopeRecord{columns: []columnDigest{{SHA256: strconv.Itoa(b.files)}}} // unlike any other
		record.rows, record.fileSet = totalRows(files), fileSetOf(b.lake.warehouse(), storedFiles(files))
		if b.recorded {
			v.records[scope] = record
		}
	}
	return v
}

// write makes a file for each group of rows.
func (b *bench) write(t rapid.TB, rows []mark) map[string][]iceberg.DataFile {
	groups := map[string][]mark{}
	for _, m := range rows {
		groups[m.Group] = append(groups[m.Group], m)
	}
	files := map[string][]iceberg.DataFile{}
	for group, rows := range groups {
		b.files++
		path := filepath.Join(b.lake.warehouse(), fmt.Sprint(b.files))
		if _, err := writeParquet(disk.OS{}, path, shape{markSpec(), fieldsOf(markSpec().Columns)}, rows); err != nil {
			t.Fatal(err)
		}
		files[group] = []iceberg.DataFile{{Path: path, Rows: int64(len(rows)), Scope: group}}
	}
	return files
}

func (b *bench) compare(t rapid.TB, before, after *tableVersion) *Diff {
	c := newComparison(before, after, DiffOptions{Samples: math.MaxInt})
	if err := c.compare(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c.diff
}

// counts is what a comparison should say, found one key after the other.
func counts(a, b []mark, byKey bool) (added, removed, changed, same int64) {
	group := func(rows []mark) map[string][]string {
		groups := map[string][]string{}
		for _, m := range rows {
			key := ""
			if byKey {
				key = m.key()
			}
			groups[key] = append(groups[key], fmt.Sprint(m.values()))
		}
		return groups
	}
	before, after := group(a), group(b)
	for key, rows := range before {
		if byKey && len(rows) == 1 && len(after[key]) == 1 {
			if rows[0] == after[key][0] {
				same++
			} else {
				changed++
			}
			delete(after, key)
			continue
		}
		for _, row := range rows {
			if at := slices.Index(after[key], row); at >= 0 {
				after[key] = slices.Delete(after[key], at, at+1)
				same++
			} else {
				removed++
			}
		}
	}
	for _, rows := range after {
		added += int64(len(rows))
	}
	return added, removed, changed, same
}

// apply is the rows that a diff makes of a.
func apply(t rapid.TB, a []mark, d *Diff) []string {
	rows := texts(a)
	take := func(r RowDiff) {
		at := slices.Index(rows, fmt.Sprint(r.Before))
		if at < 0 {
			t.Fatalf("a has no row %v", r.Before)
		}
		rows = slices.Delete(rows, at, at+1)
	}
	for _, r := range d.RemovedRows {
		take(r)
	}
	for _, r := range d.ChangedRows {
		take(r)
		rows = append(rows, fmt.Sprint(r.After))
	}
	for _, r := range d.AddedRows {
		rows = append(rows, fmt.Sprint(r.After))
	}
	slices.Sort(rows)
	return rows
}

func texts(rows []mark) []string {
	out := make([]string, len(rows))
	for i, m := range rows {
		out[i] = fmt.Sprint(m.values())
	}
	slices.Sort(out)
	return out
}

// A versions is what a law is about: rows that two versions share as files, and
// those of each.
type versions struct{ shared, a, b []mark }

// drawVersions draws versions; unique: no key comes twice in one.
func drawVersions(unique bool) *rapid.Generator[versions] {
	return rapid.Custom(func(rt *rapid.T) versions {
		v := versions{drawMarks(rt, unique, "shared"), drawMarks(rt, unique, "a"), drawMarks(rt, unique, "b")}
		taken := func(m mark) bool {
			return unique && slices.ContainsFunc(v.shared, func(o mark) bool { return o.key() == m.key() })
		}
		v.a, v.b = slices.DeleteFunc(v.a, taken), slices.DeleteFunc(v.b, taken)
		return v
	})
}

func newBench(t *testing.T) *bench {
	t.Helper()
	l := newLake(t)
	s, err := l.openSession(t.Context(), SessionOptions{Threads: 1}, Holder{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &bench{lake: l, session: s, keyOfA: markSpec().Key}
}

// Law: the counts are those of a comparison by hand; the diff applied to A gives
// B; the diff of B and A is its mirror; and a version doesn't differ from
// itself.
func (b *bench) check(t rapid.TB, v versions) {
	shared := b.write(t, v.shared)
	before := func() *tableVersion { return b.version(t, b.keyOfA, v.a, shared) }
	after := func() *tableVersion { return b.version(t, markSpec().Key, v.b, shared) }
	d := b.compare(t, before(), after())
	checkCounts(t, d, v)
	rowsA, rowsB := slices.Concat(v.shared, v.a), slices.Concat(v.shared, v.b)
	if got := apply(t, rowsA, d); !slices.Equal(got, texts(rowsB)) {
		t.Errorf("applied to a, the diff gives %v, want %v", got, texts(rowsB))
	}
	checkMirror(t, d, b.compare(t, after(), before()))
	if self := b.compare(t, before(), before()); !self.Empty() || self.Same != int64(len(rowsA)) {
		t.Errorf("a version differs from itself: %+v", self)
	}
}

// The files of runs of ours are read as they are.
func TestDiffLaw(t *testing.T) {
	b := newBench(t)
	b.recorded = true
	rapid.Check(t, func(rt *rapid.T) { b.check(rt, drawVersions(true).Draw(rt, "versions")) })
}

// The files of other engines are sorted first; in them a key may come twice. A
// few cases do: each is a dozen statements of DuckDB.
func TestDiffLawOnForeignFiles(t *testing.T) {
	b := newBench(t)
	for seed := range 8 {
		b.check(t, drawVersions(seed%2 == 0).Example(seed))
	}
}

// Versions without a common key are compared by whole rows.
func TestDiffLawWithoutKey(t *testing.T) {
	b := newBench(t)
	b.keyOfA = []string{"group"}
	for seed := range 8 {
		b.check(t, drawVersions(false).Example(seed))
	}
}

func checkCounts(t rapid.TB, d *Diff, v versions) {
	added, removed, changed, same := counts(v.a, v.b, !d.WholeRows)
	same += int64(len(v.shared)) // a file that both have cancels out
	if d.Added != added || d.Removed != removed || d.Changed != changed || d.Same != same {
		t.Errorf("added %d, removed %d, changed %d, same %d; want %d, %d, %d, %d",
			d.Added, d.Removed, d.Changed, d.Same, added, removed, changed, same)
	}
	equal := d.Common()
	for _, c := range d.Columns {
		equal = min(equal, c.Equal)
		if c.Equal < d.Same || c.Equal > d.Common() || c.Key && c.Equal != d.Common() {
			t.Errorf("column %s is equal in %d of %d rows, of which %d are the same", c.Name(), c.Equal, d.Common(), d.Same)
		}
	}
	if d.Changed > 0 && equal == d.Common() {
		t.Error("rows changed, but every column is equal in all of them")
	}
}

// checkMirror sees that a diff is another read backwards.
func checkMirror(t rapid.TB, d, back *Diff) {
	mirrored := &Diff{A: back.B, B: back.A, Columns: back.Columns, Added: back.Removed, Removed: back.Added,
		Changed: back.Changed, Same: back.Same, WholeRows: back.WholeRows, Repeated: back.Repeated, Read: back.Read}
	ignore := cmpopts.IgnoreFields(Diff{}, "AddedRows", "RemovedRows", "ChangedRows")
	if diff := cmp.Diff(d, mirrored, ignore, cmpopts.IgnoreUnexported(ColumnDiff{})); diff != "" {
		t.Errorf("backwards it is another diff: %s", diff)
	}
}
