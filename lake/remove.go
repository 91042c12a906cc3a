package lake

import (
	"context"
	"fmt"
	"slices"

	"alignctl/lake/iceberg"
)

// summaryRemoved marks the snapshot by which a run took a table out of the lake.
// It has no rows and no digest.
const summaryRemoved = "alignctl.removed"

// Remove takes a table out of the lake, by the next publish: it is in no version
// from then on, until a run writes it again. Earlier versions have it, and gc
// lets go of its rows as of any others. Other engines see an empty table.
func (r *Run) Remove(ctx context.Context, name string) error {
	table, err := r.base.table(ctx, name)
	if err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	if table == nil || removed(table) || isMeta(name) {
		return fmt.Errorf("remove %s: no such table in the lake", name)
	}
	info, err := infoOf(table)
	if err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	s, err := r.open(ctx, info.Spec)
	if err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	if len(s.scopes) == 0 || len(s.touched) > 0 {
		return fmt.Errorf("remove %s: it holds no rows, or this run wrote it", name)
	}
	s.removed = true
	for scope := range s.scopes {
		s.touched[scope] = true
		s.changes[scope] = &change{replace: true, state: &scopeState{}}
	}
	return r.show(ctx, s)
}

// removed says whether the newest snapshot of a table took it out of the lake.
func removed(table *iceberg.Table) bool {
	current, ok := table.Current()
	return ok && current.Summary[summaryRemoved] != ""
}

// othersAdded says whether another run added a scope to a table that this run
// takes out.
func (s *staged) othersAdded(found map[string]*scopeState) (scope string, added bool) {
	if !s.removed {
		return "", false
	}
	for scope := range s.scopes {
		if _, known := found[scope]; !known {
			return scope, true
		}
	}
	return "", false
}

// present loads those of the named tables that the version has: what was taken
// out is in the catalog too.
func (v *version) present(ctx context.Context, names []string) ([]*iceberg.Table, error) {
	if err := v.load(ctx, names); err != nil {
		return nil, err
	}
	var found []*iceberg.Table
	for _, name := range names {
		table, err := v.table(ctx, name)
		if err != nil {
			return nil, err
		}
		if !removed(table) {
			found = append(found, table)
		}
	}
	return found, nil
}

// Names are the names of all tables that some version of the lake has, in order.
func (l *Lake) Names(ctx context.Context) (names []string, err error) {
	err = l.reading(ctx, func(now *version) error {
		names = slices.Clone(now.names())
		return nil
	})
	return names, err
}
