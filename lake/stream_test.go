package lake

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func readOnlySession(t *testing.T) (*Lake, *Session) {
	t.Helper()
	l := newLake(t)
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(t.Context(), pins, SessionOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return l, s
}

// Rows stream in their order out of a session that can't write, and nothing is
// left in the lake.
func TestStreamCSV(t *testing.T) {
	l, s := readOnlySession(t)
	var text strings.Builder
	if err := s.StreamCSV(t.Context(), `select i, 'a,"' || i b, timestamp '2026-01-02 03:04:05' as moment
		from range(300000) t(i) order by i desc`, &text); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	if err != nil || len(records) != 300001 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	if got := strings.Join(records[1], "|"); got != `299999|a,"299999|2026-01-02T03:04:05.000000Z` {
		t.Errorf("the first row is %s", got)
	}
	if left, err := os.ReadDir(filepath.Join(l.Dir(), "tmp")); err != nil || len(left) > 0 {
		t.Errorf("in tmp: %v, %v", left, err)
	}
}

// What is wrong with a query is said before anything is written; a query that
// fails half-way says so too.
func TestStreamFails(t *testing.T) {
	_, s := readOnlySession(t)
	var out strings.Builder
	for _, query := range []string{"select nope", "select 1; select 2", "copy (select 1) to 'x'", "frm x"} {
		if err := s.StreamParquet(t.Context(), query, &out); err == nil || out.Len() > 0 {
			t.Errorf("%s: %v, wrote %q", query, err, out.String())
		}
	}
	err := s.StreamCSV(t.Context(), "select if(i = 2000000, error('half-way'), i) from range(3000000) t(i)", &out)
	if err == nil || !strings.Contains(err.Error(), "half-way") || out.Len() == 0 {
		t.Errorf("wrote %d bytes, %v", out.Len(), err)
	}
}

// A reader that leaves, or a context that ends, ends the query.
func TestStreamStops(t *testing.T) {
	_, s := readOnlySession(t)
	const forEver = "select count(*) over (), i from range(1000000000000) t(i)"
	started := time.Now()
	reader, writer := io.Pipe()
	go func() {
		_, _ = reader.Read(make([]byte, 1))
		_ = reader.CloseWithError(errors.New("left"))
	}()
	if err := s.StreamCSV(t.Context(), "select i from range(1000000000000) t(i)", writer); err == nil || !strings.Contains(err.Error(), "left") {
		t.Errorf("the reader left: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.StreamCSV(ctx, forEver, io.Discard); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the time was over: %v", err)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("stopping took %v", took)
	}
}
