package sql

import (
	"context"
	"fmt"
	"strings"
	"time"

	"alignctl/lake"
)

// A State says how a table of the catalogue stands.
type State string

// The states of data sets, and of the tables that they read.
const (
	StateBuilt     State = "built"
	StateOutOfDate State = "out of date" // what it was built from has changed
	StateNotBuilt  State = "not built"
	StateTable     State = "table"   // of the lake, and no data set
	StateMissing   State = "missing" // read by a data set, and not in the lake
)

// A Holding is what the lake holds of a data set, and how it was made.
type Holding struct {
	lake.Pin
	Run    string // that last built it, or a scope of it; "" where no build made it
	Began  time.Time
	Recipe Recipe   // of that build
	Stale  []string // what has changed since, in words; of a data set with scopes, in each of them
}

// An overview looks at data sets as they are now.
type overview struct {
	*Catalogue
	session *lake.Session // in which views are analysed, over the record of runs
	now     pinned
}

// overview opens one; the caller closes its session.
func (c *Catalogue) overview(ctx context.Context, l *lake.Lake) (*overview, error) {
	now, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	s := &overview{Catalogue: c, now: pinned{l, now}}
	s.session, err = recordOf(ctx, l)
	return s, err
}

// holding is what the lake holds of a data set; nil: it is not built.
func (s *overview) holding(ctx context.Context, v *View) (*Holding, error) {
	pin, built := s.now.pins[v.Name]
	if !built {
		return nil, nil
	}
	makers, err := s.now.made(ctx, s.session, v, "")
	if err != nil {
		return nil, err
	}
	last := newest(makers)
	h := &Holding{Pin: pin, Run: last.run, Recipe: last.recipe}
	if h.Began, err = runTime(last.run); err != nil {
		return nil, err
	}
	for _, m := range makers {
		for _, why := range s.stale(ctx, v, m.recipe) {
			if scope := v.scopeIn(m.recipe.Params); scope != "" {
				why = scope + ": " + why
			}
			h.Stale = append(h.Stale, why)
		}
	}
	return h, nil
}

// reads are the tables that a view's query and audits name, without its own.
func (s *overview) reads(ctx context.Context, v *View) ([]string, error) {
	read, err := v.read(ctx, s.session)
	return read.tables, err
}

// runTime is when a run began, as its id says; zero of no run.
func runTime(run string) (time.Time, error) {
	if run == "" {
		return time.Time{}, nil
	}
	stamp, _, _ := strings.Cut(run, "-")
	at, err := time.Parse("20060102T150405Z", stamp)
	if err != nil {
		return at, fmt.Errorf("read time of run %q: %w", run, err)
	}
	return at, nil
}

// stale says in words what has changed since a recipe was built.
func (s *overview) stale(ctx context.Context, v *View, then Recipe) (why []string) {
	if then.View == "" {
		return []string{"no build made it"}
	}
	now, err := s.recipe(ctx, s.session, v, then.Set(), s.now)
	switch {
	case err != nil: // an input is gone, or a template, or a parameter's value is no longer one
		return []string{err.Error()}
	case now.Digest == then.Digest:
		return nil
	}
	for _, change := range then.Compare(now) {
		why = append(why, change.words())
	}
	return why
}

// words says what a change is, for somebody who asks why a data set is out of
// date.
func (c RecipeChange) words() string {
	switch {
	case c.Kind == "query" || c.Kind == "view":
		return "the view has changed"
	case c.Kind != "input":
		return c.Kind + " " + c.Name + " has changed"
	case c.Before == "":
		return c.Name + " is read now"
	case c.After == "":
		return c.Name + " is not read any more"
	}
	return c.Name + " has changed"
}

// state sums up what the lake holds of a data set.
func (h *Holding) state() State {
	switch {
	case h == nil:
		return StateNotBuilt
	case len(h.Stale) > 0:
		return StateOutOfDate
	}
	return StateBuilt
}
