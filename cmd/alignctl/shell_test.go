package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alignctl/lake"
)

// typing gives the shell lines as a user would; "^C" is Ctrl-C at the prompt.
type typing struct {
	lines   []string
	prompts []string
}

func (l *typing) ReadLine(prompt string) (string, error) {
	l.prompts = append(l.prompts, prompt)
	if len(l.lines) == 0 {
		return "", io.EOF
	}
	line := l.lines[0]
	if l.lines = l.lines[1:]; line == "^C" {
		return "", errAborted
	}
	return line, nil
}

func (l *typing) Close() error { return nil }

// newTestShell is a shell on an empty lake, and what it prints.
func newTestShell(t *testing.T, lines ...string) (s *sqlShell, out, errOut *bytes.Buffer) {
	t.Helper()
	l, err := lake.Init(t.Context(), filepath.Join(t.TempDir(), "lake"))
	if err != nil {
		t.Fatal(err)
	}
	out, errOut = &bytes.Buffer{}, &bytes.Buffer{}
	r, err := newSQLRunner(newTerminal(nil, out, errOut), l, sqlOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.close(); l.Close() })
	return &sqlShell{sqlRunner: r, lines: &typing{lines: lines}, interrupts: make(chan os.Signal, 1)}, out, errOut
}

func TestShellSession(t *testing.T) {
	s, out, errOut := newTestShell(t,
		"select 1", "as one;", "select nosuch; select 'not run';", "select 'forgotten", "^C",
		".mode csv", "select 2 as two; -- done", ".nosuch", ".at never", ".at", "select 3 as three;")
	if err := s.loop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("one\n1\ntwo\n2\nthree\n3\n", out.String()); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{`"nosuch"`, `unknown command ".nosuch"`, `find version "never"`, " s)"} {
		if !strings.Contains(errOut.String(), want) {
			t.Errorf("no %q in %s", want, errOut)
		}
	}
	prompts := s.lines.(*typing).prompts
	if prompts[0] != "alignctl> " || prompts[1] != "      ..> " || prompts[2] != "alignctl> " || prompts[5] != "alignctl> " {
		t.Errorf("prompts %q", prompts)
	}
}

// Ctrl-C stops the query that runs, and the shell goes on.
func TestShellInterrupt(t *testing.T) {
	interrupts := make(chan os.Signal, 1)
	s, out, errOut := newTestShell(t, "select count(*) from range(1000000) a, range(1000000) b where a.range % 7 = b.range % 11;",
		"select 'goes on' as x;")
	s.interrupts = interrupts
	timer := time.AfterFunc(200*time.Millisecond, func() { interrupts <- os.Interrupt })
	defer timer.Stop()
	if err := s.loop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out.String() != "x\ngoes on\n" || !strings.Contains(errOut.String(), "error: interrupted") {
		t.Errorf("printed %q and %q", out, errOut)
	}
}

// The end of the program ends a shell that waits for a line.
func TestShellEndsWithTheProgram(t *testing.T) {
	s, _, _ := newTestShell(t)
	s.lines = waiting{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.loop(ctx); err != context.Canceled {
		t.Error(err)
	}
}

type waiting struct{}

func (waiting) ReadLine(string) (string, error) { select {} }
func (waiting) Close() error                    { return nil }

func TestComplete(t *testing.T) {
	s, _, _ := newTestShell(t)
	if err := s.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"paper-v1", "paper-v2"} {
		tagEmptyTable(t, s.lake, tag)
	}
	for line, want := range map[string]string{
		".ta|":           "|.tables|",
		".mode js|":      ".mode |json jsonl|",
		"sel|":           "|select|",
		"词语 SEL|, 词":     "词语 |select|, 词",
		"select 'x' fr|": "select 'x' |from|",
		".read x|":       ".read ||",
	} {
		before, after, _ := strings.Cut(line, "|")
		head, words, tail := complete(before+after, len([]rune(before)), s.sqlRunner)
		if got := head + "|" + strings.Join(words, " ") + "|" + tail; got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

// tagEmptyTable tags the lake, which then has a table data.x.
func tagEmptyTable(t *testing.T, l *lake.Lake, tag string) {
	t.Helper()
	run, err := l.Begin(t.Context(), lake.RunInfo{})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	spec := lake.Spec{Name: "data.x", Doc: "x", Key: []string{"a"}, Licence: lake.OpenData,
		Columns: []lake.Column{{Name: "a", Type: lake.String}}}
	if _, err := run.Write(t.Context(), spec, "", "select 'a' as a"); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Publish(t.Context(), lake.Done); err != nil {
		t.Fatal(err)
	}
	pins, err := l.At(t.Context(), "")
	if err == nil {
		err = l.Tag(t.Context(), tag, pins, false, lake.RunInfo{})
	}
	if err != nil {
		t.Fatal(err)
	}
}
