package sql

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// Six million rows of core.strength, and the end of the question about them.
const (
	benchRows  = `select 'en' as language, 'cue ' || (i // 100) as cue, 'response ' || i as response, i % 977 as n123 from range(6000000) t(i)`
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

// BenchmarkQueryPinned asks a user's question of a pinned version, and DuckDB
// alone the same question of the same files, in turns, so that what else the
// machine does falls on both. It reports the best time of each and their ratio.
func BenchmarkQueryPinned(b *testing.B) {
	l, files := benchLake(b)
	s, err := Open(b.Context(), l, SessionOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	bare, err := duck.Open(b.Context(), duck.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	const question = "select cue, sum(n123)::bigint from "
	pinned, alone := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for b.Loop() {
		pinned = min(pinned, timed(b, func() (rowCloser, error) {
			return s.Query(b.Context(), Statement{SQL: question + "core.strength" + benchQuery})
		}))
		alone = min(alone, timed(b, func() (rowCloser, error) {
			return bare.Query(b.Context(), question+"read_parquet("+duck.Literal(files)+")"+benchQuery)
		}))
	}
	b.ReportMetric(pinned.Seconds()*1e3, "ms-pinned")
	b.ReportMetric(alone.Seconds()*1e3, "ms-bare")
	b.ReportMetric(pinned.Seconds()/alone.Seconds(), "x-bare")
}

type rowCloser interface {
	Next() bool
	Close() error
}

// timed is how long a query takes with all of its rows.
func timed(b *testing.B, query func() (rowCloser, error)) time.Duration {
	b.Helper()
	started := time.Now()
	rows, err := query()
	if err != nil {
		b.Fatal(err)
	}
	for rows.Next() {
	}
	if err := rows.Close(); err != nil {
		b.Fatal(err)
	}
	return time.Since(started)
}
