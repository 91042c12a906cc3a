package iceberg

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	icebergo "github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// A Declaration says what a new table is.
type Declaration struct {
	Name       string
	Fields     []Field
	Partition  string // the column that data files are split by, or ""
	Key        []string
	Properties map[string]string
}

// properties that every table of the lake gets: manifests are merged and old
// metadata dropped, so that a thousand commits stay small, and every engine
// that writes is told to copy on write (iceberg-go brings rows back after a
// merge-on-read delete).
var properties = map[string]string{
	table.ManifestMergeEnabledKey:             "true",
	table.ManifestMinMergeCountKey:            "10",
	table.MetadataDeleteAfterCommitEnabledKey: "true",
	table.MetadataPreviousVersionsMaxKey:      "3", // a thousand snapshots are half a megabyte each time
	table.MetadataCompressionKey:              table.MetadataCompressionCodecGzip,
	table.ParquetCompressionKey:               "zstd",
	table.WriteDeleteModeKey:                  table.WriteModeCopyOnWrite,
	"write.update.mode":                       table.WriteModeCopyOnWrite,
	"write.merge.mode":                        table.WriteModeCopyOnWrite,
}

// Declare makes the in-memory form of a new, empty table. Nothing is written
// before Stage.
func (c *Catalog) Declare(d Declaration) (*Table, error) {
	namespace, name, _ := strings.Cut(d.Name, ".")
	location := c.place.LocationOf(filepath.Join(c.place.actual, namespace+".db", name))
	props := icebergo.Properties{}
	for _, set := range []map[string]string{properties, d.Properties} {
		for key, value := range set {
			props[key] = value
		}
	}
	schema := schemaOf(d.Fields)
	spec, err := partitionOf(schema, d.Partition, firstPartition)
	if err != nil {
		return nil, fmt.Errorf("declare table %s: %w", d.Name, err)
	}
	order, err := orderOf(schema, d.Key)
	if err != nil {
		return nil, fmt.Errorf("declare table %s: %w", d.Name, err)
	}
	metadata, err := build(schema, spec, order, location, props)
	if err != nil {
		return nil, fmt.Errorf("declare table %s: %w", d.Name, err)
	}
	s := c.newStaging()
	return c.newTable(table.New(strings.Split(d.Name, "."), metadata, "", fileSystem(s), nil), s), nil
}

