package train

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"alignctl/lake"
)

// Properties of a run that makes a checkpoint at each step and whose process is
// killed at any time, again and again:
//   - once there is a checkpoint, there is always a whole one, not older than
//     the one before;
//   - the last process ends with the weights and metrics of a run on which
//     nothing was killed.
//
// ALIGNCTL_LONG makes it long (make test-reliability).
func TestKilledWhileSaving(t *testing.T) {
	kills := 4
	if os.Getenv("ALIGNCTL_LONG") != "" {
		kills = 50
	}
	l := tinyLake(t, wordExamples(16))
	o := tinySFT(t, l)
	o.MaxSteps, o.Epochs, o.SaveEvery, o.EvalEvery, o.Accumulate = 20*kills, 1e6, 1, 7, 2
	whole, err := Run(t.Context(), l, &o)
	if err != nil {
		t.Fatal(err)
	}
	o.Out = filepath.Join(t.TempDir(), "out")
	at := 0
	for i := range kills {
		killAfterCheckpoint(t, l, o, at)
		r, err := FindResumption(t.Context(), l, o.Out)
		if err != nil || r.Step < at {
			t.Fatalf("kill %d: at step %d after %d: %v", i, r.Step, at, err)
		}
		at = r.Step
	}
	last, err := goOn(t.Context(), l, o.Out)
	if err != nil {
		t.Fatal(err)
	}
	if last.SHA256 != whole.SHA256 || !slices.Equal(metrics(t, l, last.RunID), metrics(t, l, whole.RunID)) {
		t.Errorf("killed %d times: weights %s, uninterrupted %s", kills, last.SHA256, whole.SHA256)
	}
	t.Logf("reliability: a training process killed %d times while it saved, the last time at step %d of %d", kills, at, o.MaxSteps)
}

// killAfterCheckpoint trains in a process that is killed some time after its
// first new checkpoint.
func killAfterCheckpoint(t *testing.T, l *lake.Lake, o SFTOptions, at int) {
	t.Helper()
	process := child(t, "train", l, o)
	var complaints strings.Builder
	process.Stderr = &complaints
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	places := checkpointsOf(o.Out)
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if steps, err := places.steps(); err == nil && len(steps) > 0 && steps[len(steps)-1] > at {
			break
		}
	}
	time.Sleep(time.Duration(rand.Int64N(int64(100 * time.Millisecond))))
	_ = process.Process.Kill() // it may have come to its end
	_ = process.Wait()
	if complaints.Len() > 0 {
		t.Errorf("the process that was to be killed says: %s", complaints.String())
	}
}

// A disk that is full in the middle of a checkpoint ends the run with an error
// that names the place; the checkpoint before it is whole, and once there is
// room the run goes on from it.
func TestDiskFull(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	o := tinySFT(t, l)
	o.MaxSteps, o.SaveEvery, o.Full = 4, 1, true
	disk := t.TempDir()
	o.Out = filepath.Join(disk, "out")
	process := child(t, "fill", l, o)
	process.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	output, err := process.CombinedOutput()
	if errors.Is(err, os.ErrPermission) || strings.Contains(string(output), errNoMount.Error()) {
		t.Skipf("a small disk can't be mounted here: %v %s", err, output)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}

var errNoMount = errors.New("no mount")

// fillDisk is the child process, which has a mount table of its own: a disk with
// room for one checkpoint and a part of the next.
func fillDisk(ctx context.Context, l *lake.Lake, o SFTOptions) error {
	disk := filepath.Dir(o.Out)
	if err := syscall.Mount("none", disk, "tmpfs", 0, "size=4m"); err != nil {
		return fmt.Errorf("%w: %w", errNoMount, err)
	}
	model, err := os.Stat(filepath.Join(o.Model, "model.safetensors"))
	if err != nil {
		return err
	}
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 4<<20-5*model.Size()), 0o644); err != nil {
		return err
	}
	_, err = Run(ctx, l, &o)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), checkpointsOf(o.Out).path(2)) {
		return fmt.Errorf("the error doesn't say that the disk is full in step 2: %w", err)
	}
	r, err := FindResumption(ctx, l, o.Out)
	if err != nil || r.Step != 1 || len(r.Torn) > 0 {
		return fmt.Errorf("after a full disk: %+v: %w", r, err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	_, err = Resume(ctx, l, r, r.Method)
	return err
}
