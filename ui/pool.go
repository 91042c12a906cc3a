package ui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"alignctl/lake"
	"alignctl/lake/duck"
	"alignctl/sql"
)

const (
	// spare is how many sessions wait for the next request.
	spare = 2
	// look is how often one sees whether they are still of the current version:
	// those of an older one keep gc from its files.
	look = time.Minute
)

// poolOptions are the limits of a pool.
type poolOptions struct {
	session sql.SessionOptions
	atOnce  int // queries of the user's; others wait
}

// A pool lends sessions on the lake as it is now. Opening one takes longer than
// most queries, so those of the current version are kept for a while.
type pool struct {
	lake    *lake.Lake
	options poolOptions
	places  chan struct{}
	copies  copies

	mu      sync.Mutex
	version string // of the sessions that wait
	waiting []*sql.Session
	stop    context.CancelFunc
}

func newPool(l *lake.Lake, o poolOptions) *pool {
	ctx, stop := context.WithCancel(context.Background()) // it ends with close
	p := &pool{lake: l, options: o, places: make(chan struct{}, o.atOnce), stop: stop,
		copies: copies{lake: l, files: map[string]*copied{}}}
	go p.watch(ctx)
	return p
}

// watch tends the pool until it is closed.
func (p *pool) watch(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.tend(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// tend lets the waiting sessions go when the lake has moved on.
func (p *pool) tend(ctx context.Context) {
	now, err := p.lake.At(ctx, "")
	whole := p.copies.tidy()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil || !whole || versionOf(now) != p.version {
		_ = p.empty() // they only read: nothing can be lost
	}
}

// with gives the work a session on the lake as it is now, or a little newer.
func (p *pool) with(ctx context.Context, now lake.Pins, work func(*sql.Session) error) error {
	s, err := p.take(ctx, now)
	if err != nil {
		return err
	}
	err = work(s)
	if ctx.Err() == nil && sound(err) {
		return errors.Join(err, p.give(s))
	}
	return errors.Join(err, s.Close())
}

// place waits for a place among the user's queries, of which only so many run at
// once; the page itself doesn't wait for them. The caller leaves it.
func (p *pool) place(ctx context.Context) (leave func(), err error) {
	select {
	case p.places <- struct{}{}:
		return func() { <-p.places }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for other queries: %w", ctx.Err())
	}
}

// sound says whether a session goes on after an error: one that DuckDB calls
// internal or fatal breaks its database.
func sound(err error) bool {
	var fault *duck.QueryError
	return !errors.As(err, &fault) || !slices.Contains([]string{"INTERNAL", "FATAL"}, strings.ToUpper(fault.Kind))
}

func (p *pool) take(ctx context.Context, now lake.Pins) (*sql.Session, error) {
	if s := p.takeWaiting(versionOf(now)); s != nil {
		return s, nil
	}
	o := p.options.session
	var err error
	if o.Copies, err = p.copies.of(ctx, now); err != nil {
		return nil, err
	}
	return sql.Open(ctx, p.lake, o)
}

// takeWaiting takes a session of a version, and lets those of others go.
func (p *pool) takeWaiting(version string) *sql.Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.version != version {
		_ = p.empty() // as in tend
		p.version = version
	}
	if len(p.waiting) == 0 {
		return nil
	}
	last := len(p.waiting) - 1
	s := p.waiting[last]
	p.waiting = p.waiting[:last]
	return s
}

// give takes a session back.
func (p *pool) give(s *sql.Session) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == spare || versionOf(s.Pins()) != p.version {
		return s.Close()
	}
	p.waiting = append(p.waiting, s)
	return nil
}

func (p *pool) empty() error {
	var errs []error
	for _, s := range p.waiting {
		errs = append(errs, s.Close())
	}
	p.waiting = nil
	return errors.Join(errs...)
}

// close lets the waiting sessions go. Nobody has others.
func (p *pool) close() error {
	p.stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.empty(), p.copies.close())
}

// versionOf names a version of the lake.
func versionOf(pins lake.Pins) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(pins)) {
		b.WriteString(pins[name].String() + " ")
	}
	return b.String()
}
