package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"alignctl/internal/disk"
	"alignctl/lake/iceberg"
)

// Check looks at the lake's structure, without reading its rows: the catalog is
// sound and names every table; each table's metadata loads, for every snapshot;
// each file is there, of its size; the meta tables name runs, snapshots and tags
// that exist. All that it finds comes back in one error, each part a *Damage.
func (l *Lake) Check(ctx context.Context) error {
	return l.reading(ctx, func(now *version) error {
		s, err := l.openSession(ctx, SessionOptions{Threads: 1}, Holder{})
		if err != nil {
			return err
		}
		c, err := newChecker(l, s, now)
		if err != nil {
			return errors.Join(err, s.Close())
		}
		c.structure(ctx)
		return errors.Join(append(c.found, s.Close())...)
	})
}

// A checker collects what it finds.
type checker struct {
	scopeReader
	now    *version
	tables map[string]*iceberg.Table
	sizes  map[string]int64 // of the files in the warehouse
	files  []reachedFile
	// previous is where the catalog says that the metadata before a current one is,
	// by the current one's location.
	previous map[string]string

	mu    sync.Mutex
	found []error
}

// A reachedFile is a file that a table points at.
type reachedFile struct {
	table    string
	snapshot int64 // the newest one, of a data file
	path     string
	size     int64
	data     bool
	rows     int64 // of a data file, as its manifest says
}

func newChecker(l *Lake, s *Session, now *version) (*checker, error) {
	files, err := l.disk.List(l.warehouse())
	if err != nil {
		return nil, fmt.Errorf("list warehouse: %w", err)
	}
	c := &checker{scopeReader: scopeReader{lake: l, session: s, version: now, verified: map[string]bool{}}, now: now,
		tables: map[string]*iceberg.Table{}, sizes: map[string]int64{}}
	for _, f := range files {
		c.sizes[f.Path] = f.Bytes
	}
	return c, nil
}

// size is how large a file is. One that isn't in the warehouse, or came since,
// is looked for.
func (c *checker) size(path string) (int64, error) {
	if size, listed := c.sizes[path]; listed {
		return size, nil
	}
	info, err := c.lake.disk.Stat(path)
	return info.Bytes, err
}

func (c *checker) note(d *Damage) {
	if d == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = append(c.found, d)
}

// fail notes that looking at something gave an error: damage, unless the error
// says nothing about the lake.
func (c *checker) fail(d Damage, err error) {
	if errors.Is(err, disk.ErrUnreachable) || errors.Is(err, disk.ErrFull) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.found = append(c.found, err)
		return
	}
	d.Problem = err.Error()
	c.note(&d)
}

func (c *checker) names() []string { return slices.Sorted(maps.Keys(c.tables)) }

// structure is the whole Check.
func (c *checker) structure(ctx context.Context) {
	c.catalog(ctx)
	_ = c.now.load(ctx, c.now.names()) // side by side; one that can't be is told of below
	for _, name := range c.now.names() {
		if err := c.table(ctx, name); err != nil {
			c.fail(Damage{Table: name}, err)
		}
	}
	if err := c.outputs(ctx); err != nil {
		c.fail(Damage{Table: "meta.outputs"}, err)
	}
	if err := c.tags(ctx); err != nil {
		c.fail(Damage{Table: "meta.tags"}, err)
	}
}

// catalog checks catalog.db and lake.json.
func (c *checker) catalog(ctx context.Context) {
	problems, err := c.lake.catalog.Check(ctx, schemas)
	if err != nil {
		problems = append(problems, err.Error())
	}
	if c.previous, err = c.lake.catalog.Previous(ctx); err != nil {
		problems = append(problems, err.Error())
	}
	for _, problem := range problems {
		c.noteCatalog("", problem)
	}
	if err := c.lake.Current(ctx); err != nil {
		c.fail(Damage{File: c.lake.catalogFile()}, err)
	}
	content, err := os.ReadFile(filepath.Join(c.lake.dir, DescriptionFile))
	if err != nil || !c.lake.described(string(content), c.lake.catalog.Description(ctx)) {
		c.note(&Damage{File: filepath.Join(c.lake.dir, DescriptionFile),
			Problem: fmt.Sprint("it isn't what init wrote: ", err)})
	}
}

// described says whether lake.json is what init wrote. Machines that share a lake
// may reach its catalog by different addresses.
func (l *Lake) described(here, recorded string) bool {
	if here == recorded || !l.catalog.Shared() {
		return here == recorded
	}
	var a, b description
	err := errors.Join(json.Unmarshal([]byte(here), &a), json.Unmarshal([]byte(recorded), &b))
	a.Catalog, b.Catalog = "", ""
	return err == nil && a == b
}

// catalogFile is where the catalog is, as messages name it.
func (l *Lake) catalogFile() string {
	if l.catalog.Shared() {
		return l.catalog.Name()
	}
	return filepath.Join(l.dir, l.catalog.Name())
}

