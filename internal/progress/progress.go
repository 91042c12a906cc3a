// Package progress carries reports of long work from libraries to whoever
// shows them. Libraries start a Task; only the command decides whether it
// becomes a bar, plain lines or nothing.
package progress

import (
	"context"
	"time"
)

// A Reporter opens tasks. The zero of an unset context reports nothing.
type Reporter interface {
	// Start opens a task of total units ("rows", "bytes", "steps"); total 0
	// means that the end isn't known.
	Start(name string, total int64, unit string) Task
}

// A Task is one piece of long work. Its methods may be called from any
// goroutine.
type Task interface {
	Add(n int64)
	Note(text string) // a short live remark, such as the current loss
	Done()
}

// Seconds is the unit of a task in which nothing is done but to wait: it has no
// rate.
const Seconds = "s"

type key struct{}

// With returns a context whose work reports to r; nil: to nobody.
func With(ctx context.Context, r Reporter) context.Context {
	return context.WithValue(ctx, key{}, r)
}

// Start opens a task at the context's reporter.
func Start(ctx context.Context, name string, total int64, unit string) Task {
	if r, ok := ctx.Value(key{}).(Reporter); ok {
		return r.Start(name, total, unit)
	}
	return silent{}
}

// waitShown is for how long a wait isn't worth a word.
const waitShown = 2 * time.Second

// Wait is called before something that may have to be waited for, for so long at
// most, and shows that once it takes a while, until stop.
func Wait(ctx context.Context, name string, most time.Duration) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	begin := time.AfterFunc(waitShown, func() {
		defer close(ended)
		count(ctx, name, most, quit)
	})
	return func() {
		if !begin.Stop() {
			close(quit)
			<-ended
		}
	}
}

func count(ctx context.Context, name string, most time.Duration, quit <-chan struct{}) {
	task := Start(ctx, name, int64(most.Seconds()), Seconds)
	defer task.Done()
	task.Add(int64(waitShown.Seconds()))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
			task.Add(1)
		}
	}
}

// silent is the task of a context without a reporter.
type silent struct{}

// Add does nothing.
func (silent) Add(int64) {}

// Note does nothing.
func (silent) Note(string) {}

// Done does nothing.
func (silent) Done() {}
