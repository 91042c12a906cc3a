package lake

import (
	"context"
	"maps"
	"slices"
	"sync"

	"alignctl/lake/iceberg"
)

// A version is what the catalog held at one moment. Its tables are kept once
// loaded: later publishes remove metadata files that are more than a few
// commits old, and a run may go on for hours on the version that it began with.
type version struct {
	catalog   *iceberg.Catalog
	locations map[string]string

	mu     sync.Mutex
	tables map[string]*iceberg.Table
}

// version reads the catalog.
func (l *Lake) version(ctx context.Context) (*version, error) {
	heads, err := l.catalog.Heads(ctx)
	if err != nil {
		return nil, err
	}
	return &version{catalog: l.catalog, locations: heads, tables: map[string]*iceberg.Table{}}, nil
}

// names lists the tables, in order.
func (v *version) names() []string { return slices.Sorted(maps.Keys(v.locations)) }

// location is where a table's metadata is; "" when there is no such table.
func (v *version) location(name string) string { return v.locations[name] }

// table loads a table; nil when there is none.
func (v *version) table(ctx context.Context, name string) (*iceberg.Table, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if table, ok := v.tables[name]; ok {
		return table, nil
	}
	location, ok := v.locations[name]
	if !ok {
		return nil, nil
	}
	table, err := v.catalog.Load(ctx, name, location)
	if err != nil {
		return nil, damaged(err)
	}
	v.tables[name] = table
	return table, nil
}

// put makes a table's newer state part of the version.
func (v *version) put(table *iceberg.Table) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tables[table.Name()], v.locations[table.Name()] = table, table.Location()
}
