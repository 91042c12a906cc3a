package lake

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"alignctl/internal/disk"
	"alignctl/internal/disk/disktest"
)

// A promise is a state of the lake, and the moment from which it must be there.
type promise struct {
	state string
	at    int // operations done when the change that made it returned
}

// Properties, when the power is cut after any operation on the disk during two
// publishes and a tag, whatever becomes of names and content that weren't
// synced (gone, empty, or torn in the middle):
//   - the lake opens, passes its check, and is as before or after each of them;
//   - what had returned before the cut is there.
func TestPowerLoss(t *testing.T) {
	localOnly(t, "what was sent survives a power cut here, and what wasn't is no part of the lake")
	change := publishChange()
	change.state = func(t *testing.T, l *Lake) string { return digests(t, l) + tagState(t, l) }
	b := newStage(t, change)
	b.restore(t)
	recorder, err := disktest.Record(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	promises := keepPromises(t, b, recorder)
	every, seen := times(30, 1), map[[sha256.Size]byte]bool{}
	for n := range recorder.Len() + 1 {
		for _, survival := range disktest.Survivals() {
			image := recorder.After(n, survival)
			if seen[image.Sum()] {
				continue
			}
			if seen[image.Sum()] = true; len(seen)%every == 0 {
				cutPower(t, b, image, promises, n, survival)
			}
		}
	}
	report(t, "power cut at each of %d points, with 3 outcomes: %d different folders, %d of them opened",
		recorder.Len()+1, len(seen), len(seen)/every)
}

// keepPromises changes the lake on a disk that is recorded.
func keepPromises(t *testing.T, b *stage, recorder *disktest.Recorder) []promise {
	t.Helper()
	l, err := openOn(t.Context(), b.dir, func(disk.FS) disk.FS { return recorder })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	promises := []promise{{state: b.state(t, l)}}
	for _, change := range []func(context.Context, *Lake) error{publishTwo, crashOn, tagChange().run} {
		if err := change(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		promises = append(promises, promise{state: b.state(t, l), at: recorder.Len()})
	}
	return promises
}

// cutPower opens what is left after n operations.
func cutPower(t *testing.T, b *stage, left disktest.Image, promises []promise, n int, survival disktest.Survival) {
	t.Helper()
	if err := left.Restore(b.dir); err != nil {
		t.Fatal(err)
	}
	what := fmt.Sprintf("a power cut after %d operations, what wasn't synced %s", n, survival)
	state := b.look(t, what)
	got := slices.IndexFunc(promises, func(p promise) bool { return p.state == state })
	if got < 0 {
		t.Errorf("after %s, the lake is between two publishes:\n%s", what, state)
	}
	if next := got + 1; next < len(promises) && promises[next].at <= n {
		t.Errorf("after %s, the change that had returned after %d operations is gone", what, promises[next].at)
	}
}
