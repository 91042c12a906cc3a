package progress

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A recorder writes down what it is told.
type recorder struct{ strings.Builder }

func (r *recorder) Start(name string, total int64, unit string) Task {
	fmt.Fprintf(r, "%s, %d %s:", name, total, unit)
	return r
}

func (r *recorder) Add(n int64)      { fmt.Fprint(r, " ", n) }
func (r *recorder) Note(text string) { fmt.Fprint(r, " ", text) }
func (r *recorder) Done()            { fmt.Fprint(r, " done") }

// A wait is shown from its third second on, until it ends; a short one never.
func TestWait(t *testing.T) {
	for waited, want := range map[time.Duration]string{
		0:                       "",
		1900 * time.Millisecond: "",
		4500 * time.Millisecond: "wait, 60 s: 2 1 1 done",
	} {
		synctest.Test(t, func(t *testing.T) {
			var r recorder
			stop := Wait(With(t.Context(), &r), "wait", time.Minute)
			time.Sleep(waited)
			stop()
			time.Sleep(time.Minute)
			if r.String() != want {
				t.Errorf("after %s: %q, want %q", waited, r.String(), want)
			}
		})
	}
	Wait(With(context.Background(), nil), "wait", time.Minute)()
}
