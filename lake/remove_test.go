package lake

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// removeRun takes a table of two scopes out of a lake.
func removeRun(ctx context.Context, dir string) error {
	l, err := Open(ctx, dir)
	if err != nil {
		return err
	}
	defer l.Close()
	r, err := l.Begin(ctx, RunInfo{Command: "remove"})
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.Remove(ctx, "core.word"); err != nil {
		return err
	}
	_, err = r.Publish(ctx, Done)
	return err
}

// Properties of a table that a run takes out:
//   - no listing, session or later version has it; earlier ones, by tag, run and
//     snapshot, have its rows;
//   - the lake passes its check and a deep verify;
//   - written again, it is back with the digest that the rows give, and the
//     versions in between still lack it.
func TestRemove(t *testing.T) {
	l := crashLake(t)
	before, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Tag(t.Context(), "kept", before, false, RunInfo{}); err != nil {
		t.Fatal(err)
	}
	if err := removeRun(t.Context(), l.Dir()); err != nil {
		t.Fatal(err)
	}
	runs, err := l.Log(t.Context(), LogOptions{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	gone := runs[0].Run
	expectTable(t, l, "", Pin{})
	expectTable(t, l, gone, Pin{})
	expectTable(t, l, "kept", before["core.word"])
	if infos := digests(t, l); strings.Contains(infos, "core.word") {
		t.Errorf("still listed:\n%s", infos)
	}
	if got := rowsAt(t, l, "kept", "select count(*) n from core.word"); got != "{'n': 6}" {
		t.Errorf("under the tag: %s", got)
	}
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
	expectWhole(t, l, "after the removal")
	if err := removeRun(t.Context(), l.Dir()); err == nil || !strings.Contains(err.Error(), "no such table") {
		t.Errorf("removed twice: %v", err)
	}
	back := begin(t, l)
	write(t, back, wordSpec(), "en", words("en", 3))
	write(t, back, wordSpec(), "fr", words("fr", 3))
	if p := publish(t, back, Done); p.Outputs[0].Digest != before["core.word"].Digest {
		t.Errorf("written again: %+v, want the digest of %+v", p.Outputs[0], before["core.word"])
	}
	expectTable(t, l, gone, Pin{})
	expectTable(t, l, "kept", before["core.word"])
	expectWhole(t, l, "after the table came back")
}

// expectTable looks for core.word in a version.
func expectTable(t *testing.T, l *Lake, ref string, want Pin) {
	t.Helper()
	pins, err := l.At(t.Context(), ref)
	if err != nil || pins["core.word"] != want {
		t.Errorf("at %q: %+v, %v; want %+v", ref, pins["core.word"], err, want)
	}
}

func TestRemovedVersionsGo(t *testing.T) {
	l := crashLake(t)
	if err := removeRun(t.Context(), l.Dir()); err != nil {
		t.Fatal(err)
	}
	report, err := l.GC(t.Context(), GCOptions{OlderThan: 0, Delete: true})
	if err != nil {
		t.Fatal(err)
	}
	words := 0
	for _, pin := range report.Expired {
		if pin.Table == "core.word" {
			words++
		}
	}
	if words == 0 {
		t.Errorf("gc let no version of core.word go: %+v", report)
	}
	expectWhole(t, l, "after gc")
}

// A table that was taken out may come back under another scope column.
func TestRemovedTableComesBackOtherwise(t *testing.T) {
	l := crashLake(t)
	before, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Tag(t.Context(), "kept", before, false, RunInfo{}); err != nil {
		t.Fatal(err)
	}
	if err := removeRun(t.Context(), l.Dir()); err != nil {
		t.Fatal(err)
	}
	spec := wordSpec()
	spec.Scope, spec.Key = "word", []string{"word", "language"}
	r := begin(t, l)
	write(t, r, spec, "only", "select 'en' as language, 'only' as word, 1 as n, 0.5::double as share")
	publish(t, r, Done)
	if got := rowsAt(t, l, "", "select word, n from core.word"); got != "{'word': only, 'n': 1}" {
		t.Errorf("now: %s", got)
	}
	if got := rowsAt(t, l, "kept", "select count(*) n from core.word"); got != "{'n': 6}" {
		t.Errorf("under the tag: %s", got)
	}
	now, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	diff, err := l.DiffAll(t.Context(), before, now, DiffOptions{})
	if err != nil || len(diff) != 1 || diff[0].Added != 1 || diff[0].Removed != 6 {
		t.Errorf("diff: %+v, %v", diff, err)
	}
	expectWhole(t, l, "after it came back")
}

// A run that adds a scope while another takes the table out keeps its rows.
func TestRemoveConflicts(t *testing.T) {
	l := crashLake(t)
	r, other := begin(t, l), begin(t, l)
	if err := r.Remove(t.Context(), "core.word"); err != nil {
		t.Fatal(err)
	}
	write(t, other, wordSpec(), "zh", words("zh", 4))
	publish(t, other, Done)
	if _, err := r.Publish(t.Context(), Done); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	if pins, err := l.At(t.Context(), ""); err != nil || pins["core.word"].Rows != 10 {
		t.Errorf("core.word: %+v, %v", pins["core.word"], err)
	}
}

// A removal that is killed leaves the table, or takes it out.
func TestKilledRemoval(t *testing.T) {
	for _, point := range Failpoints()[1:] { // it writes no data file
		t.Run(point, func(t *testing.T) {
			l := crashLake(t)
			kill(t, "remove", l.Dir(), point)
			pins, err := l.At(t.Context(), "")
			if _, there := pins["core.word"]; err != nil || there != (point != "lake.publish.after-tx") {
				t.Errorf("core.word is there: %v, %v", there, err)
			}
			expectWhole(t, l, "killed at "+point)
		})
	}
}
