package lake

import (
	"fmt"
	"path/filepath"
	"testing"
)

// responseSpec is a wide table as core.association is.
func responseSpec() Spec {
	return Spec{Name: "core.response", Doc: "a response", Key: []string{"language", "cue", "participant", "position"},
		Scope: "language", Licence: NoRedistribution, Columns: []Column{
			{Name: "language", Type: String, Required: true}, {Name: "cue", Type: String, Required: true},
			{Name: "participant", Type: String, Required: true}, {Name: "position", Type: Long, Required: true},
			{Name: "response", Type: String}, {Name: "kind", Type: String}, {Name: "n", Type: Long},
			{Name: "strength", Type: Double}, {Name: "share", Type: Double}, {Name: "surprise", Type: Double},
		}}
}

const responses = `select 'en' as language, 'cue ' || (i // 300) as cue, 'p' || (i // 3 %% 100) as participant,
	i %% 3 as position, 'answer ' || (hash(i) %% 50000) as response,
	case when i %% 11 = 0 then 'missing' else 'word' end as kind,
	(hash(i + 1) %% 1000)::bigint as n, (hash(i + 2) %% 100000) / 1e5 as strength, (hash(i + 3) %% 1000) / 1e3 as share,
	log2(1 + hash(i + 4) %% 100000) as surprise from range(%d, %d) t(i)`

// diffVersions are two versions of a table of n rows, of which a hundredth is
// changed, a hundredth removed and a hundredth added.
func diffVersions(b *testing.B, n int) (*Lake, [2]Pin) {
	l, err := initHere(b.Context(), filepath.Join(b.TempDir(), "lake"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	all := fmt.Sprintf(responses, 0, n+n/100)
	var pins [2]Pin
	for v, query := range []string{
		"select * from (" + all + ") where hash(cue, participant, position, 1) % 101 > 0",
		"select * replace (case when hash(cue, participant, position, 3) % 100 = 0 then n + 1 else n end as n) from (" +
			all + ") where hash(cue, participant, position, 2) % 101 > 0",
	} {
		r, err := l.Begin(b.Context(), RunInfo{Options: SessionOptions{Memory: "1GB"}})
		if err != nil {
			b.Fatal(err)
		}
		if pins[v], err = r.Write(b.Context(), responseSpec(), "en", query); err != nil {
			b.Fatal(err)
		}
		p, err := r.Publish(b.Context(), Done)
		if err != nil {
			b.Fatal(err)
		}
		pins[v] = p.Outputs[0]
		r.Close()
	}
	return l, pins
}

// BenchmarkDiff compares two versions of five million rows.
func BenchmarkDiff(b *testing.B) {
	l, pins := diffVersions(b, 5_000_000)
	for b.Loop() {
		d, err := l.Diff(b.Context(), pins[0], pins[1], DiffOptions{Samples: 5})
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%d added, %d removed, %d changed, %d same", d.Added, d.Removed, d.Changed, d.Same)
	}
}
