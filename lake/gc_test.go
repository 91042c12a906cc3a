package lake

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Case 22: maintenance keeps what a tag needs; what it let go is an error that
// says so; after untag it goes too.
func TestGCKeepsTags(t *testing.T) {
	l := newLake(t)
	var pins []Pin
	for n := 3; n >= 1; n-- {
		r := begin(t, l)
		pins = append(pins, write(t, r, wordSpec(), "en", words("en", n)))
		publish(t, r, Done)
		r.Close()
		if n == 3 {
			tagNow(t, l, "paper-v1", false)
		}
	}
	report := collect(t, l, GCOptions{Delete: true})
	if len(report.Expired) != 1 || report.Expired[0] != pins[1] || len(report.Removed) == 0 {
		t.Errorf("gc let go %+v", report)
	}
	for ref, want := range map[string]string{"paper-v1": "{'n': 3}", "": "{'n': 1}"} {
		if got := rowsAt(t, l, ref, "select count(*) n from core.word"); got != want {
			t.Errorf("at %q: %s", ref, got)
		}
	}
	_, err := l.Pin(t.Context(), "core.word", strconv.FormatInt(pins[1].Snapshot, 10))
	if err == nil || !strings.Contains(err.Error(), "expired on") {
		t.Errorf("an expired snapshot: %v", err)
	}
	if err := l.Untag(t.Context(), "paper-v1", RunInfo{}); err != nil {
		t.Fatal(err)
	}
	report = collect(t, l, GCOptions{Delete: true})
	if len(report.Expired) != 1 || report.Expired[0] != pins[0] {
		t.Errorf("after untag gc let go %+v", report)
	}
	files, err := filepath.Glob(filepath.Join(l.warehouse(), "core.db/word/data/*.parquet"))
	if err != nil || len(files) != 1 {
		t.Errorf("data files %v, %v, want that of the last snapshot", files, err)
	}
	if got := rowsAt(t, l, "", "select count(*) n from core.word"); got != "{'n': 1}" {
		t.Errorf("now: %s", got)
	}
}

func collect(t *testing.T, l *Lake, o GCOptions) GCReport {
	t.Helper()
	report, err := l.GC(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// A preview removes nothing; age, Keep and live processes hold what they hold.
func TestGCHolds(t *testing.T) {
	l := newLake(t)
	old := begin(t, l)
	first := write(t, old, wordSpec(), "en", words("en", 3))
	publish(t, old, Done)
	old.Close()
	reader, err := l.Session(t.Context(), Pins{"core.word": first}, SessionOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	next := begin(t, l)
	write(t, next, wordSpec(), "en", words("en", 1))
	publish(t, next, Done)
	next.Close()
	if report := collect(t, l, GCOptions{Delete: true}); len(report.Expired) != 0 || len(report.Holders) != 1 {
		t.Errorf("a snapshot that is being read went: %+v", report)
	}
	if got := text(t, reader, "select count(*) n from core.word"); got != "{'n': 3}" {
		t.Errorf("the reader sees %s", got)
	}
	reader.Close()
	for name, o := range map[string]GCOptions{
		"too young": {Delete: true, OlderThan: time.Hour},
		"kept":      {Delete: true, Keep: map[string][]Pin{"run x": {first}}},
		"preview":   {},
	} {
		report := collect(t, l, o)
		if expires := len(report.Expired) == 1; expires != (name == "preview") {
			t.Errorf("%s: %+v", name, report)
		}
		if name == "kept" && (len(report.Kept) != 1 || report.Kept[0].By != "run x") {
			t.Errorf("kept: %+v", report.Kept)
		}
	}
	if got := rowsAt(t, l, old.ID(), "select count(*) n from core.word"); got != "{'n': 3}" {
		t.Errorf("after all of them: %s", got)
	}
}

// Files that a killed run left behind go when they are old; what the lake needs
// stays.
func TestGCRemovesOrphans(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	write(t, r, wordSpec(), "en", words("en", 3))
	publish(t, r, Done)
	r.Close()
	dir := filepath.Join(l.warehouse(), "core.db", "word", "data")
	orphan := filepath.Join(dir, "20200101T000000Z-abcdef-0001.parquet")
	if err := os.WriteFile(orphan, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	collect(t, l, GCOptions{Delete: true, OlderThan: time.Hour})
	if _, err := os.Stat(orphan); err != nil {
		t.Errorf("a young file went: %v", err)
	}
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(orphan, past, past); err != nil {
		t.Fatal(err)
	}
	report := collect(t, l, GCOptions{Delete: true, OlderThan: time.Hour})
	if _, err := os.Stat(orphan); !errors.Is(err, os.ErrNotExist) || len(report.Removed) != 1 {
		t.Errorf("the orphan: %v; %+v", err, report)
	}
}

// A process that found no room on the disk to say what it reads holds all of it.
func TestGCKeepsWhatAnEmptyLeaseMayRead(t *testing.T) {
	fileCatalogOnly(t, "a row of the catalog has room")
	l := newLake(t)
	appendWords(t, l, "en", 3)
	appendWords(t, l, "en", 1)
	reader, err := l.Session(t.Context(), nil, SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := os.Truncate(reader.lease.(*fileLease).path, 0); err != nil {
		t.Fatal(err)
	}
	report := collect(t, l, GCOptions{Delete: true})
	if len(report.Expired) != 0 || len(report.Holders) != 1 || !strings.Contains(report.Holders[0].String(), "no room") {
		t.Errorf("gc let go %+v", report)
	}
	reader.Close()
	if report := collect(t, l, GCOptions{Delete: true}); len(report.Expired) != 1 {
		t.Errorf("then gc let go %+v", report)
	}
}
