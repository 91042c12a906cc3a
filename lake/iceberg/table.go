package iceberg

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	icebergo "github.com/apache/iceberg-go"
	icebergio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
)

// A Table is a table at one metadata location, published or staged. It doesn't
// change; several goroutines may read it.
type Table struct {
	inner   *table.Table
	catalog *Catalog
	staging *staging // of a staged table; of a published one, only to read

	mu    sync.Mutex
	files map[int64][]DataFile // by snapshot, once read
}

func (c *Catalog) newStaging() *staging { return &staging{disk: c.disk, place: c.place} }

func (c *Catalog) newTable(inner *table.Table, s *staging) *Table {
	return &Table{inner: inner, catalog: c, staging: s, files: map[int64][]DataFile{}}
}

// A Snapshot is one version of a table.
type Snapshot struct {
	ID       int64
	Parent   int64 // 0: none
	Sequence int64 // grows by one with each commit to the table
	Time     time.Time
	Summary  map[string]string
}

// A DataFile is a Parquet file of a table.
type DataFile struct {
	Path  string // local
	Bytes int64
	Rows  int64
	// Scope is the value of the partition column, "" in a table without one.
	Scope string
	inner icebergo.DataFile
}

// Load reads the table whose metadata is at location.
func (c *Catalog) Load(ctx context.Context, name, location string) (*Table, error) {
	s := c.newStaging()
	inner, err := table.NewFromLocation(ctx, strings.Split(name, "."), location, fileSystem(s), nil)
	if err != nil {
		return nil, fmt.Errorf("read table %s: metadata %q: %w", name, location, err)
	}
	return c.newTable(inner, s), nil
}

func fileSystem(s *staging) table.FSysF {
	return func(context.Context) (icebergio.IO, error) { return s, nil }
}

// Name is the table's name as in SQL.
func (t *Table) Name() string { return strings.Join(t.inner.Identifier(), ".") }

// Location is where the table's metadata is.
func (t *Table) Location() string { return t.inner.MetadataLocation() }

// PreviousLocation is the metadata before, as the table's own log has it; "" when
// the log is empty.
func (t *Table) PreviousLocation() (location string) {
	for entry := range t.inner.Metadata().PreviousFiles() {
		location = entry.MetadataFile
	}
	return location
}

// InWarehouse says whether the table's location is where the
// catalog says the locations name.
func (t *Table) InWarehouse() bool {
	if t.catalog.place.Remote() {
		_, err := t.catalog.place.path(t.inner.Location())
		return err == nil
	}
	path, err := Path(t.inner.Location())
	return err == nil && strings.HasPrefix(path, t.catalog.place.recorded+string(filepath.Separator))
}

// DataDir is the local folder of the table's data files.
func (t *Table) DataDir() (string, error) {
	root, err := t.catalog.place.path(t.inner.Location())
	return filepath.Join(root, "data"), err
}

// Properties are the table's own key-value pairs.
func (t *Table) Properties() map[string]string { return t.inner.Properties() }

// Partition is the column that data files are split by, or "".
func (t *Table) Partition() string {
	spec := t.inner.Spec()
	if spec.NumFields() == 0 {
		return ""
	}
	return spec.Field(0).Name
}

// Current is the table's newest snapshot; ok is false before the first.
func (t *Table) Current() (s Snapshot, ok bool) {
	current := t.inner.CurrentSnapshot()
	if current == nil {
		return Snapshot{}, false
	}
	return snapshotOf(current), true
}

// Snapshot is the snapshot with the given id, if the table still has it.
func (t *Table) Snapshot(id int64) (s Snapshot, ok bool) {
	found := t.inner.SnapshotByID(id)
	if found == nil {
		return Snapshot{}, false
	}
	return snapshotOf(found), true
}

func snapshotOf(s *table.Snapshot) Snapshot {
	out := Snapshot{ID: s.SnapshotID, Sequence: s.SequenceNumber, Time: time.UnixMilli(s.TimestampMs).UTC(),
		Summary: map[string]string{}}
	if s.ParentSnapshotID != nil {
		out.Parent = *s.ParentSnapshotID
	}
	if s.Summary != nil {
		for key, value := range s.Summary.Properties {
			out.Summary[key] = value
		}
		out.Summary["operation"] = string(s.Summary.Operation)
	}
	return out
}

