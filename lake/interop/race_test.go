package interop

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"alignctl/lake"
)

// commits is how many commits each of two engines makes at the same time.
const commits = 20

// writeAtOnce: alignctl adds a batch of steps in each of its publishes while another engine
// appends a row in each of its commits to the same table, of another scope:
// nothing is lost, nothing twice.
func writeAtOnce(t *testing.T, e *engine) {
	l := newLake(t)
	publish(t, l, write{steps: batch(0, 1)})
	do(t, e, "open", args{"lake": l.Dir()})
	rows := make([]args, commits)
	for i := range rows {
		rows[i] = args{"run_id": "r2", "step": i, "loss": 0.5, "at": "2026-11-25T00:00:00", "parts": []args{}}
	}
	conflicts := atOnce(t, l, func() (conflicts []string, err error) {
		return try[[]string](e, "append_one_by_one", args{"table": "train.step", "rows": rows, "pause": 0.3})
	})
	writers := ask[[]string](t, e, "writers", args{"table": "train.step"})
	t.Logf("%d snapshots, the writer changed %d times", len(writers), len(slices.Compact(slices.Clone(writers)))-1)
	t.Logf("PyIceberg gave up on %d of %d commits, and made them again; why: %q", len(conflicts), commits, conflicts)
	e.sameRows(t, l, "train.step", "", nil)
}

// atOnce publishes in a loop while theirs runs, and counts the rows afterwards.
func atOnce(t *testing.T, l *lake.Lake, theirs func() ([]string, error)) (conflicts []string) {
	t.Helper()
	var work errgroup.Group
	work.Go(func() (err error) {
		conflicts, err = theirs()
		return err
	})
	work.Go(func() error {
		for i := range int64(commits) {
			if err := addStep(t, l, i+1); err != nil {
				return fmt.Errorf("publish %d: %w", i, err)
			}
		}
		return nil
	})
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(t.Context(), pinsNow(t, l), lake.SessionOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := query(t, s, "select run_id as a, count(*) as n, count(distinct step) as d from train.step group by run_id")
	want := fmt.Sprintf(`[{"a":"r1","d":%d,"n":%[1]d} {"a":"r2","d":%d,"n":%[2]d}]`, commits+1, commits)
	if fmt.Sprint(got) != want {
		t.Errorf("rows: %v, want %s", got, want)
	}
	return conflicts
}

// addStep publishes one row of train.step, in a run of its own.
func addStep(t *testing.T, l *lake.Lake, n int64) error {
	r, err := l.Begin(t.Context(), lake.RunInfo{Command: "step", Version: "test"})
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := lake.WriteRows(t.Context(), r, steps, "r1", batch(n, n+1)); err != nil {
		return err
	}
	_, err = r.Publish(t.Context(), lake.Done)
	return err
}

func pinsNow(t *testing.T, l *lake.Lake) lake.Pins {
	t.Helper()
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return pins
}

// writesOnAnOldVersion: PyIceberg loaded a table before alignctl published to it: its append lands on
// top, its change of a row that is gone fails and moves nothing.
func writesOnAnOldVersion(t *testing.T, e *engine) {
	l := newLake(t)
	publish(t, l, write{spec: word, scope: "en", query: english}, write{spec: word, scope: "zh", query: chinese})
	do(t, e, "open", args{"lake": l.Dir()})
	sun := []args{{"language": "en", "word": "sun", "n": 1, "share": 0.5}}

	do(t, e, "hold", args{"table": "core.word"})
	publish(t, l, write{spec: word, scope: "zh", query: chinese + " where n = 1"})
	do(t, e, "append", args{"table": "core.word", "rows": sun})
	e.sameRows(t, l, "core.word", "", nil)
	if got := rowsAt(t, l, "core.word", ""); len(got) != 6 {
		t.Errorf("after the append: %v", got)
	}

	do(t, e, "hold", args{"table": "core.word"})
	publish(t, l, write{spec: word, scope: "en", query: english + " where n = 0"})
	before := rowsAt(t, l, "core.word", "")
	_, err := try[any](e, "overwrite", args{"table": "core.word", "where": "word = 'sun'", "rows": sun})
	t.Logf("PyIceberg on a row that alignctl replaced: %v", err)
	if err == nil {
		t.Error("PyIceberg replaced a row that was gone")
	}
	if got := rowsAt(t, l, "core.word", ""); !slices.Equal(got, before) {
		t.Errorf("after the failure: %v, want %v", got, before)
	}
}
