package lake

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"alignctl/lake/iceberg"
)

// A version is what the catalog held at one moment. Its tables are kept once
// loaded, for as long as a run goes on that began with it.
type version struct {
	lake      *Lake
	locations map[string]string

	mu     sync.Mutex
	tables map[string]*iceberg.Table
}

// loaded keeps each table as it was last read: what a metadata location holds
// never changes.
type loaded struct {
	mu     sync.Mutex
	tables map[string]*iceberg.Table
}

func (c *loaded) get(name, location string) (*iceberg.Table, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	table, ok := c.tables[name]
	return table, ok && table.Location() == location
}

func (c *loaded) put(table *iceberg.Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables == nil {
		c.tables = map[string]*iceberg.Table{}
	}
	c.tables[table.Name()] = table
}

// version reads the catalog. Its caller has a lease, which keeps the files of
// what it reads.
func (l *Lake) version(ctx context.Context) (*version, error) {
	if err := l.reach(); err != nil { // DuckDB, which opens files itself, would only miss them
		return nil, err
	}
	heads, err := l.catalog.Heads(ctx)
	if err != nil {
		return nil, l.blame(ctx, err)
	}
	return &version{lake: l, locations: heads, tables: map[string]*iceberg.Table{}}, nil
}

// reading does something with the lake as it is now, under a lease.
func (l *Lake) reading(ctx context.Context, do func(now *version) error) error {
	held, err := l.lease(ctx, Holder{})
	if err != nil {
		return err
	}
	now, err := l.version(ctx)
	if err == nil {
		err = do(now)
	}
	return errors.Join(l.explain(ctx, held, err), held.end())
}

// unlessOld is the error of reading a lake: where another copy of the catalog has
// let go what this one names, it isn't damage.
func (l *Lake) unlessOld(ctx context.Context, err error) error {
	if errors.Is(err, ErrDamaged) {
		if current := l.Current(ctx); errors.Is(current, ErrCopied) {
			return current
		}
	}
	return err
}

// names lists the tables, in order.
func (v *version) names() []string { return slices.Sorted(maps.Keys(v.locations)) }

// location is where a table's metadata is; "" when there is no such table.
func (v *version) location(name string) string { return v.locations[name] }

// table loads a table; nil when there is none. Two that load one at a time do
// the work twice, and agree.
func (v *version) table(ctx context.Context, name string) (*iceberg.Table, error) {
	v.mu.Lock()
	table, loaded := v.tables[name]
	location, there := v.locations[name]
	v.mu.Unlock()
	if loaded || !there {
		return table, nil
	}
	table, loaded = v.lake.loaded.get(name, location)
	if !loaded {
		var err error
		if table, err = v.lake.catalog.Load(ctx, name, location); err != nil {
			return nil, damaged(err)
		}
		v.lake.loaded.put(table)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.locations[name] == location { // else put brought a newer state meanwhile
		v.tables[name] = table
	}
	return table, nil
}

// loads is how many tables are loaded at once: most of the time goes into waiting
// for the catalog, and for a bucket.
const loads = 16

// load loads tables side by side.
func (v *version) load(ctx context.Context, names []string) error {
	var work errgroup.Group
	work.SetLimit(loads)
	for _, name := range names {
		work.Go(func() error {
			_, err := v.table(ctx, name)
			return err
		})
	}
	return work.Wait()
}

// readAhead reads the metadata of tables, at their pins or as they are, while
// DuckDB makes the views of those before: each takes half of the time.
func (v *version) readAhead(ctx context.Context, names []string, pins Pins) error {
	var work errgroup.Group
	work.SetLimit(loads)
	for _, name := range names {
		work.Go(func() error {
			table, err := v.table(ctx, name)
			if err != nil || table == nil || ctx.Err() != nil {
				return err
			}
			pin, ok := pins[name]
			if !ok {
				pin = currentPin(table)
			}
			if _, err = table.Files(pin.Snapshot); errors.Is(err, iceberg.ErrUnsupported) { // told to whoever reads it
				return nil
			}
			return damaged(err)
		})
	}
	return work.Wait()
}

// put makes a table's newer state part of the version.
func (v *version) put(table *iceberg.Table) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tables[table.Name()], v.locations[table.Name()] = table, table.Location()
	v.lake.loaded.put(table)
}
