// Package progress carries reports of long work from libraries to whoever
// shows them. Libraries start a Task; only the command decides whether it
// becomes a bar, plain lines or nothing.
package progress

import "context"

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

type key struct{}

// With returns a context whose work reports to r.
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

// silent is the task of a context without a reporter.
type silent struct{}

// Add does nothing.
func (silent) Add(int64) {}

// Note does nothing.
func (silent) Note(string) {}

// Done does nothing.
func (silent) Done() {}
