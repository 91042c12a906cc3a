package endpoint

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Pauses grow up to maxPause; a server may ask for up to maxWait.
const (
	maxPause = time.Minute
	maxWait  = 10 * time.Minute
)

// pause waits before the next attempt; it gives the error back where another
// attempt makes no sense.
func (s *server) pause(ctx context.Context, err error, attempt int) error {
	var f *fault
	if !errors.As(err, &f) || !f.passing || f.after > maxWait {
		return err
	}
	if attempt == s.Attempts {
		return fmt.Errorf("%w (attempt %d of %d)", err, attempt, s.Attempts)
	}
	wait := max(f.after, backOff(s.Pause, attempt))
	s.Notice(fmt.Sprintf("%v; again in %s", err, wait.Round(time.Millisecond)))
	if f.busy {
		s.brake.hold(wait)
		return nil
	}
	return sleep(ctx, wait)
}

// backOff doubles a pause with each attempt, and shortens it by up to a half at
// random, so that clients that failed together don't come again together.
func backOff(first time.Duration, attempt int) time.Duration {
	wait := min(first<<min(attempt-1, 20), maxPause)
	return wait - rand.N(wait/2+1)
}

// retryAfter reads the header of that name: seconds, or a date. 0: there is none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < 1e9 {
		return time.Duration(seconds * float64(time.Second))
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// A brake keeps everyone from asking for a while.
type brake struct {
	mu    sync.Mutex
	until time.Time
}

// hold starts or prolongs the while.
func (b *brake) hold(wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := time.Now().Add(wait); until.After(b.until) {
		b.until = until
	}
}

// wait waits for its end.
func (b *brake) wait(ctx context.Context) error {
	for {
		b.mu.Lock()
		left := time.Until(b.until)
		b.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, left); err != nil {
			return err
		}
	}
}

// sleep waits, unless the context ends first.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
