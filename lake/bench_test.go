package lake

import (
	"path/filepath"
	"testing"
)

// A million rows as core.strength has them.
const benchQuery = `select 'en' as language, 'cue ' || (i // 100) || ' ' || (i % 100) as word, i % 977 as n,
	(i % 977) / 1000 as share from range(1000000) t(i)`

// BenchmarkCopy is DuckDB alone: the same rows, in the same order, to Parquet.
func BenchmarkCopy(b *testing.B) {
	l, err := Init(b.Context(), filepath.Join(b.TempDir(), "lake"))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	s, err := l.openSession(b.Context(), SessionOptions{}, Holder{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "x.parquet")
		if err := s.Exec(b.Context(), copySorted(wordSpec(), fieldsOf(wordSpec().Columns), benchQuery, path)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWrite is the lake: the same, synced, checked, digested, staged.
func BenchmarkWrite(b *testing.B) {
	l, err := Init(b.Context(), filepath.Join(b.TempDir(), "lake"))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		r, err := l.Begin(b.Context(), RunInfo{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.Write(b.Context(), wordSpec(), "en", benchQuery); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

// BenchmarkPublish is what a training run pays for each batch of steps.
func BenchmarkPublish(b *testing.B) {
	l, err := Init(b.Context(), filepath.Join(b.TempDir(), "lake"))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	r, err := l.Begin(b.Context(), RunInfo{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	next := int64(0)
	for b.Loop() {
		if _, err := WriteRows(b.Context(), r, stepSpec(), "a", steps(next, next+10)); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Publish(b.Context(), Running); err != nil {
			b.Fatal(err)
		}
		next += 10
	}
}
