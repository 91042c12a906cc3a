package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"alignctl/internal/progress"
)

// A tally is how far a piece of work is.
type tally struct {
	name, unit  string
	total, done int64 // total 0: the end isn't known
	note        string
	start       time.Time
}

// short is String for a live line: without the rate where a remark tells more.
func (t tally) short() string {
	line := fmt.Sprintf("%s %d", t.name, t.done)
	if t.total > 0 {
		line += fmt.Sprintf("/%d", t.total)
	}
	line += " " + t.unit
	elapsed := time.Since(t.start)
	if t.note == "" && t.unit != progress.Seconds {
		line += fmt.Sprintf(", %.1f/s", float64(t.done)/elapsed.Seconds())
	}
	if left := t.remaining(elapsed); left > 0 {
		line += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	if t.note != "" {
		line += ", " + t.note
	}
	return line
}

// String says it on a line: how much, how fast, how long yet, and the remark.
func (t tally) String() string {
	elapsed := time.Since(t.start)
	line := fmt.Sprintf("%s: %d", t.name, t.done)
	if t.total > 0 {
		line += fmt.Sprintf(" of %d", t.total)
	}
	line += " " + t.unit
	if t.unit != progress.Seconds {
		line += fmt.Sprintf(", %.1f %s/s", float64(t.done)/elapsed.Seconds(), t.unit)
	}
	if left := t.remaining(elapsed); left > 0 {
		line += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	if t.note != "" {
		line += ", " + t.note
	}
	return line
}

func (t tally) remaining(elapsed time.Duration) time.Duration {
	if t.total <= 0 || t.done <= 0 || t.done >= t.total {
		return 0
	}
	if t.unit == progress.Seconds {
		return time.Duration(t.total-t.done) * time.Second
	}
	return time.Duration(float64(elapsed) * float64(t.total-t.done) / float64(t.done))
}

// A shownTask shows its tally whenever it is due.
type shownTask struct {
	w        io.Writer
	look     look
	interval time.Duration
	mu       sync.Mutex
	tally    tally
	last     time.Time
	shown    bool
}

// shownReporter shows long work: on a terminal as one live line, which goes when
// the work is done; elsewhere, for logs and pipes, as a line every few seconds.
type shownReporter struct {
	w    io.Writer
	look look
}

// liveInterval and lineInterval are how often a task is shown on a terminal, and
// elsewhere.
const (
	liveInterval = 100 * time.Millisecond
	lineInterval = 5 * time.Second
)

// Start begins to count; the first line comes after an interval.
func (r shownReporter) Start(name string, total int64, unit string) progress.Task {
	now := time.Now()
	t := &shownTask{w: r.w, look: r.look, interval: lineInterval, last: now,
		tally: tally{name: name, unit: unit, total: total, start: now}}
	if r.look.live {
		t.interval = liveInterval
	}
	return t
}

// Add counts, and shows the task when that is due.
func (t *shownTask) Add(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tally.done += n
	if time.Since(t.last) >= t.interval {
		t.show()
	}
}

// Note sets the remark of the next lines.
func (t *shownTask) Note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tally.note = text
}

// Done takes the live line away. Elsewhere it ends a task that has spoken with a
// line; short tasks stay silent.
func (t *shownTask) Done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !t.shown:
	case t.look.live:
		fmt.Fprint(t.w, "\r\x1b[K")
	default:
		t.show()
	}
	t.shown = false
}

func (t *shownTask) show() {
	t.last, t.shown = time.Now(), true
	if !t.look.live {
		fmt.Fprintln(t.w, oneLine(t.tally.String()))
		return
	}
	line := t.look.progressBar(t.tally.done, t.tally.total) + oneLine(t.tally.short())
	fmt.Fprintf(t.w, "\r%s\x1b[K", t.look.cut(line, t.look.width-1))
}

// progressWidth is a bar's width in columns, and progressRoom the width of a terminal that
// has room for it beside the text.
const (
	progressWidth = 12
	progressRoom  = 100
)

// progressBar draws which part of the whole is done; nothing on a narrow terminal or where
// the whole isn't known.
func (l look) progressBar(done, total int64) string {
	if l.width < progressRoom || total <= 0 {
		return ""
	}
	filled, full, empty := int(min(done, total)*progressWidth/total), "█", "░"
	if l.ascii {
		full, empty = "#", "."
	}
	return strings.Repeat(full, filled) + strings.Repeat(empty, progressWidth-filled) + " "
}