// build makes a new table's metadata. iceberg-go's NewMetadata would number the
// columns anew; the lake's ids are already in its files.
func build(schema *icebergo.Schema, spec *icebergo.PartitionSpec, order table.SortOrder, location string,
	props icebergo.Properties) (table.Metadata, error) {
	b, err := table.NewMetadataBuilder(2)
	if err != nil {
		return nil, err
	}
	const newest = -1
	for _, step := range []func() error{
		func() error { return b.SetUUID(uuid.New()) },
		func() error { return b.AddSchema(schema) },
		func() error { return b.SetCurrentSchemaID(newest) },
		func() error { return b.AddSortOrder(&order) },
		func() error { return b.SetDefaultSortOrderID(newest) },
		func() error { return b.AddPartitionSpec(spec, true) },
		func() error { return b.SetDefaultSpecID(newest) },
		func() error { return b.SetLoc(location) },
		func() error { return b.SetProperties(props) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b.Build()
}

// firstPartition is the id of a new table's partition field, as Iceberg has it.
const firstPartition = 1000

func partitionOf(schema *icebergo.Schema, column string, id int) (*icebergo.PartitionSpec, error) {
	if column == "" {
		return icebergo.UnpartitionedSpec, nil
	}
	field, ok := schema.FindFieldByName(column)
	if !ok {
		return nil, fmt.Errorf("no column %q to partition by", column)
	}
	spec := icebergo.NewPartitionSpec(icebergo.PartitionField{
		SourceIDs: []int{field.ID}, FieldID: id, Name: column, Transform: icebergo.IdentityTransform{}})
	return &spec, nil
}

func orderOf(schema *icebergo.Schema, key []string) (table.SortOrder, error) {
	fields := make([]table.SortField, len(key))
	for i, name := range key {
		field, ok := schema.FindFieldByName(name)
		if !ok {
			return table.SortOrder{}, fmt.Errorf("no key column %q", name)
		}
		fields[i] = table.SortField{SourceIDs: []int{field.ID}, Transform: icebergo.IdentityTransform{},
			Direction: table.SortASC, NullOrder: table.NullsFirst}
	}
	return table.NewSortOrder(1, fields)
}

// DataFile describes a Parquet file that was written for the table: the footer
// is read, its columns checked against the schema, its partition value taken.
func (t *Table) DataFile(ctx context.Context, path string) (DataFile, error) {
	inner, err := table.FileToDataFile(ctx, t.staging, t.catalog.place.LocationOf(path), t.inner.Schema(), t.inner.Spec(), 1,
		t.inner.Properties())
	if err != nil {
		return DataFile{}, fmt.Errorf("add file %q to %s: %w", path, t.Name(), err)
	}
	return t.dataFile(inner)
}

// A Change is one new snapshot: the table's files without Remove, with Add.
type Change struct {
	Remove, Add []DataFile
	Summary     map[string]string
	// Forget lets all earlier snapshots go.
	Forget bool
}

// Stage writes the snapshot that change makes on top of t, without publishing
// it, and returns the table that holds it. Sync what it wrote (Written), then
// move the catalog from t's location to the result's with Swap.
func (t *Table) Stage(ctx context.Context, change Change) (*Table, error) {
	if err := t.checkClock(); err != nil {
		return nil, fmt.Errorf("stage %s: %w", t.Name(), err)
	}
	commit := t.newCommit()
	commit.forget = change.Forget
	inner := table.New(t.inner.Identifier(), t.inner.Metadata(), t.Location(), fileSystem(commit.staging), commit)
	var staged *table.Table
	var err error
	if len(change.Remove)+len(change.Add) > 0 {
		staged, err = replaceFiles(ctx, inner, change)
	} else { // a new table without rows: iceberg-go would write nothing
		staged, err = commit.update(ctx)
	}
	if err != nil {
		commit.staging.discard()
		return nil, fmt.Errorf("stage %s: %w", t.Name(), err)
	}
	out := t.catalog.newTable(staged, commit.staging)
	if err := out.expectFiles(t, change); err != nil {
		return out, err
	}
	if change.Forget {
		err = out.forget(t, change.Remove)
	}
	return out, err
}

// expectFiles notes the files of the new snapshot, which needn't be read back
// from the manifests.
func (t *Table) expectFiles(before *Table, change Change) error {
	current, ok := t.Current()
	if !ok {
		return nil
	}
	old, _ := before.Current()
	files, err := before.Files(old.ID)
	if err != nil {
		return err
	}
	removed := map[string]bool{}
	for _, f := range change.Remove {
		removed[f.Path] = true
	}
	all := slices.Clone(change.Add)
	for _, f := range files {
		if !removed[f.Path] {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b DataFile) int { return strings.Compare(a.Path, b.Path) })
	t.files[current.ID] = all
	return nil
}

func replaceFiles(ctx context.Context, t *table.Table, change Change) (*table.Table, error) {
	tx, err := t.NewTransactionOnBranchWithError(table.MainBranch)
	if err != nil {
		return nil, err
	}
	if len(change.Remove) == 0 { // the names of new files are new, and the files have ids: see lake.Run
		err = tx.AddDataFiles(ctx, inners(change.Add), change.Summary, table.WithoutDuplicateCheck(),
			table.WithoutAutoNameMapping())
	} else {
		err = tx.ReplaceDataFilesWithDataFiles(ctx, inners(change.Remove), inners(change.Add), change.Summary,
			table.WithoutAutoNameMapping())
	}
	if err != nil {
		return nil, err
	}
	return tx.Commit(ctx)
}

// forget retires what only the snapshots of before needed.
func (t *Table) forget(before *Table, removed []DataFile) error {
	old, err := before.manifestPaths()
	if err != nil {
		return err
	}
	kept, err := t.manifestPaths()
	if err != nil {
		return err
	}
	for _, path := range old {
		if !slices.Contains(kept, path) {
			t.staging.retire(path)
		}
	}
	for _, f := range removed {
		t.staging.retire(f.Path)
	}
	return nil
}

// manifestPaths are the manifest lists and manifests of all snapshots.
func (t *Table) manifestPaths() ([]string, error) {
	var locations []string
	for _, snapshot := range t.inner.Metadata().Snapshots() {
		manifests, err := t.manifests(&snapshot)
		if err != nil {
			return nil, fmt.Errorf("read table %s: snapshot %d: %w", t.Name(), snapshot.SnapshotID, err)
		}
		locations = append(locations, snapshot.ManifestList)
		for _, m := range manifests {
			locations = append(locations, m.FilePath())
		}
	}
	return t.catalog.paths(locations)
}

// StageTags writes a version of the table, of the same snapshots, in which each
// tag names a snapshot; a tag with snapshot 0 goes.
func (t *Table) StageTags(ctx context.Context, tags map[string]int64) (*Table, error) {
	var updates []table.Update
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		if tags[name] == 0 {
			updates = append(updates, table.NewRemoveSnapshotRefUpdate(name))
			continue
		}
		updates = append(updates, table.NewSetSnapshotRefUpdate(name, tags[name], table.TagRef, 0, 0, 0))
	}
	return t.stageUpdates(ctx, updates...)
}

// StageExpiry writes a version of the table without some of its snapshots,
// which must be neither current nor named by a branch or a tag.
func (t *Table) StageExpiry(ctx context.Context, snapshots []int64) (*Table, error) {
	return t.stageUpdates(ctx, table.NewRemoveSnapshotsUpdate(snapshots, false))
}

func (t *Table) stageUpdates(ctx context.Context, updates ...table.Update) (*Table, error) {
	if err := t.checkClock(); err != nil {
		return nil, fmt.Errorf("stage %s: %w", t.Name(), err)
	}
	commit := t.newCommit()
	staged, err := commit.update(ctx, updates...)
	if err != nil {
		commit.staging.discard()
		return nil, fmt.Errorf("stage %s: %w", t.Name(), err)
	}
	return t.catalog.newTable(staged, commit.staging), nil
}

// Evolve is the table with other columns, key and properties, in memory: what is
// staged on it writes them. Fields keep their ids where they have one; those
// with id 0 are new and get the next. Columns that aren't in fields go.
func (t *Table) Evolve(fields []Field, key []string, properties map[string]string) (*Table, error) {
	metadata := t.inner.Metadata()
	next := metadata.LastColumnID()
	schema := schemaOf(numbered(fields, &next))
	order, err := orderOf(schema, key)
	if err != nil {
		return nil, fmt.Errorf("change columns of %s: %w", t.Name(), err)
	}
	props := icebergo.Properties{}
	for name, value := range properties {
		props[name] = value
	}
	const newest = -1
	updates := []table.Update{table.NewSetPropertiesUpdate(props)}
	if !schema.Equals(t.inner.Schema()) {
		updates = append(updates, table.NewAddSchemaUpdate(schema), table.NewSetCurrentSchemaUpdate(newest),
			table.NewAddSortOrderUpdate(&order), table.NewSetDefaultSortOrderUpdate(newest))
	}
	evolved, err := table.UpdateTableMetadata(metadata, updates, "")
	if err != nil {
		return nil, fmt.Errorf("change columns of %s: %w", t.Name(), err)
	}
	s := t.catalog.newStaging()
	return t.catalog.newTable(table.New(t.inner.Identifier(), evolved, t.Location(), fileSystem(s), nil), s), nil
}

// Repartition is a table without files, split by another column, in memory. Files
// of earlier snapshots stay split as they are.
func (t *Table) Repartition(column string) (*Table, error) {
	metadata := t.inner.Metadata()
	spec, err := partitionOf(t.inner.Schema(), column, *metadata.LastPartitionSpecID()+1)
	if err != nil {
		return nil, fmt.Errorf("split %s by another column: %w", t.Name(), err)
	}
	const newest = -1
	updates := []table.Update{table.NewAddPartitionSpecUpdate(spec, false), table.NewSetDefaultSpecUpdate(newest)}
	split, err := table.UpdateTableMetadata(metadata, updates, "")
	if err != nil {
		return nil, fmt.Errorf("split %s by another column: %w", t.Name(), err)
	}
	s := t.catalog.newStaging()
	return t.catalog.newTable(table.New(t.inner.Identifier(), split, t.Location(), fileSystem(s), nil), s), nil
}

// numbered gives new fields the next ids.
func numbered(fields []Field, next *int) []Field {
	out := slices.Clone(fields)
	for i := range out {
		if out[i].ID == 0 {
			*next++
			out[i].ID = *next
		}
		out[i].Fields = numbered(out[i].Fields, next)
	}
	return out
}

// Written are the files that staging the table wrote.
func (t *Table) Written() []File { return slices.Clone(t.staging.written) }

// Retired are the paths of the files that nothing points at once the staged
// table is published.
func (t *Table) Retired() []string { return slices.Clone(t.staging.retired) }

// Discard removes the files of a staged table that won't be published. One that
// stays behind does no harm: nothing points at it.
func (t *Table) Discard() { t.staging.discard() }

func (s *staging) discard() {
	for _, f := range s.written {
		_ = s.disk.Remove(f.Path)
	}
	s.written = nil
}

func inners(files []DataFile) []icebergo.DataFile {
	out := make([]icebergo.DataFile, len(files))
	for i, f := range files {
		out[i] = f.inner
	}
	return out
}

// A stagedCommit is the scratch catalog of one commit: it accepts the
// transaction of iceberg-go against base alone, writes the metadata file, and
// leaves the real catalog as it is.
type stagedCommit struct {
	base    *table.Table
	staging *staging
	forget  bool
}

var _ table.CatalogIO = (*stagedCommit)(nil)

// clockSlack is how far a table's history may go back in time, by Iceberg's rules,
// and so how far clocks may differ of machines that change one table: each is
// held to half of it.
const clockSlack = time.Minute

// checkClock sees that a change made now comes after the last one.
func (t *Table) checkClock() error {
	last := time.UnixMilli(t.inner.Metadata().LastUpdatedMillis())
	if ahead := time.Until(last); ahead > clockSlack {
		return fmt.Errorf("the table was last changed at %s, which is %s from now: set this machine's clock right; "+
			"where the other's was wrong, wait for that time", last.UTC().Format(time.RFC3339), ahead.Round(time.Second))
	}
	return nil
}

// CheckClock sees that this machine's clock is right by that of the catalog, so
// that no change of a table is dated where others can't follow.
func (c *Catalog) CheckClock(ctx context.Context) error {
	if !c.Shared() {
		return nil
	}
	before := time.Now()
	theirs, err := c.db.now(ctx)
	if err != nil {
		return err
	}
	behind, ahead := time.Until(theirs), before.Sub(theirs)
	if off := max(behind, ahead); off > clockSlack/2 {
		return fmt.Errorf("this machine's clock says %s, that of the catalog %s: set them right (NTP), they may differ by %s",
			time.Now().UTC().Format(time.RFC3339), theirs.UTC().Format(time.RFC3339), clockSlack/2)
	}
	return nil
}

func (t *Table) newCommit() *stagedCommit {
	return &stagedCommit{base: t.inner, staging: t.catalog.newStaging()}
}

// LoadTable returns the base: nobody else commits here.
func (s *stagedCommit) LoadTable(context.Context, table.Identifier) (*table.Table, error) {
	return s.base, nil
}

// CommitTable applies the updates to the base and writes the new metadata.
func (s *stagedCommit) CommitTable(_ context.Context, _ table.Identifier, requirements []table.Requirement,
	updates []table.Update) (table.Metadata, string, error) {
	for _, r := range requirements {
		if err := r.Validate(s.base.Metadata()); err != nil {
			return nil, "", err
		}
	}
	if old := s.base.Metadata().Snapshots(); s.forget && len(old) > 0 {
		ids := make([]int64, len(old))
		for i, snapshot := range old {
			ids[i] = snapshot.SnapshotID
		}
		updates = append(slices.Clone(updates), table.NewRemoveSnapshotsUpdate(ids, false))
	}
	metadata, err := table.UpdateTableMetadata(s.base.Metadata(), updates, s.base.MetadataLocation())
	if err != nil {
		return nil, "", err
	}
	provider, err := table.LoadLocationProvider(metadata.Location(), metadata.Properties())
	if err != nil {
		return nil, "", err
	}
	location, err := provider.NewTableMetadataFileLocation(nextVersion(s.base.MetadataLocation()))
	if err != nil {
		return nil, "", err
	}
	return metadata, location, s.write(location, metadata)
}

// update commits updates alone, without files.
func (s *stagedCommit) update(ctx context.Context, updates ...table.Update) (*table.Table, error) {
	metadata, location, err := s.CommitTable(ctx, s.base.Identifier(), nil, updates)
	if err != nil {
		return nil, err
	}
	s.retireOldMetadata(metadata)
	return table.New(s.base.Identifier(), metadata, location, fileSystem(s.staging), s), nil
}

// retireOldMetadata retires the metadata files that fell out of the log, as
// iceberg-go does itself when it commits a snapshot.
func (s *stagedCommit) retireOldMetadata(metadata table.Metadata) {
	kept := map[string]bool{s.base.MetadataLocation(): true}
	for entry := range metadata.PreviousFiles() {
		kept[entry.MetadataFile] = true
	}
	for entry := range s.base.Metadata().PreviousFiles() {
		if !kept[entry.MetadataFile] {
			_ = s.staging.Remove(entry.MetadataFile)
		}
	}
}

// nextVersion numbers a metadata file after the one before it, whose name
// starts with its own number.
func nextVersion(location string) int {
	digits, _, _ := strings.Cut(location[strings.LastIndex(location, "/")+1:], "-")
	version, err := strconv.Atoi(digits)
	if err != nil || version < 0 {
		return 0
	}
	return version + 1
}

func (s *stagedCommit) write(location string, metadata table.Metadata) error {
	file, err := s.staging.Create(location)
	if err != nil {
		return err
	}
	content, err := encode(metadata)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	// A table of a thousand snapshots has half a megabyte of metadata, written
	// at each commit: speed counts more than the last percent of size.
	compressed, err := gzip.NewWriterLevel(file, gzip.BestSpeed)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	_, err = compressed.Write(content)
	return errors.Join(err, compressed.Close(), file.Close())
}

// encode calls the metadata's own encoder, where it has one: json.Marshal would
// read its result a second time.
func encode(metadata table.Metadata) ([]byte, error) {
	if m, ok := metadata.(json.Marshaler); ok {
		return m.MarshalJSON()
	}
	return json.Marshal(metadata)
}
