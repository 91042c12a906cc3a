// Package etltest is what the tests of all sources share: a lake that is checked
// when the test ends, raw files, and the rows of a query as text.
package etltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/lake/laketest"
)

// NewLake makes an empty lake, which is checked when the test ends.
func NewLake(t testing.TB) *lake.Lake { return laketest.New(t) }

// File writes a text to a new file and gives its path.
func File(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Query gives the rows of a query on the lake as it is, each as its values
// joined by |.
func Query(t testing.TB, l *lake.Lake, text string) (lines []string) {
	t.Helper()
	ctx := t.Context()
	pins, err := l.At(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	session, err := l.Session(ctx, pins, lake.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	rows, err := session.Query(ctx, text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	format := strings.TrimSuffix(strings.Repeat("%v|", len(columns)), "|")
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf(format, values...))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// Expect holds a query's rows against those that are wanted.
func Expect(t testing.TB, l *lake.Lake, text string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, Query(t, l, text), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s:\n%s", text, diff)
	}
}

// NewJob begins a load that is never published; nil is DuckDB.
func NewJob(t testing.TB, l *lake.Lake, on etl.Opener) *etl.Job {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	run, err := l.Begin(ctx, lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	j := &etl.Job{Run: run, Engine: etl.DuckDB{Run: run}}
	if on != nil {
		if j.Engine, err = on.Open(ctx, run); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := errors.Join(j.Engine.Close(), run.Close()); err != nil {
			t.Error(err)
		}
	})
	return j
}
