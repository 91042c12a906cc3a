//go:build linux

// Package measure runs programs as processes of their own and says what they
// took: a process's peak memory is its own then.
package measure

import (
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// Usage is what a process took.
type Usage struct {
	Wall, CPU time.Duration // CPU is that of user and system
	Peak      float64       // MiB of resident memory
}

// Run runs a command to its end; what it says on stderr is shown.
func Run(cmd *exec.Cmd) (Usage, error) {
	cmd.Stderr = os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return Usage{}, err
	}
	u := Usage{Wall: time.Since(start), CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		const kib = 1.0 / 1024
		u.Peak = float64(r.Maxrss) * kib
	}
	return u, nil
}

// Median is the run in the middle, by wall time.
func Median(runs []Usage) Usage {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b Usage) int { return cmp.Compare(a.Wall, b.Wall) })
	return sorted[len(sorted)/2]
}

// Create makes a file of a folder with what write writes.
func Create(dir, name string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
