package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"alignctl/internal/progress"
)

// barReporter draws one live line with rate and remaining time.
type barReporter struct{ w io.Writer }

// Start draws a bar.
func (r barReporter) Start(name string, total int64, unit string) progress.Task {
	if total == 0 {
		total = -1 // progressbar's word for "unknown"
	}
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(r.w),
		progressbar.OptionSetDescription(name),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString(unit),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(24),
		progressbar.OptionClearOnFinish(),
	)
	return &barTask{name: name, bar: bar}
}

type barTask struct {
	name string
	bar  *progressbar.ProgressBar
}

// Add moves the bar on.
func (t *barTask) Add(n int64) { _ = t.bar.Add64(n) }

// Note shows a remark beside the name.
func (t *barTask) Note(text string) { t.bar.Describe(t.name + " " + text) }

// Done clears the line.
func (t *barTask) Done() { _ = t.bar.Finish() }

// lineInterval is how often a task without a terminal says where it is.
const lineInterval = 5 * time.Second

// lineReporter prints a plain line every few seconds, for logs and pipes.
type lineReporter struct{ w io.Writer }

// Start begins to count; the first line comes after lineInterval.
func (r lineReporter) Start(name string, total int64, unit string) progress.Task {
	now := time.Now()
	return &lineTask{w: r.w, name: name, unit: unit, total: total, start: now, last: now}
}

type lineTask struct {
	w           io.Writer
	name, unit  string
	total       int64
	start       time.Time
	mu          sync.Mutex
	done        int64
	note        string
	last        time.Time
	everPrinted bool
}

// Add counts, and prints a line when one is due.
func (t *lineTask) Add(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done += n
	if time.Since(t.last) >= lineInterval {
		t.print()
	}
}

// Note sets the remark of the next lines.
func (t *lineTask) Note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note = text
}

// Done closes a task that has spoken; short tasks stay silent.
func (t *lineTask) Done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.everPrinted {
		t.print()
	}
}

func (t *lineTask) print() {
	t.last, t.everPrinted = time.Now(), true
	elapsed := time.Since(t.start)
	line := fmt.Sprintf("%s: %d", t.name, t.done)
	if t.total > 0 {
		line += fmt.Sprintf(" of %d", t.total)
	}
	line += fmt.Sprintf(" %s, %.1f %s/s", t.unit, float64(t.done)/elapsed.Seconds(), t.unit)
	if left := t.remaining(elapsed); left > 0 {
		line += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	if t.note != "" {
		line += ", " + t.note
	}
	fmt.Fprintln(t.w, line)
}

func (t *lineTask) remaining(elapsed time.Duration) time.Duration {
	if t.total <= 0 || t.done <= 0 || t.done >= t.total {
		return 0
	}
	return time.Duration(float64(elapsed) * float64(t.total-t.done) / float64(t.done))
}
