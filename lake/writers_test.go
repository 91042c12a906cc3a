package lake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// The environment of a writer process: its number, and how often it appends.
const (
	writerNumber  = "ALIGNCTL_TEST_WRITER"
	writerAppends = "ALIGNCTL_TEST_APPENDS"
)

// total is a row of a table that says how many steps a writer has published.
type total struct {
	RunID string `parquet:"run_id,id(1)"`
	Steps int64  `parquet:"steps,id(2)"`
}

func totalSpec() Spec {
	return SpecOf[total](Spec{Name: "train.total", Key: []string{"run_id"}, Scope: "run_id", Licence: OpenData})
}

// appendSteps is the writer process: each append is a run that adds two steps
// and replaces the total.
func appendSteps(ctx context.Context, dir string) error {
	appends, err := strconv.Atoi(os.Getenv(writerAppends))
	if err != nil {
		return err
	}
	l, err := Open(ctx, dir)
	if err != nil {
		return err
	}
	defer l.Close()
	for i := range appends {
		if err := appendTwo(ctx, l, "writer-"+os.Getenv(writerNumber), int64(2*i)); err != nil {
			return err
		}
	}
	return nil
}

func appendTwo(ctx context.Context, l *Lake, scope string, from int64) (err error) {
	r, err := l.Begin(ctx, RunInfo{Command: scope, Options: SessionOptions{Threads: 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	rows := steps(from, from+2)
	for i := range rows {
		rows[i].RunID = scope
	}
	if _, err := WriteRows(ctx, r, stepSpec(), scope, rows); err != nil {
		return err
	}
	if _, err := ReplaceRows(ctx, r, totalSpec(), scope, []total{{scope, from + 2}}); err != nil {
		return err
	}
	_, err = r.Publish(ctx, Done)
	return err
}

// Properties of processes that append at once, each to a scope of its own in
// tables that all share, while others read:
//   - no append is lost or doubled, and none fails: conflicts are replayed inside;
//   - publishes are numbered 1, 2, ... without a gap;
//   - a reader sees whole publishes, never fewer than before, and no error;
//   - the lake is whole at the end.
func TestWriterProcesses(t *testing.T) {
	writers, appends, readers := times(3, 8), times(5, 40), times(1, 2)
	l := newLake(t)
	if err := appendTwo(t.Context(), l, "first", 0); err != nil {
		t.Fatal(err)
	}
	processes := make([]*exec.Cmd, writers)
	for w := range processes {
		processes[w] = startWriter(t, l.Dir(), w, appends)
	}
	ctx, stop := context.WithCancel(t.Context())
	reads := make(chan int)
	for range readers {
		go func() { reads <- readAlways(t, ctx, l) }()
	}
	for w, p := range processes {
		if err := p.Wait(); err != nil {
			t.Errorf("writer %d: %v: %s", w, err, p.Stderr)
		}
	}
	stop()
	looks := 0
	for range readers {
		looks += <-reads
	}
	expectAppends(t, l, int64(writers*appends), int64(appends))
	expectWhole(t, l, "after all writers")
	report(t, "%d writer processes x %d appends in two tables, %d readers with %d looks", writers, appends, readers, looks)
}

func startWriter(t *testing.T, dir string, number, appends int) *exec.Cmd {
	t.Helper()
	p := child(t, "append", dir, fmt.Sprint(writerNumber, "=", number), fmt.Sprint(writerAppends, "=", appends))
	p.Stderr = &bytes.Buffer{}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// stepsSeen compares the two tables in one version of the lake.
const stepsSeen = `select (select count(*) from train.step) seen, (select sum(steps) from train.total)::bigint said,
	(select count(*) from (select run_id, count(*) c, max(step) m from train.step group by all) where c <> m + 1) holes`

// readAlways looks at the lake until ctx is done, and gives how often it did.
func readAlways(t *testing.T, ctx context.Context, l *Lake) (looks int) {
	before := int64(0)
	for ctx.Err() == nil {
		seen, said, holes, err := look(t.Context(), l)
		if err != nil {
			t.Errorf("a reader: %v", err)
			return looks
		}
		if seen != said || holes != 0 || seen < before {
			t.Errorf("a reader sees %d steps (%d before), where the totals say %d; %d scopes with a hole", seen, before, said, holes)
		}
		before, looks = seen, looks+1
	}
	return looks
}

func look(ctx context.Context, l *Lake) (seen, said, holes int64, err error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return 0, 0, 0, err
	}
	s, err := l.Session(ctx, pins, SessionOptions{Threads: 1, ReadOnly: true})
	if err != nil {
		return 0, 0, 0, err
	}
	defer s.Close()
	rows, err := s.Query(ctx, stepsSeen)
	if err != nil {
		return 0, 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		err = rows.Scan(&seen, &said, &holes)
	}
	return seen, said, holes, errors.Join(err, rows.Err())
}

// expectAppends counts the steps of all publishes (and the first), and their
// numbers.
func expectAppends(t *testing.T, l *Lake, publishes, each int64) {
	t.Helper()
	want := fmt.Sprintf("{'n': %d, 'sum': %d}", 2*publishes+2, publishes/each*(2*each)*(2*each-1)/2+1)
	if got := rowsAt(t, l, "", "select count(*) n, sum(step)::bigint sum from train.step"); got != want {
		t.Errorf("the lake holds %s, want %s", got, want)
	}
	want = fmt.Sprintf("{'n': %d, 'low': 1, 'high': %d, 'runs': %d}", publishes+1, publishes+1, publishes+1)
	if got := rowsAt(t, l, "", `select count(distinct publish) n, min(publish) low, max(publish) high,
		count(distinct run_id) runs from meta.outputs`); got != want {
		t.Errorf("publishes %s, want %s", got, want)
	}
}