func (c *checker) noteCatalog(table, problem string) {
	c.note(&Damage{Table: table, File: c.lake.catalogFile(), Problem: problem})
}

// row checks what the catalog says about a table against its metadata.
func (c *checker) row(table *iceberg.Table) {
	if _, ours := table.Properties()[propSpec]; ours && !table.InWarehouse() {
		c.noteCatalog(table.Name(), "the table's location isn't in the folder that the catalog has for it")
	}
	recorded, current := c.previous[table.Location()] // not where another run has moved the table since
	if before := table.PreviousLocation(); current && recorded != before {
		c.noteCatalog(table.Name(), fmt.Sprintf("the metadata before is %q by the catalog, %q by the table's log",
			recorded, before))
	}
}

// table checks a table's metadata, for all of its snapshots, and that its files
// are there.
func (c *checker) table(ctx context.Context, name string) error {
	table, err := c.now.table(ctx, name)
	if err != nil {
		return err
	}
	c.tables[name] = table
	c.row(table)
	reach, err := table.Reach(func(iceberg.Snapshot) bool { return true })
	if err != nil {
		return err
	}
	for _, path := range reach.Metadata {
		c.reached(reachedFile{table: name, path: path})
	}
	newest := map[string]int64{}
	for _, s := range table.Snapshots() {
		files, err := table.Files(s.ID)
		if errors.Is(err, iceberg.ErrUnsupported) {
			continue // whole, but another engine's: nothing of it is recorded
		}
		if err != nil {
			c.fail(Damage{Table: name, Snapshot: s.ID}, err)
			continue
		}
		if pin := pinOf(name, s); pin.Rows != totalRows(files) {
			c.note(&Damage{Table: name, Snapshot: s.ID,
				Problem: fmt.Sprintf("the snapshot says %d rows, its manifests %d", pin.Rows, totalRows(files))})
		}
		for _, f := range files {
			newest[f.Path] = s.ID
		}
	}
	for _, f := range reach.Data {
		c.data(reachedFile{table: name, snapshot: newest[f.Path], path: f.Path, data: true, rows: f.Rows}, f.Bytes)
	}
	return nil
}

// reached notes a metadata file. Those that aren't there are no damage: the
// current one, manifest lists and manifests have just been read, and other
// engines remove older metadata as they please.
func (c *checker) reached(f reachedFile) {
	if size, err := c.size(f.path); err == nil {
		f.size = size
		c.files = append(c.files, f)
	}
}

// data notes a data file and compares its size with the manifest.
func (c *checker) data(f reachedFile, bytes int64) {
	size, err := c.size(f.path)
	switch {
	case err != nil:
		c.fail(Damage{Table: f.table, Snapshot: f.snapshot, File: f.path}, err)
		return
	case size != bytes:
		c.note(&Damage{Table: f.table, Snapshot: f.snapshot, File: f.path,
			Problem: fmt.Sprintf("it has %d bytes, its manifest says %d", size, bytes)})
	}
	f.size = size
	c.files = append(c.files, f)
}

// outputs checks that what meta.outputs names is there.
func (c *checker) outputs(ctx context.Context) error {
	rows, err := readMetaTable[outputRow](ctx, c.lake, c.now, "meta.outputs")
	if err != nil {
		return err
	}
	runs, err := readMetaTable[runRow](ctx, c.lake, c.now, "meta.runs")
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, run := range runs {
		known[run.RunID] = true
	}
	for _, row := range rows {
		if !known[row.RunID] {
			return fmt.Errorf("it names run %s, which meta.runs doesn't have", row.RunID)
		}
		want := Pin{Table: row.Table, Snapshot: row.Snapshot, Digest: row.Digest, Rows: row.Rows}
		table, ok := c.tables[row.Table]
		if !ok {
			return fmt.Errorf("it names table %q, which isn't there", row.Table)
		}
		if s, ok := table.Snapshot(want.Snapshot); ok && pinOf(want.Table, s) != want {
			return fmt.Errorf("it says %+v, the snapshot %+v", want, pinOf(want.Table, s))
		}
	}
	return nil
}

// tags checks that every tagged snapshot is there.
func (c *checker) tags(ctx context.Context) error {
	rows, err := c.lake.tagRows(ctx, c.now)
	if err != nil {
		return err
	}
	for _, row := range rows {
		table, ok := c.tables[row.Table]
		if !ok {
			return fmt.Errorf("tag %s names table %q, which isn't there", row.Tag, row.Table)
		}
		if _, ok := table.Snapshot(row.Snapshot); !ok && row.Snapshot != 0 {
			return fmt.Errorf("tag %s names %s@%s, which isn't there", row.Tag, row.Table, strconv.FormatInt(row.Snapshot, 10))
		}
	}
	return nil
}
