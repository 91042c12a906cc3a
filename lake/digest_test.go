package lake

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"alignctl/internal/disk"
	"alignctl/lake/iceberg"
)

// The digest is part of the format. These two were computed from the definition
// in DESIGN.md by another program (Python's hashlib and struct).
func TestDigestIsWhatItWas(t *testing.T) {
	r := begin(t, newLake(t))
	for _, c := range []struct {
		pin  Pin
		want string
	}{
		{write(t, r, exampleSpec(), "", exampleQuery),
			"sha256:cb01af9593acad47d962eb5517a68cd35a7b98be155d96034c3add87790ddec2"},
		{write(t, r, wordSpec(), "en", words("en", 10)),
			"sha256:37268b0dd271984bc5fc53b7920ec200a9f331b9e9b5979a2592cc8bdeef1fbc"},
	} {
		if c.pin.Digest != c.want {
			t.Errorf("digest of %s is %s, want %s", c.pin.Table, c.pin.Digest, c.want)
		}
	}
}

func TestDigestTellsValuesApart(t *testing.T) {
	spec := Spec{Name: "data.v", Key: []string{"id"}, Columns: []Column{
		{Name: "id", Type: Long}, {Name: "s", Type: List(String)}, {Name: "d", Type: Double}}}
	r := begin(t, newLake(t))
	seen := map[string]string{}
	for _, values := range []string{"null, null", "[], null", "[null], null", "[''], null", "['', ''], null",
		"['a', 'b'], null", "['ab'], null", "['a'], 0", "['a'], 1", "['a'], 'nan'::double"} {
		s, d, _ := strings.Cut(values, "], ")
		query := fmt.Sprintf("select 1 as id, %s]::varchar[] as s, %s::double as d", s, d)
		if d == "" {
			query = "select 1 as id, null::varchar[] as s, null::double as d"
		}
		pin := write(t, r, spec, "", query)
		if other, twice := seen[pin.Digest]; twice {
			t.Errorf("%s and %s have one digest", values, other)
		}
		seen[pin.Digest] = values
	}
	a := write(t, r, spec, "", "select 1 as id, null::varchar[] as s, 'nan'::double as d")
	b := write(t, r, spec, "", "select 1 as id, null::varchar[] as s, -('nan'::double) as d")
	if a != b {
		t.Errorf("two NaNs: %v, %v", a, b)
	}
}

// Law: the digest of a scope is a function of its rows alone: neither the order
// in which they are given, nor their split into files, nor the number of
// threads, nor who wrote them (DuckDB or Go) changes it.
func TestDigestLaw(t *testing.T) {
	l := newLake(t)
	sessions := map[int]*Session{}
	for _, threads := range []int{1, 4} {
		s, err := l.openSession(t.Context(), SessionOptions{Threads: threads}, Holder{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		sessions[threads] = s
	}
	spec, dir, count := stepSpec(), t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		rows := drawSteps(rt)
		shuffled := rapid.Permutation(rows).Draw(rt, "order")
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(rows)), 0, 3).Draw(rt, "cuts")
		var files []iceberg.DataFile
		for _, batch := range append([][]step{rows}, split(shuffled, cuts)...) {
			count++
			f := iceberg.DataFile{Path: filepath.Join(dir, fmt.Sprint(count))}
			if _, err := writeParquet(disk.OS{}, f.Path, shape{spec, fieldsOf(spec.Columns)}, batch); err != nil {
				rt.Fatal(err)
			}
			files = append(files, f)
		}
		whole, parts := stateOf(rt, files[:1]), stateOf(rt, files[1:])
		if !whole.sameRows(parts) {
			rt.Errorf("in %d files %v, in one %v", len(files)-1, parts.columns, whole.columns)
		}
		for threads, s := range sessions {
			copied := iceberg.DataFile{Path: filepath.Join(dir, fmt.Sprint("copy", count, threads))}
			query := readFiles(fieldsOf(spec.Columns), files[1:]) + " order by hash(step)"
			if err := s.Exec(rt.Context(), copyRows(spec, fieldsOf(spec.Columns), query, copied.Path)); err != nil {
				rt.Fatal(err)
			}
			if got := stateOf(rt, []iceberg.DataFile{copied}); !got.sameRows(whole) {
				rt.Errorf("by DuckDB %v, by Go %v", got.columns, whole.columns)
			}
		}
	})
}

// stateOf reads files as a scope of the table of steps.
func stateOf(rt *rapid.T, files []iceberg.DataFile) *scopeState {
	scan := newScopeScan(disk.OS{}, stepSpec(), fieldsOf(stepSpec().Columns))
	if err := scan.add(rt.Context(), files); err != nil {
		rt.Fatal(err)
	}
	return scan.state(nil)
}

func drawSteps(rt *rapid.T) []step {
	numbers := rapid.SliceOfNDistinct(rapid.Int64Range(-50, 5000), 1, 40, rapid.ID[int64]).Draw(rt, "steps")
	rows := steps(0, int64(len(numbers)))
	for i := range rows {
		rows[i].Step = numbers[i]
		if rows[i].Value != nil {
			*rows[i].Value = rapid.OneOf(rapid.Float64(), rapid.Just(math.NaN()), rapid.Just(math.Inf(-1))).Draw(rt, "value")
		}
		rows[i].Parts = append(rows[i].Parts, part{Name: rapid.String().Draw(rt, "name")})
	}
	return rows
}

// split cuts rows at the given places; empty parts fall away.
func split(rows []step, cuts []int) [][]step {
	at := make([]bool, len(rows)+1)
	for _, c := range cuts {
		at[c] = true
	}
	var parts [][]step
	from := 0
	for i := 1; i <= len(rows); i++ {
		if i == len(rows) || at[i] {
			parts, from = append(parts, rows[from:i]), i
		}
	}
	return parts
}
