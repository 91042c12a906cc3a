package lake

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Each benchmark's peer stands beside it; docs/performance.md has the ratios.

// associationSpec is a table as large as core.association gets.
func associationSpec() Spec {
	return Spec{Name: "core.association", Doc: "a response", Key: []string{"language", "id"}, Scope: "language",
		Licence: OpenData, Columns: []Column{
			{Name: "language", Type: String, Required: true},
			{Name: "id", Type: Long, Required: true},
			{Name: "participant", Type: String},
			{Name: "cue", Type: String},
			{Name: "position", Type: Int},
			{Name: "response", Type: String},
			{Name: "kind", Type: String},
			{Name: "kept", Type: Bool},
			{Name: "share", Type: Double},
		}}
}

// benchRows is how many rows the large benchmarks write.
const benchRows = 5_000_000

var benchQuery = fmt.Sprintf(`select 'en' as language, i as id, 'p' || (i // 100)::varchar as participant,
	'cue ' || (hash(i // 300) %% 12000)::varchar as cue, (i %% 3)::int as position,
	'word ' || (hash(i) %% 60000)::varchar as response, 'word' as kind, i %% 97 != 0 as kept, (i %% 977) / 1000 as share
	from range(%d) t(i)`, benchRows)

// inMemory makes the benchmark's rows a table of a session, so that making them
// isn't timed.
func inMemory(b *testing.B, s *Session) string {
	b.Helper()
	if err := s.Exec(b.Context(), "create temp table bench as "+benchQuery); err != nil {
		b.Fatal(err)
	}
	return "from bench"
}

// BenchmarkCopy is DuckDB alone: the same rows, in the same order, to Parquet.
func BenchmarkCopy(b *testing.B) {
	l := benchLake(b)
	s, err := l.openSession(b.Context(), SessionOptions{}, Holder{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	query, spec := inMemory(b, s), associationSpec()
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "x.parquet")
		if err := s.Exec(b.Context(), copyRows(spec, fieldsOf(spec.Columns), query, path)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit is the lake: the same rows written, checked, digested, synced
// and published.
func BenchmarkCommit(b *testing.B) {
	l := benchLake(b)
	r, err := l.Begin(b.Context(), RunInfo{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	query := inMemory(b, r.Session())
	for n := 0; b.Loop(); n++ {
		rows := fmt.Sprintf("select * replace (share + %d as share) %s", n, query) // other rows each time
		if _, err := r.Write(b.Context(), associationSpec(), "en", rows); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Publish(b.Context(), Running); err != nil {
			b.Fatal(err)
		}
	}
}

func benchLake(b *testing.B) *Lake {
	b.Helper()
	l, err := initHere(b.Context(), filepath.Join(b.TempDir(), "lake"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	return l
}

// BenchmarkCommits is what a training run pays for each batch of steps when a
// thousand came before: ten rows, one publish.
func BenchmarkCommits(b *testing.B) {
	l := benchLake(b)
	r, err := l.Begin(b.Context(), RunInfo{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	next := int64(0)
	commit := func() {
		if _, err := WriteRows(b.Context(), r, stepSpec(), "a", steps(next, next+10)); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Publish(b.Context(), Running); err != nil {
			b.Fatal(err)
		}
		next += 10
	}
	for range 1000 {
		commit()
	}
	size := metadataBytes(b, l)
	for b.Loop() {
		commit()
	}
	b.ReportMetric(size/1e6, "metadata-MB")
}

// metadataBytes is the size of the tables' metadata: its files, manifest lists
// and manifests.
func metadataBytes(b *testing.B, l *Lake) (total float64) {
	b.Helper()
	err := filepath.WalkDir(l.warehouse(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Base(filepath.Dir(path)) == "data" {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += float64(info.Size())
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return total
}

// BenchmarkOpen opens a lake of a hundred tables and a session that shows them.
func BenchmarkOpen(b *testing.B) {
	l := benchLake(b)
	r, err := l.Begin(b.Context(), RunInfo{})
	if err != nil {
		b.Fatal(err)
	}
	for n := range 100 {
		spec := wordSpec()
		spec.Name = fmt.Sprintf("core.word_%d", n)
		if _, err := r.Write(b.Context(), spec, "en", words("en", 10)); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := r.Publish(b.Context(), Done); err != nil {
		b.Fatal(err)
	}
	r.Close()
	for b.Loop() {
		again, err := Open(b.Context(), l.Dir())
		if err != nil {
			b.Fatal(err)
		}
		pins, err := again.At(b.Context(), "")
		if err != nil || len(pins) < 100 {
			b.Fatal(len(pins), err)
		}
		s, err := again.Session(b.Context(), pins, SessionOptions{ReadOnly: true})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
		again.Close()
	}
}

// BenchmarkVerify reads and digests every byte; BenchmarkSHA256 is its peer.
func BenchmarkVerify(b *testing.B) {
	l, bytes := verifiedLake(b)
	b.SetBytes(bytes)
	for b.Loop() {
		if _, err := l.Verify(b.Context(), VerifyOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSHA256 digests one large file of the lake, as sha256sum does.
func BenchmarkSHA256(b *testing.B) {
	l, _ := verifiedLake(b)
	files, err := filepath.Glob(filepath.Join(l.warehouse(), "core.db/association/data/*.parquet"))
	if err != nil || len(files) != 1 {
		b.Fatal(files, err)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		if _, err := fileOf(l.disk, files[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func verifiedLake(b *testing.B) (l *Lake, bytes int64) {
	b.Helper()
	l = benchLake(b)
	r, err := l.Begin(b.Context(), RunInfo{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Write(b.Context(), associationSpec(), "en", benchQuery); err != nil {
		b.Fatal(err)
	}
	if _, err := r.Publish(b.Context(), Done); err != nil {
		b.Fatal(err)
	}
	v, err := l.Verify(b.Context(), VerifyOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return l, v.Bytes
}
