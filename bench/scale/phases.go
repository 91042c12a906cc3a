//go:build linux

package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"alignctl/internal/progress"
)

// A phase is a step of a load, and what it took.
type phase struct {
	Name      string
	Wall, CPU time.Duration
	Peak      float64 // MiB of resident memory
}

// phases times the steps of a load by what its progress says: the name of each
// as it begins.
type phases struct {
	done  []phase
	name  string
	since time.Time
	cpu   time.Duration
}

func newPhases(first string) *phases {
	p := &phases{}
	p.begin(first)
	return p
}

// Start takes the task of the load, and no other.
func (p *phases) Start(name string, total int64, unit string) progress.Task {
	if unit == "steps" {
		return p
	}
	return progress.Start(context.Background(), name, total, unit)
}

// Note ends a step and begins another.
func (p *phases) Note(step string) {
	p.end()
	p.begin(step)
}

// Add does nothing: the next step's Note comes.
func (p *phases) Add(int64) {}

// Done does nothing: end ends the last step.
func (p *phases) Done() {}

func (p *phases) begin(name string) {
	p.name, p.since, p.cpu = name, time.Now(), processorTime()
	resetPeak()
}

// end ends the step under way and gives all of them.
func (p *phases) end() []phase {
	p.done = append(p.done, phase{p.name, time.Since(p.since), processorTime() - p.cpu, peak()})
	return p.done
}

func processorTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// resetPeak makes the system forget the peak of this process's memory. Where it
// won't, a step's peak is that of all steps so far.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peak is the most memory that this process had since resetPeak, in MiB.
func peak() float64 {
	status, _ := os.ReadFile("/proc/self/status") // without it 0
	_, mark, _ := strings.Cut(string(status), "VmHWM:")
	if fields := strings.Fields(mark); len(fields) > 0 {
		kib, _ := strconv.ParseFloat(fields[0], 64)
		return kib / 1024
	}
	return 0
}