// Fields is the schema that snapshot id was written under (0: the current one).
func (t *Table) Fields(id int64) ([]Field, error) {
	schema := t.inner.Schema()
	if s := t.inner.SnapshotByID(id); s != nil && s.SchemaID != nil {
		if then, ok := t.inner.Schemas()[*s.SchemaID]; ok {
			schema = then
		}
	}
	fields, err := fieldsOf(schema.Fields())
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", t.Name(), err)
	}
	return fields, nil
}

// Evolved says whether the table's columns ever changed: then its files may name
// or type them otherwise than the schema of now, and are read by field id.
func (t *Table) Evolved() bool { return len(t.inner.Schemas()) > 1 }

// Snapshots are all snapshots that the table has, oldest first.
func (t *Table) Snapshots() []Snapshot {
	all := t.inner.Metadata().Snapshots()
	out := make([]Snapshot, len(all))
	for i := range all {
		out[i] = snapshotOf(&all[i])
	}
	slices.SortFunc(out, func(a, b Snapshot) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return out
}

// Refs are the table's tags: name -> snapshot id. Branches are not in it.
func (t *Table) Refs() map[string]int64 {
	tags := map[string]int64{}
	for name, ref := range t.inner.Metadata().Refs() {
		if ref.SnapshotRefType == table.TagRef {
			tags[name] = ref.SnapshotID
		}
	}
	return tags
}

// Held are the snapshots that a branch or a tag names.
func (t *Table) Held() map[int64]string {
	held := map[int64]string{}
	for name, ref := range t.inner.Metadata().Refs() {
		held[ref.SnapshotID] = name
	}
	return held
}

// Files lists the data files of snapshot id, ordered by path; none for id 0.
func (t *Table) Files(id int64) ([]DataFile, error) {
	if id == 0 {
		return nil, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if files, read := t.files[id]; read {
		return files, nil
	}
	files, err := t.readFiles(id)
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", t.Name(), err)
	}
	t.files[id] = files
	return files, nil
}

func (t *Table) readFiles(id int64) ([]DataFile, error) {
	snapshot := t.inner.SnapshotByID(id)
	if snapshot == nil {
		return nil, fmt.Errorf("no snapshot %d", id)
	}
	manifests, err := t.manifests(snapshot)
	if err != nil {
		return nil, err
	}
	t.ahead(manifestFiles(manifests))
	var files []DataFile
	for _, m := range manifests {
		if files, err = t.appendFiles(files, m); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(files, func(a, b DataFile) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// ahead fetches files side by side that are about to be read one after the
// other: a bucket takes its time for each. Whoever reads one meets the error
// that is passed over here.
func (t *Table) ahead(locations []string) {
	if t.catalog.disk.Local() {
		return
	}
	paths, err := t.catalog.paths(locations)
	if err != nil {
		return
	}
	if release, err := t.catalog.disk.Fetch(context.Background(), paths); err == nil {
		release()
	}
}

func manifestFiles(manifests []icebergo.ManifestFile) []string {
	locations := make([]string, len(manifests))
	for i, m := range manifests {
		locations[i] = m.FilePath()
	}
	return locations
}

func (t *Table) manifests(s *table.Snapshot) ([]icebergo.ManifestFile, error) {
	manifests, err := s.Manifests(t.staging)
	if err != nil {
		return nil, fmt.Errorf("manifest list %q: %w", s.ManifestList, err)
	}
	return manifests, nil
}

func (t *Table) appendFiles(files []DataFile, m icebergo.ManifestFile) ([]DataFile, error) {
	for entry, err := range m.Entries(t.staging, true) {
		if err != nil {
			return nil, fmt.Errorf("manifest %q: %w", m.FilePath(), err)
		}
		if entry.DataFile().ContentType() != icebergo.EntryContentData {
			return nil, fmt.Errorf("another engine deleted rows by merge-on-read; rewrite its files there (copy-on-write): %w",
				ErrUnsupported)
		}
		file, err := t.dataFile(entry.DataFile())
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

func (t *Table) dataFile(f icebergo.DataFile) (DataFile, error) {
	path, err := t.catalog.place.path(f.FilePath())
	if err != nil {
		return DataFile{}, err
	}
	out := DataFile{Path: path, Bytes: f.FileSizeBytes(), Rows: f.Count(), inner: f}
	if values := f.Partition(); len(values) == 1 {
		for _, value := range values { // another engine's table may be partitioned in any way: it has no scopes
			out.Scope, _ = value.(string)
		}
	}
	return out, nil
}

// Reach is what a table's metadata points at.
type Reach struct {
	Metadata []string   // itself, its log, manifest lists, manifests, statistics, other engines' delete files
	Data     []DataFile // of any snapshot
}

// Reach lists every file that the snapshots for which keep is true need. Each
// manifest is read once, however many snapshots share it.
func (t *Table) Reach(keep func(Snapshot) bool) (Reach, error) {
	metadata := t.inner.Metadata()
	r := reaching{table: t, manifests: map[string]bool{}, data: map[string]DataFile{}, locations: []string{t.Location()}}
	for entry := range metadata.PreviousFiles() {
		r.locations = append(r.locations, entry.MetadataFile)
	}
	for file := range metadata.Statistics() {
		r.locations = append(r.locations, file.StatisticsPath)
	}
	for file := range metadata.PartitionStatistics() {
		r.locations = append(r.locations, file.StatisticsPath)
	}
	kept := slices.DeleteFunc(slices.Clone(metadata.Snapshots()), func(s table.Snapshot) bool { return !keep(snapshotOf(&s)) })
	t.ahead(manifestLists(kept))
	for i := range kept {
		snapshot := &kept[i]
		if err := r.snapshot(snapshot); err != nil {
			return Reach{}, fmt.Errorf("read table %s: snapshot %d: %w", t.Name(), snapshot.SnapshotID, err)
		}
	}
	paths, err := t.catalog.paths(r.locations)
	files := slices.SortedFunc(maps.Values(r.data), func(a, b DataFile) int { return strings.Compare(a.Path, b.Path) })
	return Reach{Metadata: paths, Data: files}, err
}

func manifestLists(snapshots []table.Snapshot) []string {
	locations := make([]string, len(snapshots))
	for i, s := range snapshots {
		locations[i] = s.ManifestList
	}
	return locations
}

// reaching collects a Reach.
type reaching struct {
	table     *Table
	manifests map[string]bool // that were read
	data      map[string]DataFile
	locations []string // of all but data files
}

// snapshot adds what a snapshot needs.
func (r *reaching) snapshot(s *table.Snapshot) error {
	manifests, err := r.table.manifests(s)
	if err != nil {
		return err
	}
	r.locations = append(r.locations, s.ManifestList)
	r.table.ahead(manifestFiles(manifests))
	for _, m := range manifests {
		if r.manifests[m.FilePath()] {
			continue
		}
		r.manifests[m.FilePath()] = true
		r.locations = append(r.locations, m.FilePath())
		if err := r.manifest(m); err != nil {
			return err
		}
	}
	return nil
}

// manifest adds what a manifest names. The lake doesn't read another engine's
// merge-on-read deletes, and must not take them for rubbish.
func (r *reaching) manifest(m icebergo.ManifestFile) error {
	if m.ManifestContent() == icebergo.ManifestContentDeletes {
		for entry, err := range m.Entries(r.table.staging, true) {
			if err != nil {
				return err
			}
			r.locations = append(r.locations, entry.DataFile().FilePath())
		}
		return nil
	}
	files, err := r.table.appendFiles(nil, m)
	for _, f := range files {
		r.data[f.Path] = f
	}
	return err
}

// paths are the local files of locations, each once, in order.
func (c *Catalog) paths(locations []string) ([]string, error) {
	paths := make([]string, len(locations))
	for i, location := range locations {
		path, err := c.place.path(location)
		if err != nil {
			return nil, err
		}
		paths[i] = path
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}
