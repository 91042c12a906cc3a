package lake

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"alignctl/internal/disk"
	"alignctl/lake/iceberg"
)

func TestRunsOnOtherScopesBothLand(t *testing.T) {
	l := newLake(t)
	a, b := begin(t, l), begin(t, l)
	write(t, a, wordSpec(), "en", words("en", 3))
	write(t, b, wordSpec(), "zh", words("zh", 4))
	publish(t, a, Done)
	if p := publish(t, b, Done); p.Outputs[0].Rows != 7 {
		t.Errorf("the second run published %+v", p)
	}
	atOnce := begin(t, newLake(t))
	write(t, atOnce, wordSpec(), "zh", words("zh", 4))
	want := write(t, atOnce, wordSpec(), "en", words("en", 3))
	pins, err := l.At(t.Context(), "")
	if err != nil || pins["core.word"].Digest != want.Digest {
		t.Errorf("digest %v, want %v; %v", pins["core.word"], want, err)
	}
}

func TestRunsOnOneScopeConflict(t *testing.T) {
	l := newLake(t)
	first := begin(t, l)
	write(t, first, wordSpec(), "en", words("en", 1))
	publish(t, first, Done)
	for name, again := range map[string]int{"other rows": 5, "the same rows as before": 1} {
		t.Run(name, func(t *testing.T) {
			a, b := begin(t, l), begin(t, l)
			write(t, a, wordSpec(), "en", words("en", again+1))
			write(t, b, wordSpec(), "en", words("en", again))
			write(t, b, exampleSpec(), "", exampleQuery)
			publish(t, a, Done)
			_, err := b.Publish(t.Context(), Done)
			if !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), a.ID()) {
				t.Errorf("got %v, want a conflict that names %s", err, a.ID())
			}
			if pins, err := l.At(t.Context(), ""); err != nil || pins["data.example"].Table != "" {
				t.Errorf("the run that failed published %v, %v", pins, err)
			}
			back := begin(t, l)
			write(t, back, wordSpec(), "en", words("en", 1))
			publish(t, back, Done)
		})
	}
}

