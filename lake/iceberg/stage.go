package iceberg

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

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
	table.MetadataPreviousVersionsMaxKey:      "10",
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
	location := URI(filepath.Join(c.warehouse, namespace+".db", name))
	props := icebergo.Properties{}
	for _, set := range []map[string]string{properties, d.Properties} {
		for key, value := range set {
			props[key] = value
		}
	}
	schema := schemaOf(d.Fields)
	spec, err := partitionOf(schema, d.Partition)
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
	fs := &durableFS{}
	return &Table{inner: table.New(strings.Split(d.Name, "."), metadata, "", fileSystem(fs), nil), fs: fs}, nil
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

func partitionOf(schema *icebergo.Schema, column string) (*icebergo.PartitionSpec, error) {
	if column == "" {
		return icebergo.UnpartitionedSpec, nil
	}
	field, ok := schema.FindFieldByName(column)
	if !ok {
		return nil, fmt.Errorf("no column %q to partition by", column)
	}
	spec := icebergo.NewPartitionSpec(icebergo.PartitionField{
		SourceIDs: []int{field.ID}, FieldID: 1000, Name: column, Transform: icebergo.IdentityTransform{}})
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
	inner, err := table.FileToDataFile(ctx, t.fs, URI(path), t.inner.Schema(), t.inner.Spec(), 1,
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
}

// Stage writes the snapshot that change makes on top of t, durably, without
// publishing it, and returns the table that holds it. Move the catalog from
// t's location to the result's with Swap.
func (t *Table) Stage(ctx context.Context, change Change) (*Table, error) {
	commit := &stagedCommit{base: t.inner, fs: t.fs}
	inner := table.New(t.inner.Identifier(), t.inner.Metadata(), t.Location(), fileSystem(t.fs), commit)
	var staged *table.Table
	var err error
	if len(change.Remove)+len(change.Add) > 0 {
		staged, err = replaceFiles(ctx, inner, change)
	} else { // a new table without rows: iceberg-go would write nothing
		staged, err = commit.unchanged(ctx, inner)
	}
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", t.Name(), err)
	}
	return &Table{inner: staged, fs: t.fs}, nil
}

func replaceFiles(ctx context.Context, t *table.Table, change Change) (*table.Table, error) {
	tx, err := t.NewTransactionOnBranchWithError(table.MainBranch)
	if err != nil {
		return nil, err
	}
	err = tx.ReplaceDataFilesWithDataFiles(ctx, inners(change.Remove), inners(change.Add), change.Summary)
	if err != nil {
		return nil, err
	}
	return tx.Commit(ctx)
}

// Published removes the metadata files that the table's own properties no
// longer keep. Call it only when the staged table is the published one.
func (t *Table) Published() { t.fs.sweep() }

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
	base *table.Table
	fs   *durableFS
}

var _ table.CatalogIO = (*stagedCommit)(nil)

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

// unchanged writes the metadata of the base again, as a new version.
func (s *stagedCommit) unchanged(ctx context.Context, t *table.Table) (*table.Table, error) {
	metadata, location, err := s.CommitTable(ctx, t.Identifier(), nil, nil)
	if err != nil {
		return nil, err
	}
	return table.New(t.Identifier(), metadata, location, fileSystem(s.fs), s), nil
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
	file, err := s.fs.Create(location)
	if err != nil {
		return err
	}
	compressed := gzip.NewWriter(file)
	return errors.Join(json.NewEncoder(compressed).Encode(metadata), compressed.Close(), file.Close())
}
