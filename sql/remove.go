package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/lake"
)

// A Removal says what goes when a data set is taken out of the lake.
type Removal struct {
	lake.Pin          // the table as it is now
	Tags     []string // of versions that keep a snapshot of it
}

// madeAgain are the tables beside data sets that may go: alignctl eval score makes
// them from what eval.samples keeps.
var madeAgain = []string{"eval.scores", "eval.metrics"}

// PlanRemoval looks at what Remove would do. A data set that another built one
// reads can't go; nor can a table that no command makes again.
func (c *Catalogue) PlanRemoval(ctx context.Context, l *lake.Lake, name string) (r Removal, err error) {
	s, err := c.overview(ctx, l)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.session.Close()) }()
	table, err := s.removable(name)
	if err != nil {
		return r, err
	}
	r.Pin = s.now.pins[table]
	readers, err := s.builtReaders(ctx, table)
	if err != nil {
		return r, err
	}
	if len(readers) > 0 {
		return r, fmt.Errorf("remove %s: built from it: %s; remove what is built from it first", table, strings.Join(readers, ", "))
	}
	tags, err := l.Tags(ctx)
	for _, tag := range tags {
		if _, holds := tag.Pins[table]; holds {
			r.Tags = append(r.Tags, tag.Name)
		}
	}
	return r, err
}

// removable is the table of a data set that the lake has, or one of madeAgain. A
// table data.NAME whose view the catalogue no longer has is a data set too.
func (s *overview) removable(name string) (string, error) {
	view, err := s.View(name)
	table := name
	switch {
	case err == nil:
		table = view.Name
	case !strings.Contains(name, "."):
		table = "data." + name
	case !strings.HasPrefix(name, "data.") && !slices.Contains(madeAgain, name):
		return "", fmt.Errorf("remove %s: %w (only data sets can be removed, and %s)", name, err, strings.Join(madeAgain, ", "))
	}
	if _, built := s.now.pins[table]; !built {
		if err != nil {
			return "", err
		}
		return "", fmt.Errorf("remove %s: it is not built", table)
	}
	return table, nil
}

// builtReaders are the data sets in the lake that were built from a table.
func (s *overview) builtReaders(ctx context.Context, table string) (names []string, err error) {
	for _, v := range s.views {
		if v.Name == table {
			continue
		}
		makers, err := s.now.made(ctx, s.session, v, "")
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(makers, func(m maker) bool { return m.recipe.Inputs[table] != "" }) {
			names = append(names, v.Name)
		}
	}
	return names, nil
}

// Remove takes a data set out of the lake, as PlanRemoval says. Versions until
// now, by tag, run or time, still have it, until gc lets them go.
func (c *Catalogue) Remove(ctx context.Context, l *lake.Lake, name string, info lake.RunInfo) (r Removal, err error) {
	if r, err = c.PlanRemoval(ctx, l, name); err != nil {
		return r, err
	}
	run, err := l.Begin(ctx, info)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	if err := run.Remove(ctx, r.Table); err != nil {
		return r, err
	}
	_, err = run.Publish(ctx, lake.Done)
	return r, err
}
