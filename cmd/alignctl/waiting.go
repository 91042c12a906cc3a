package main

import (
	"fmt"
	"time"
)

// waiting shows that work whose end nobody can tell goes on: on a terminal a
// line that counts seconds, from the second one on; elsewhere a line every few
// seconds; nothing with --quiet. The work calls stop before it prints.
func (t *terminal) waiting(name string) (stop func()) {
	if t.quiet {
		return func() {}
	}
	live := lookOf(t.err).live
	interval := lineInterval
	if live {
		interval = time.Second
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		t.count(name, interval, live, quit)
	}()
	return func() { close(quit); <-done }
}

// count prints how long it has gone on, at each interval, until quit.
func (t *terminal) count(name string, interval time.Duration, live bool, quit <-chan struct{}) {
	format, end := "%s: %d s\n", ""
	if live {
		format, end = "\r%s: %d s", "\r\x1b[K"
	}
	started, shown := time.Now(), false
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-quit:
			if shown {
				fmt.Fprint(t.err, end)
			}
			return
		case <-tick.C:
			if seconds := int(time.Since(started).Seconds()); seconds >= 2 {
				fmt.Fprintf(t.err, format, name, seconds)
				shown = true
			}
		}
	}
}