// Many runs at once, each on a scope of its own and on a table of its own: all
// of them land, none loses a row.
func TestManyRunsAtOnce(t *testing.T) {
	l := newLake(t)
	const writers, rounds = 3, 3
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for round := range rounds {
				if err := appendScope(t, l, fmt.Sprintf("run-%d-%d", w, round)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	got := rowsAt(t, l, "", "select count(*) n from train.step")
	if got != fmt.Sprintf("{'n': %d}", writers*rounds*2) {
		t.Errorf("rows: %s", got)
	}
	if got := rowsAt(t, l, "", `select count(*) n, max(publish) p, count(distinct published_at) > 1 d from meta.outputs`); got !=
		fmt.Sprintf("{'n': %d, 'p': %d, 'd': true}", writers*rounds, writers*rounds) {
		t.Errorf("meta.outputs: %s", got)
	}
}

func appendScope(t *testing.T, l *Lake, scope string) error {
	r, err := l.Begin(t.Context(), RunInfo{Command: "test", Options: SessionOptions{Threads: 1}})
	if err != nil {
		return err
	}
	defer r.Close()
	rows := steps(0, 2)
	for i := range rows {
		rows[i].RunID = scope
	}
	if _, err := WriteRows(t.Context(), r, stepSpec(), scope, rows); err != nil {
		return err
	}
	_, err = r.Publish(t.Context(), Done)
	return err
}

// Many publishes leave few meta files, and every row of them.
func TestMetaTablesStaySmall(t *testing.T) {
	l := newLake(t)
	r := begin(t, l)
	const publishes = 20
	early := begin(t, l) // goes on while the others publish
	for i := range int64(publishes) {
		addSteps(t, r, steps(i, i+1))
		publish(t, r, Running)
	}
	publish(t, r, Interrupted)
	write(t, early, wordSpec(), "en", words("en", 1))
	if _, err := WriteRows(t.Context(), early, stepSpec(), "b", []step{{RunID: "b"}}); err != nil {
		t.Fatal(err)
	}
	publish(t, early, Done)
	now, err := l.version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"meta.runs", "meta.outputs", "meta.snapshots"} {
		table, err := now.table(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if files, _, err := currentFiles(table); err != nil || len(files) > mergeFiles {
			t.Errorf("%s has %d files, %v", name, len(files), err)
		}
	}
	if got := rowsAt(t, l, "", "select count(*) n, max(publish) p from meta.outputs"); got !=
		fmt.Sprintf("{'n': %d, 'p': %d}", publishes+2, publishes+1) {
		t.Errorf("meta.outputs: %s", got)
	}
	if got := rowsAt(t, l, "", "select count(*) n, max(status) s from meta.runs"); got != "{'n': 2, 's': interrupted}" {
		t.Errorf("meta.runs: %s", got)
	}
}

func TestLineage(t *testing.T) {
	l := newLake(t)
	first := begin(t, l)
	first.File(RawFile{Source: "s", Name: "a.csv", SHA256: "00", Bytes: 9, Rows: 3, Licence: "none"})
	pin := write(t, first, wordSpec(), "en", words("en", 3))
	publish(t, first, Done)
	second := begin(t, l)
	for range 2 {
		if got, err := second.Input(t.Context(), "core.word"); err != nil || got != pin {
			t.Errorf("input %v, %v, want %v", got, err, pin)
		}
	}
	write(t, second, exampleSpec(), "", exampleQuery)
	publish(t, second, Done)
	got := rowsAt(t, l, "", `select o.table_name t, i.table_name f, x.name from meta.outputs o join meta.inputs i using (run_id)
		join meta.outputs p on p.table_name = i.table_name and p.snapshot_id = i.snapshot_id
		join meta.files x on x.run_id = p.run_id`)
	if got != "{'t': data.example, 'f': core.word, 'name': a.csv}" {
		t.Errorf("lineage: %s", got)
	}
	if _, err := second.Input(t.Context(), "core.none"); err == nil {
		t.Error("an input that isn't there was taken")
	}
}

// Users order runs by their ids, and take the greatest for the last.
func TestRunIDsSortByBegin(t *testing.T) {
	l := newLake(t)
	for last := ""; t.Context().Err() == nil; {
		r := begin(t, l)
		if r.ID() <= last {
			t.Errorf("run %s began after %s", r.ID(), last)
		}
		if last != "" && last[:15] != r.ID()[:15] {
			return // the second changed
		}
		last = r.ID()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A version of the past holds all tables of a run, or none.
func TestAtNeverSplitsARun(t *testing.T) {
	l := newLake(t)
	var ids []string
	var times []time.Time
	for n := 1; n <= 3; n++ {
		r := begin(t, l)
		write(t, r, wordSpec(), "en", words("en", n))
		write(t, r, exampleSpec(), "", strings.Replace(exampleQuery, "range(3)", fmt.Sprintf("range(%d)", n), 1))
		publish(t, r, Done)
		ids, times = append(ids, r.ID()), append(times, time.Now())
		time.Sleep(2 * time.Millisecond)
	}
	const sizes = "select (select count(*) from core.word) w, (select count(*) from data.example) e"
	for i := range ids {
		want := fmt.Sprintf("{'w': %d, 'e': %d}", i+1, i+1)
		if got := rowsAt(t, l, ids[i], sizes); got != want {
			t.Errorf("at run %d: %s", i, got)
		}
		if got := rowsAt(t, l, times[i].Format(time.RFC3339Nano), sizes); got != want {
			t.Errorf("at the time after run %d: %s", i, got)
		}
	}
	for _, ref := range []string{"2020-01-01", "no-such-run"} {
		if pins, err := l.At(t.Context(), ref); err == nil {
			t.Errorf("at %s: %v", ref, pins)
		}
	}
}

// Another engine appends rows, in no order and with a key twice, and knows
// nothing of digests: the lake's runs go on, and what they didn't write stays.
func TestAnotherEngineCommits(t *testing.T) {
	l := newLake(t)
	first := begin(t, l)
	write(t, first, wordSpec(), "en", words("en", 3))
	write(t, first, wordSpec(), "zh", words("zh", 3))
	publish(t, first, Done)
	late := begin(t, l)
	write(t, late, wordSpec(), "zh", words("zh", 5))
	appendForeign(t, l, "core.word", words("en", 4)+" order by hash(i)")
	if _, err := late.Publish(t.Context(), Done); err != nil {
		t.Errorf("a run on another scope: %v", err)
	}
	const count = "select language l, count(*) n from core.word group by all order by all"
	if got := rowsAt(t, l, "", count); got != "{'l': en, 'n': 7} {'l': zh, 'n': 5}" {
		t.Errorf("rows: %s", got)
	}
	if err := l.Check(t.Context()); err != nil {
		t.Errorf("check of a table that another engine wrote to: %v", err)
	}
	conflicting := begin(t, l)
	write(t, conflicting, wordSpec(), "en", words("en", 6))
	appendForeign(t, l, "core.word", words("en", 1))
	if _, err := conflicting.Publish(t.Context(), Done); !errors.Is(err, ErrConflict) ||
		!strings.Contains(err.Error(), "another engine") {
		t.Errorf("a run on the same scope: %v", err)
	}
	again := begin(t, l)
	write(t, again, wordSpec(), "en", words("en", 3))
	publish(t, again, Done)
	if got := rowsAt(t, l, "", count); got != "{'l': en, 'n': 3} {'l': zh, 'n': 5}" {
		t.Errorf("rows after a replace: %s", got)
	}
}

// appendForeign commits rows as an engine does that knows Iceberg alone.
func appendForeign(t *testing.T, l *Lake, name, query string) {
	t.Helper()
	s, err := l.openSession(t.Context(), SessionOptions{}, Holder{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now, table := tableNow(t, l, name)
	fields, err := table.Fields(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.view(t.Context(), table, currentPin(table)); err != nil {
		t.Fatal(err)
	}
	dir, err := table.DataDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "foreign-"+randomHex(4)+".parquet")
	if err := s.Exec(t.Context(), fmt.Sprintf("copy (%s) to '%s' (format parquet, field_ids %s)",
		query, path, fieldIDs(fields))); err != nil {
		t.Fatal(err)
	}
	added, err := table.DataFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	staged, err := table.Stage(t.Context(), iceberg.Change{Add: []iceberg.DataFile{added}})
	if err != nil {
		t.Fatal(err)
	}
	landStaged(t, l, staged, path)
	_, err = l.catalog.Swap(t.Context(), iceberg.Commit{
		Moves: []iceberg.Move{{Table: name, From: now.location(name), To: staged.Location()}}})
	if err != nil {
		t.Fatal(err)
	}
}

// forgetful is a disk whose first commit ends in an error, before or after it is
// done.
type forgetful struct {
	disk.FS
	done    bool
	commits int
}

func (f *forgetful) over(on disk.FS) disk.FS {
	f.FS = on
	return f
}

// Commit loses the first answer.
func (f *forgetful) Commit(commit func() error) error {
	if f.commits++; f.commits > 1 {
		return commit()
	}
	err := errors.New("no answer")
	if f.done {
		err = errors.Join(commit(), err)
	}
	return err
}

// When the catalog doesn't answer, a look into it tells whether the transaction
// was committed: if so the run goes on, if not the error says why, and the run
// may publish again. Either way it lands once.
func TestUnknownOutcomeIsLookedUp(t *testing.T) {
	for _, done := range []bool{true, false} {
		l := newLake(t)
		forgets, err := openOn(t.Context(), l.Dir(), (&forgetful{done: done}).over)
		if err != nil {
			t.Fatal(err)
		}
		defer forgets.Close()
		r := begin(t, forgets)
		write(t, r, wordSpec(), "en", words("en", 3))
		_, err = r.Publish(t.Context(), Done)
		if (err == nil) != done || errors.Is(err, iceberg.ErrUnknown) {
			t.Errorf("done %v: %v", done, err)
		}
		if pins, err := l.At(t.Context(), ""); err != nil || (pins["core.word"].Rows == 3) != done {
			t.Errorf("done %v: the lake has %v, %v", done, pins, err)
		}
		publish(t, r, Done)
		if got := rowsAt(t, l, "", "select count(*) n, max(publish) p from meta.outputs"); got != "{'n': 1, 'p': 1}" {
			t.Errorf("done %v: meta.outputs: %s", done, got)
		}
	}
}
