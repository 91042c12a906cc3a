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
	// sparePatience is how long they wait: they keep gc from the files of their
	// version.
	sparePatience = time.Minute
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

	mu      sync.Mutex
	version string // of the sessions that wait
	waiting []*sql.Session
	expiry  *time.Timer
}

func newPool(l *lake.Lake, o poolOptions) *pool {
	p := &pool{lake: l, options: o, places: make(chan struct{}, o.atOnce)}
	p.expiry = time.AfterFunc(sparePatience, func() { _ = p.close() }) // they only read: nothing can be lost
	return p
}

// with gives the work a session on the lake as it is now, which is the version,
// or newer.
func (p *pool) with(ctx context.Context, version string, work func(*sql.Session) error) error {
	s, err := p.take(ctx, version)
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

func (p *pool) take(ctx context.Context, version string) (*sql.Session, error) {
	if s := p.takeWaiting(version); s != nil {
		return s, nil
	}
	return sql.Open(ctx, p.lake, p.options.session)
}

// takeWaiting takes a session of a version, and lets those of others go.
func (p *pool) takeWaiting(version string) *sql.Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.version != version {
		_ = p.empty() // as above
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
	p.expiry.Reset(sparePatience)
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

// close lets the waiting sessions go.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.empty()
}

// versionOf names a version of the lake.
func versionOf(pins lake.Pins) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(pins)) {
		b.WriteString(pins[name].String() + " ")
	}
	return b.String()
}
