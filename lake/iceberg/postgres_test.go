package iceberg

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alignctl/internal/progress"
)

// No form of an address shows its password, and one without stays as it is.
func TestWithoutPassword(t *testing.T) {
	for address, want := range map[string]string{
		"":                                 "",
		"postgres://lake@db/x?sslmode=off": "postgres://lake@db/x?sslmode=off",
		"postgres://lake:s3cret@db:5/x":    "postgres://lake@db:5/x",
		"postgres://lake@db/x?password=s3cret&sslmode=off":  "postgres://lake@db/x?sslmode=off",
		"postgres://lake@db/x?password=s3cret&options=-c+x": "postgres://lake@db/x?options=-c+x",
		"postgres://lake@db/x?sslpassword=s3cret":           "postgres://...",
		"postgres://lake:s3%ret@db/x":                       "postgres://...",
		"/home/x/lake/catalog.db":                           "/home/x/lake/catalog.db",
	} {
		if got := WithoutPassword(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

// A catalog that doesn't answer is waited for, for a minute, and that is shown.
func TestWaitIsShown(t *testing.T) {
	for _, down := range []time.Duration{time.Second, 10 * time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			d := &database{name: "postgres://db/x", kind: func(err error) error { return err }}
			var shown waits
			started := time.Now()
			err := d.patiently(progress.With(t.Context(), &shown), func() error {
				if time.Since(started) < down {
					return errLost
				}
				return nil
			})
			if waited := time.Since(started); (err == nil) != (down < patience) || waited > patience {
				t.Errorf("down for %s: %v after %s", down, err, waited)
			}
			if want := down > 2*time.Second; (shown.seconds > 2) != want || want && (shown.total != 60 || !strings.Contains(shown.name, d.name)) {
				t.Errorf("down for %s: shown %+v", down, shown)
			}
		})
	}
}

// waits takes down one task.
type waits struct {
	name           string
	total, seconds int64
}

func (w *waits) Start(name string, total int64, _ string) progress.Task {
	w.name, w.total = name, total
	return w
}

func (w *waits) Add(n int64) { w.seconds += n }
func (*waits) Note(string)   {}
func (*waits) Done()         {}
