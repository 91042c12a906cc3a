package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"alignctl/internal/disk/disktest"
	"alignctl/lake/iceberg"
)

// A change is something that moves a lake from one whole state to the next, for
// tests that break it off.
type lakeChange struct {
	prepare func(*testing.T, *Lake)
	run     func(context.Context, *Lake) error
	state   func(*testing.T, *Lake) string
	// leaves: an error may say that the change is made and has left files behind.
	leaves bool
}

// publishChange publishes a table from SQL and one from Go; tagChange tags them.
func publishChange() lakeChange { return lakeChange{prepare: fillTwo, run: publishTwo, state: digests} }

func fillTwo(t *testing.T, l *Lake) {
	t.Helper()
	r := begin(t, l)
	defer r.Close()
	write(t, r, wordSpec(), "en", words("en", 3))
	addSteps(t, r, steps(0, 2))
	publish(t, r, Done)
}

func publishTwo(ctx context.Context, l *Lake) (err error) {
	r, err := l.Begin(ctx, RunInfo{Command: "fault"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if _, err := r.Write(ctx, wordSpec(), "en", words("en", 5)); err != nil {
		return err
	}
	if _, err := ReplaceRows(ctx, r, stepSpec(), "a", steps(0, 5)); err != nil {
		return err
	}
	_, err = r.Publish(ctx, Done)
	return err
}

func tagChange() lakeChange {
	return lakeChange{prepare: fillTwo, state: tagState, run: func(ctx context.Context, l *Lake) error {
		pins, err := l.At(ctx, "")
		if err != nil {
			return err
		}
		return l.Tag(ctx, "v1", pins, true, RunInfo{Command: "tag"})
	}}
}

// gcChange lets two of three versions go, and removes what only they needed; the
// third has a tag, and is read back with the state.
func gcChange() lakeChange {
	return lakeChange{leaves: true,
		prepare: func(t *testing.T, l *Lake) {
			fillTwo(t, l)
			tagNow(t, l, "kept", false)
			for _, n := range []int{4, 2, 1} {
				appendWords(t, l, "en", n)
			}
		},
		run: func(ctx context.Context, l *Lake) error {
			_, err := l.GC(ctx, GCOptions{Delete: true})
			return err
		},
		state: func(t *testing.T, l *Lake) string {
			now, err := l.version(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			table, err := now.table(t.Context(), "core.word")
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(len(table.Snapshots()), " snapshots, at the tag ", rowsAt(t, l, "kept", "select count(*) n from core.word"))
		}}
}

// tagState prints the tags that the lake has, and those of each table.
func tagState(t *testing.T, l *Lake) string {
	t.Helper()
	tags, err := l.Tags(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now, err := l.version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, tag := range tags {
		fmt.Fprintln(&out, tag.Name, len(tag.Pins))
	}
	for _, name := range now.names() {
		table, err := now.table(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, name, slices.Collect(maps.Keys(table.Refs())))
	}
	return out.String()
}

// A stage is a lake that can be put back to where it was, and the two states
// between which a change moves it.
type stage struct {
	lakeChange
	dir           string
	base          image
	before, after string
}

func newStage(t *testing.T, c lakeChange) *stage {
	t.Helper()
	b := &stage{lakeChange: c, dir: filepath.Join(t.TempDir(), "lake")}
	l, err := initHere(t.Context(), b.dir)
	if err != nil {
		t.Fatal(err)
	}
	c.prepare(t, l)
	b.before = c.state(t, l)
	if err := l.Close(); err != nil { // catalog.db is whole then
		t.Fatal(err)
	}
	if b.base, err = imageOf(t.Context(), b.dir); err != nil {
		t.Fatal(err)
	}
	if b.after = b.again(t); b.after == b.before {
		t.Fatal("the change changes nothing")
	}
	return b
}

// restore puts the lake back.
func (b *stage) restore(t *testing.T) {
	t.Helper()
	if err := b.base.restore(); err != nil {
		t.Fatal(err)
	}
}

// again runs the change on a disk without faults, and gives the state after.
func (b *stage) again(t *testing.T) string {
	t.Helper()
	l, err := Open(t.Context(), b.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := b.run(t.Context(), l); err != nil {
		t.Errorf("run again: %v", err)
	}
	return b.state(t, l)
}

// look opens the lake on a disk without faults, checks it, and gives its state.
func (b *stage) look(t *testing.T, what string) string {
	t.Helper()
	l, err := Open(t.Context(), b.dir)
	if err != nil {
		t.Fatalf("after %s: %v", what, err)
	}
	defer l.Close()
	expectWhole(t, l, what)
	return b.state(t, l)
}

// Properties, for each operation on the disk that fails during a publish, a tag,
// or a gc, whether it does nothing, half, or all of what it should, and whether the
// disk works again afterwards:
//   - no error: the lake is as after the change, and what failed did no harm;
//   - an error: the lake is as before, all tables together, or a gc has let go of
//     snapshots and couldn't remove all of their files;
//   - the lake passes its check, and the change can be run again.
func TestDiskFaults(t *testing.T) {
	for name, c := range map[string]lakeChange{"publish": publishChange(), "tag": tagChange(), "gc": gcChange()} {
		t.Run(name, func(t *testing.T) {
			b, faults := newStage(t, c), 0
			for i, fault := range []disktest.Fault{{Err: syscall.EIO}, {Err: syscall.ENOSPC, Partial: true},
				{Err: syscall.ENOSPC, Lasting: true}} {
				step := times(40, 1)
				for fault.N = 1 + i*step/3; b.fail(t, fault); fault.N += step {
					faults++
				}
			}
			report(t, "%d disk operations of a %s failed in turn", faults, name)
		})
	}
}

// fail runs the change with a fault; false when there are fewer operations.
func (b *stage) fail(t *testing.T, fault disktest.Fault) bool {
	t.Helper()
	b.restore(t)
	faulty := disktest.NewFaulty(fault)
	err := b.runOn(t, faulty)
	struck := faulty.Struck()
	if struck == "" {
		if err != nil {
			t.Errorf("no fault, but: %v", err)
		}
		return false
	}
	what := fmt.Sprintf("fault %+v of %s", fault, struck)
	state := b.look(t, what)
	switch {
	case state != b.before && state != b.after:
		t.Errorf("after %s, the lake is neither as before nor as after:\n%s", what, state)
	case err == nil && state == b.before:
		t.Errorf("%s was swallowed", what)
	case err == nil && !harmless(struck):
		t.Errorf("%s didn't reach the caller", what)
	case err != nil && state == b.after && !b.leaves && !errors.Is(err, iceberg.ErrUnknown):
		t.Errorf("after %s the change was made, but: %v", what, err)
	case err != nil && !errors.Is(err, fault.Err):
		t.Errorf("%s came back as %v", what, err)
	}
	if state := b.again(t); state != b.after {
		t.Errorf("after %s and a second run, the lake is\n%s", what, state)
	}
	return true
}

// harmless are operations that a change gets by without: a file that isn't
// removed is named by nothing, a commit whose answer is lost is looked up, and
// what isn't fetched ahead is fetched when it is read.
func harmless(operation string) bool {
	return strings.HasPrefix(operation, "remove ") || strings.HasPrefix(operation, "fetch ") || strings.HasPrefix(operation, "commit ")
}

func (b *stage) runOn(t *testing.T, faulty *disktest.Faulty) error {
	t.Helper()
	l, err := openOn(t.Context(), b.dir, faulty.Over)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return b.run(t.Context(), l)
}
