package lake

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"alignctl/internal/disk"
	"alignctl/lake/iceberg"
)

// A pause does something between a transaction's last statement and its commit.
type pause struct {
	disk.FS
	do func()
}

func (p *pause) Commit(commit func() error) error {
	if do := p.do; do != nil {
		p.do = nil
		do()
	}
	return p.FS.Commit(commit)
}

// withPause opens a lake whose commits can be held up.
func withPause(t *testing.T, dir string) (*Lake, *pause) {
	t.Helper()
	p := &pause{}
	l, err := openOn(t.Context(), dir, func(on disk.FS) disk.FS { p.FS = on; return p })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, p
}

// Who begins while a publish is being committed reads the state before it, and
// keeps its files.
func TestReaderBeginsInACommit(t *testing.T) {
	l := newLake(t)
	appendWords(t, l, "zh", 2)
	writer, paused := withPause(t, l.Dir())
	r := begin(t, writer)
	defer r.Close()
	write(t, r, wordSpec(), "en", words("en", 3))
	publish(t, r, Running)
	var reader *Session
	paused.do = func() {
		pins, err := l.At(context.Background(), "")
		if err == nil {
			reader, err = l.Session(context.Background(), pins, SessionOptions{})
		}
		if err != nil {
			t.Error(err)
		}
	}
	publish(t, r, Done) // its row of meta.runs in the place of the one before
	defer reader.Close()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	collect(t, writer, GCOptions{Delete: true})
	if status := oneValue(t, reader, "select max(status) from meta.runs where status = 'running'"); status != "running" {
		t.Errorf("the reader sees %q", status)
	}
}

// oneValue gives the text that a query gives.
func oneValue(t *testing.T, s *Session, query string) (text string) {
	t.Helper()
	rows, err := s.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return text
}

// A host that was out of touch for too long comes back in the moment in which
// another's gc takes its files: either its publish lands with all of its files,
// or it doesn't land.
func TestLeaseEndsInACommit(t *testing.T) {
	where := Location{Catalog: newCatalog(t), Warehouse: iceberg.URI(filepath.Join(t.TempDir(), "warehouse"))}
	other := host(t, where)
	appendWords(t, other, "zh", 2)
	late, paused := withPause(t, host(t, Location{Catalog: where.Catalog}).Dir())
	r := begin(t, late)
	defer r.Close()
	write(t, r, wordSpec(), "en", words("en", 3))
	for _, s := range r.tables {
		for _, f := range s.newFiles() {
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(f.Path, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	collected := make(chan error, 1)
	silentFor(t, where.Catalog, 119*time.Second)
	paused.do = func() {
		time.Sleep(2 * time.Second) // now it is for too long
		go func() {
			_, err := other.GC(context.Background(), GCOptions{Delete: true})
			collected <- err
		}()
		time.Sleep(200 * time.Millisecond)
	}
	publish(t, r, Done)
	if err := <-collected; err != nil {
		t.Error(err)
	}
	expectRows(t, other, 5)

	again := begin(t, late)
	defer again.Close()
	write(t, again, wordSpec(), "en", words("en", 4))
	silentFor(t, where.Catalog, 3*time.Minute)
	if _, err := again.Publish(t.Context(), Done); !errors.Is(err, iceberg.ErrLeaseLost) {
		t.Errorf("a publish after three minutes of silence: %v", err)
	}
}

// silentFor makes it so long ago that holders of leases were heard of.
func silentFor(t *testing.T, catalog string, d time.Duration) {
	t.Helper()
	db, err := sql.Open("pgx", catalog)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("update alignctl_leases set seen = seen - $1::bigint", d.Microseconds()); err != nil {
		t.Error(err)
	}
}

// A check that another run's publish comes into finds nothing wrong.
func TestCheckBesideAPublish(t *testing.T) {
	l := newLake(t)
	appendWords(t, l, "zh", 2)
	err := l.reading(t.Context(), func(now *version) error {
		appendWords(t, l, "en", 3)
		s, err := l.openSession(t.Context(), SessionOptions{Threads: 1}, Holder{})
		if err != nil {
			return err
		}
		defer s.Close()
		c, err := newChecker(l, s, now)
		if err != nil {
			return err
		}
		c.structure(t.Context())
		return errors.Join(c.found...)
	})
	if err != nil {
		t.Error(err)
	}
}
