package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fullDisk is the size of the disk that a test fills.
const fullDisk = "size=12m"

// Properties of a lake on a disk that runs fill until nothing goes in any more,
// down to the last byte:
//   - the run that doesn't fit gives an error that says that the disk is full;
//   - the lake stays as the last run left it, can be read, and verifies;
//   - once there is room, the run succeeds.
func TestDiskFull(t *testing.T) {
	process := child(t, "fill", t.TempDir())
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
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	report(t, "%s", lines[len(lines)-1])
}

var errNoMount = errors.New("no mount")

// fillDisk is the child process, which has a mount table of its own.
func fillDisk(ctx context.Context, dir string) error {
	if err := syscall.Mount("none", dir, "tmpfs", 0, fullDisk); err != nil {
		return fmt.Errorf("%w: %w", errNoMount, err)
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 4<<20), 0o644); err != nil {
		return err
	}
	l, err := initHere(ctx, filepath.Join(dir, "lake"))
	if err != nil {
		return err
	}
	runs, failures := 0, 0
	for _, rows := range []int{20000, 2000, 10} { // ever smaller ones fit in
		for ; ; runs++ {
			if err = fillOne(ctx, l, runs, rows); err != nil {
				break
			}
		}
		failures++
		if err := expectFull(ctx, l, runs, err); err != nil {
			return fmt.Errorf("after %d runs, one of %d rows: %w", runs, rows, err)
		}
	}
	if err := errors.Join(fillUp(dir), l.Close()); err != nil {
		return err
	}
	if l, err = Open(ctx, filepath.Join(dir, "lake")); err != nil {
		return fmt.Errorf("no byte left: %w", err)
	}
	defer l.Close()
	if err := expectFull(ctx, l, runs, fillOne(ctx, l, runs, 10)); err != nil {
		return fmt.Errorf("no byte left: %w", err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	if err := fillOne(ctx, l, runs, 10); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	if err := holds(ctx, l, runs+1); err != nil {
		return err
	}
	fmt.Printf("%d runs filled a small disk, %d of %d failed, the last without a byte left\n", runs+1, failures+1, runs+failures+2)
	return nil
}

// fillUp writes until nothing goes in any more.
func fillUp(dir string) error {
	file, err := os.Create(filepath.Join(dir, "last bytes"))
	if err != nil {
		return err
	}
	_, err = io.Copy(file, io.LimitReader(zeros{}, 1<<30))
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk isn't full: %w", err)
	}
	return file.Close()
}

type zeros struct{}

// Read gives zeros.
func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// fillOne is a run that adds a scope of its own, of rows that don't compress.
func fillOne(ctx context.Context, l *Lake, number, rows int) (err error) {
	r, err := l.Begin(ctx, RunInfo{Command: "fill", Options: SessionOptions{Threads: 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	query := fmt.Sprintf("select 's%[1]d' as language, md5(i::varchar || '/%[1]d') as word, i as n, i / 7 as share from range(%[2]d) t(i)",
		number, rows)
	if _, err := r.Write(ctx, wordSpec(), fmt.Sprint("s", number), query); err != nil {
		return err
	}
	_, err = r.Publish(ctx, Done)
	return err
}

// expectFull looks at the error of a run on a full disk, and at the lake.
func expectFull(ctx context.Context, l *Lake, runs int, err error) error {
	full := err != nil && (errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "No space left") ||
		strings.Contains(err.Error(), "full"))
	if !full {
		return fmt.Errorf("the error doesn't say that the disk is full: %w", err)
	}
	fmt.Println("run", runs, "failed:", err)
	return holds(ctx, l, runs)
}

// holds verifies the lake, and counts the scopes that runs added.
func holds(ctx context.Context, l *Lake, runs int) error {
	if _, err := l.Verify(ctx, VerifyOptions{Deep: true}); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	pins, err := l.At(ctx, "")
	if err != nil {
		return err
	}
	s, err := l.Session(ctx, pins, SessionOptions{Threads: 1, ReadOnly: true})
	if err != nil {
		return err
	}
	n, err := s.db.Count(ctx, "select count(distinct language) from core.word")
	if err == nil && n != int64(runs) {
		err = fmt.Errorf("the lake holds %d scopes, %d were published", n, runs)
	}
	return errors.Join(err, s.Close())
}
