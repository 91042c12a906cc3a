package sql

import (
	"path/filepath"
	"testing"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// Two million rows of core.strength, and the question that both benchmarks ask.
const (
	benchRows  = `select 'en' as language, 'cue ' || (i // 100) as cue, 'response ' || i as response, i % 977 as n123 from range(2000000) t(i)`
	benchQuery = ` group by cue order by sum(n123) desc, cue limit 10`
)

// benchLake is a lake with the rows, and their files.
func benchLake(b *testing.B) (l *lake.Lake, files string) {
	b.Helper()
	l, err := lake.Init(b.Context(), filepath.Join(b.TempDir(), "lake"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	run, err := l.Begin(b.Context(), lake.RunInfo{})
	if err != nil {
		b.Fatal(err)
	}
	defer run.Close()
	spec := lake.Spec{Name: "core.strength", Doc: "x", Key: []string{"language", "cue", "response"}, Scope: "language",
		Licence: lake.OpenData, Columns: []lake.Column{{Name: "language", Type: lake.String}, {Name: "cue", Type: lake.String},
			{Name: "response", Type: lake.String}, {Name: "n123", Type: lake.Long}}}
	if _, err = run.Write(b.Context(), spec, "en", benchRows); err != nil {
		b.Fatal(err)
	}
	if _, err := run.Publish(b.Context(), lake.Done); err != nil {
		b.Fatal(err)
	}
	return l, filepath.Join(l.Dir(), "warehouse", "core.db", "strength", "data", "*.parquet")
}

// BenchmarkQueryPinned is a query of a user on a pinned version.
func BenchmarkQueryPinned(b *testing.B) {
	l, _ := benchLake(b)
	s, err := Open(b.Context(), l, SessionOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		rows, err := s.Query(b.Context(), Statement{SQL: "select cue, sum(n123)::bigint from core.strength" + benchQuery})
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
		}
		rows.Close()
	}
}

// BenchmarkQueryBare is DuckDB alone on the same files.
func BenchmarkQueryBare(b *testing.B) {
	_, files := benchLake(b)
	db, err := duck.Open(b.Context(), duck.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	query := "select cue, sum(n123)::bigint from read_parquet(" + duck.Literal(files) + ")" + benchQuery
	for b.Loop() {
		rows, err := db.Query(b.Context(), query)
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
		}
		rows.Close()
	}
}
