package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"

	"alignctl/lake/iceberg"
)

// The meta tables are the lake's memory of its runs. A publish writes its rows
// to them in the same transaction as the run's tables.

// runRow is a row of meta.runs.
type runRow struct {
	RunID        string     `parquet:"run_id,id(1)" doc:"the run; ids sort by begin"`
	Command      string     `parquet:"command,id(2)" doc:"the command line"`
	Config       string     `parquet:"config,id(3)" doc:"all options in force, JSON"`
	ConfigDigest string     `parquet:"config_digest,id(4)" doc:"sha256 of config"`
	Version      string     `parquet:"version,id(5)" doc:"alignctl's version"`
	Source       string     `parquet:"source,id(6)" doc:"the source that an etl run loaded, or empty"`
	StartedAt    time.Time  `parquet:"started_at,id(7)" doc:"UTC"`
	EndedAt      *time.Time `parquet:"ended_at,id(8)" doc:"UTC; null while running"`
	Status       string     `parquet:"status,id(9)" doc:"running, done, interrupted or failed"`
	RunBy        string     `parquet:"run_by,id(10)" doc:"who ran it: user@host; empty in rows of older versions"`
}

// inputRow is a row of meta.inputs.
type inputRow struct {
	RunID    string `parquet:"run_id,id(1)" doc:"the run"`
	Table    string `parquet:"table_name,id(2)" doc:"a table that it read"`
	Snapshot int64  `parquet:"snapshot_id,id(3)" doc:"at this snapshot; 0: before its first"`
	Digest   string `parquet:"digest,id(4)" doc:"content digest of that snapshot"`
	Rows     int64  `parquet:"rows,id(5)" unit:"count" doc:"rows of that snapshot"`
	Scope    string `parquet:"scope,id(6)" doc:"the scope that it read; empty: the whole table"`
}

// outputRow is a row of meta.outputs.
type outputRow struct {
	RunID       string    `parquet:"run_id,id(1)" doc:"the run"`
	Publish     int64     `parquet:"publish,id(2)" doc:"number of the publish: the lake's versions, in order"`
	Table       string    `parquet:"table_name,id(3)" doc:"a table that it wrote"`
	Snapshot    int64     `parquet:"snapshot_id,id(4)" doc:"the snapshot; an older one when nothing changed"`
	Digest      string    `parquet:"digest,id(5)" doc:"content digest of that snapshot; empty, and no rows: the run took the table out of the lake"`
	Rows        int64     `parquet:"rows,id(6)" unit:"count" doc:"rows of that snapshot"`
	PublishedAt time.Time `parquet:"published_at,id(7)" doc:"UTC; never before that of an earlier publish"`
}

// fileRow is a row of meta.files.
type fileRow struct {
	RunID   string `parquet:"run_id,id(1)" doc:"the run"`
	Source  string `parquet:"source,id(2)" doc:"the source that the file is part of"`
	Name    string `parquet:"name,id(3)" doc:"file name, without folder"`
	SHA256  string `parquet:"sha256,id(4)" doc:"digest of its bytes"`
	Bytes   int64  `parquet:"bytes,id(5)" unit:"byte" doc:"its size"`
	Rows    int64  `parquet:"rows,id(6)" unit:"count" doc:"records in it"`
	Licence string `parquet:"licence,id(7)" doc:"its licence"`
	Path    string `parquet:"path,id(8)" doc:"where it was, absolute"`
}

// snapshotRow is a row of meta.snapshots: what a snapshot made of one scope.
type snapshotRow struct {
	Table     string         `parquet:"table_name,id(1)" doc:"the table"`
	Snapshot  int64          `parquet:"snapshot_id,id(2)" doc:"the snapshot"`
	Scope     string         `parquet:"scope,id(3)" doc:"a scope that it changed; empty in a table without scopes"`
	Sequence  int64          `parquet:"sequence,id(4)" doc:"orders the table's snapshots"`
	Parent    *int64         `parquet:"parent_id,id(5)" doc:"the snapshot before; null for the first"`
	RunID     string         `parquet:"run_id,id(6)" doc:"the run"`
	Digest    string         `parquet:"digest,id(7)" doc:"content digest of the table"`
	Rows      int64          `parquet:"rows,id(8)" unit:"count" doc:"rows of the table"`
	ScopeRows int64          `parquet:"scope_rows,id(9)" unit:"count" doc:"rows of the scope"`
	Columns   []columnDigest `parquet:"columns,id(10),list" doc:"digest of each column over the scope's rows"`
	Files     []fileDigest   `parquet:"files,id(11),list" doc:"data files that it added to the scope"`
	FileSet   string         `parquet:"file_set,id(12)" doc:"sha256 of the paths of all data files of the scope"`
}

// tagRow is a row of meta.tags.
type tagRow struct {
	Tag       string    `parquet:"tag,id(1)" doc:"the tag: a name of a version of the lake"`
	Table     string    `parquet:"table_name,id(2)" doc:"a table of that version"`
	Snapshot  int64     `parquet:"snapshot_id,id(3)" doc:"its snapshot; 0: before its first"`
	Digest    string    `parquet:"digest,id(4)" doc:"content digest of that snapshot"`
	Rows      int64     `parquet:"rows,id(5)" unit:"count" doc:"rows of that snapshot"`
	RunID     string    `parquet:"run_id,id(6)" doc:"the run that made the tag"`
	CreatedAt time.Time `parquet:"created_at,id(7)" doc:"UTC"`
}

// expiredRow is a row of meta.expired.
type expiredRow struct {
	Table     string    `parquet:"table_name,id(1)" doc:"a table"`
	Snapshot  int64     `parquet:"snapshot_id,id(2)" doc:"a snapshot of it that is gone"`
	RunID     string    `parquet:"run_id,id(3)" doc:"the gc run that let it go"`
	ExpiredAt time.Time `parquet:"expired_at,id(4)" doc:"UTC"`
}

// columnDigest and fileDigest carry the ids that fieldsOf gives to what is
// nested in snapshotRow.
type columnDigest struct {
	Name   string `parquet:"name,id(14)" json:"name"`
	Field  int32  `parquet:"field_id,id(15)" json:"field_id"`
	Type   string `parquet:"type,id(16)" json:"type"`
	SHA256 string `parquet:"sha256,id(17)" json:"sha256"`
}

type fileDigest struct {
	Path   string `parquet:"path,id(19)" json:"path"` // below the warehouse
	SHA256 string `parquet:"sha256,id(20)" json:"sha256"`
	Bytes  int64  `parquet:"bytes,id(21)" json:"bytes"`
	Rows   int64  `parquet:"rows,id(22)" json:"rows"`
}

// metaSpecs declares the meta tables.
type metaSpecs struct{ runs, inputs, outputs, files, snapshots, tags, expired Spec }

func newMetaSpecs() metaSpecs {
	return metaSpecs{
		runs: SpecOf[runRow](Spec{Name: "meta.runs", Doc: "a run that published",
			Key: []string{"run_id"}, Licence: OpenData}),
		inputs: SpecOf[inputRow](Spec{Name: "meta.inputs", Doc: "a table that a run read",
			Key: []string{"run_id", "table_name", "snapshot_id", "scope"}, Licence: OpenData}),
		outputs: SpecOf[outputRow](Spec{Name: "meta.outputs", Doc: "a table that a run wrote",
			Key: []string{"run_id", "publish", "table_name"}, Licence: OpenData}),
		files: SpecOf[fileRow](Spec{Name: "meta.files", Doc: "a raw file that a run loaded",
			Key: []string{"run_id", "source", "name", "sha256"}, Licence: OpenData}),
		snapshots: SpecOf[snapshotRow](Spec{Name: "meta.snapshots", Doc: "what a snapshot made of one scope of a table",
			Key: []string{"table_name", "snapshot_id", "scope"}, Licence: OpenData}),
		tags: SpecOf[tagRow](Spec{Name: "meta.tags", Doc: "a table of a version of the lake that has a name",
			Key: []string{"tag", "table_name"}, Licence: OpenData}),
		expired: SpecOf[expiredRow](Spec{Name: "meta.expired", Doc: "a snapshot that gc let go",
			Key: []string{"table_name", "snapshot_id"}, Licence: OpenData}),
	}
}

// Specs lists the specs of the meta tables, for the documentation.
func Specs() []Spec {
	m := newMetaSpecs()
	return []Spec{m.runs, m.inputs, m.outputs, m.files, m.snapshots, m.tags, m.expired}
}

// mergeFiles is how many small files a meta table gathers before the next
// publish makes one of them; largeBytes is the size from which a file stays.
const (
	mergeFiles = 16
	largeBytes = 8 << 20
)

// stagedMeta is a new version of a meta table.
type stagedMeta struct {
	table *iceberg.Table
	added iceberg.File
}

// A metaChange is what a publish does to one meta table.
type metaChange[T any] struct {
	spec     Spec
	rows     []T
	replaced func(T) bool      // rows that go; nil: none
	summary  map[string]string // of the snapshot, besides what every one says
}

// stageMeta changes a meta table on a version of the lake; nil when there is
// nothing to change. Small files are merged at times, so that a thousand
// publishes don't leave a thousand files; and a meta table keeps no older
// snapshot, for the rows of now tell about all versions.
func stageMeta[T any](ctx context.Context, r *Run, on *version, c metaChange[T]) (*stagedMeta, error) {
	if len(c.rows) == 0 && c.replaced == nil {
		return nil, nil
	}
	base, _, err := r.lake.baseOf(ctx, c.spec, on)
	if err != nil {
		return nil, err
	}
	files, _, err := currentFiles(base)
	if err != nil {
		return nil, err
	}
	fields, err := base.Fields(0) // the spec's, which may be newer than the files'
	if err != nil {
		return nil, err
	}
	absorbed, kept, err := absorb(ctx, rowReader{r.lake, fields}, files, c.replaced)
	if err != nil {
		return nil, damaged(err)
	}
	rows := append(kept, c.rows...)
	change := iceberg.Change{Remove: absorbed, Forget: true,
		Summary: map[string]string{summaryRun: r.id, summaryVersion: r.info.Version}}
	maps.Copy(change.Summary, c.summary)
	m := &stagedMeta{}
	if len(rows) > 0 {
		if m.added, err = writeMeta(r, base, shape{c.spec, fields}, rows); err != nil {
			return m, fmt.Errorf("write %s: %w", c.spec.Name, err)
		}
		described, err := base.DataFile(ctx, m.added.Path)
		if err != nil {
			return m, err
		}
		change.Add = []iceberg.DataFile{described}
	}
	m.table, err = base.Stage(ctx, change)
	return m, err
}

// writeMeta writes a new data file of a meta table.
func writeMeta[T any](r *Run, base *iceberg.Table, as shape, rows []T) (iceberg.File, error) {
	path, err := r.newFile(base)
	if err != nil {
		return iceberg.File{}, err
	}
	file, err := writeParquet(r.lake.disk, path, as, rows)
	file.Path = path // to be removed, should anything have failed
	return file, err
}

// absorb picks the files that a new file takes over, and their rows that stay.
func absorb[T any](ctx context.Context, from rowReader, files []iceberg.DataFile, replaced func(T) bool) (
	absorbed []iceberg.DataFile, kept []T, err error) {
	small := 0
	for _, f := range files {
		if f.Bytes < largeBytes {
			small++
		}
	}
	if replaced != nil || small >= mergeFiles {
		from.lake.ahead(ctx, files)
	}
	for _, f := range files {
		merge := small >= mergeFiles && f.Bytes < largeBytes
		if !merge && replaced == nil {
			continue
		}
		rows, err := readRows[T](ctx, from, f)
		if err != nil {
			return nil, nil, err
		}
		if !merge && !slices.ContainsFunc(rows, replaced) {
			continue
		}
		if replaced != nil {
			rows = slices.DeleteFunc(rows, replaced)
		}
		absorbed, kept = append(absorbed, f), append(kept, rows...)
	}
	return absorbed, kept, nil
}

// readMetaTable reads a small meta table whole.
func readMetaTable[T any](ctx context.Context, l *Lake, on *version, name string) (rows []T, err error) {
	table, err := on.table(ctx, name)
	if err != nil || table == nil {
		return nil, err
	}
	files, fields, err := currentFiles(table)
	if err != nil {
		return nil, err
	}
	l.ahead(ctx, files)
	for _, f := range files {
		part, err := readRows[T](ctx, rowReader{l, fields}, f)
		if err != nil {
			return nil, damaged(err)
		}
		rows = append(rows, part...)
	}
	return rows, nil
}

// ahead gets at once what the reader of small files would wait for, file by file:
// their records and, from a bucket, their bytes. Whoever reads one meets the error
// that is passed over here.
func (l *Lake) ahead(ctx context.Context, files []iceberg.DataFile) {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	if _, err := l.catalog.Records(ctx, paths); err != nil {
		return
	}
	if release, err := l.disk.Fetch(ctx, paths); err == nil {
		release()
	}
}

// A rowReader reads small files of a table, a meta table above all, which has
// these columns.
type rowReader struct {
	lake   *Lake
	fields []iceberg.Field
}

// readRows reads a small file.
func readRows[T any](ctx context.Context, from rowReader, f iceberg.DataFile) (rows []T, err error) {
	parse, done, err := from.lake.trustedFile(ctx, from.fields, f)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	file, err := from.lake.disk.Open(parse.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if rows, err = parquet.Read[T](file, parse.Bytes); err != nil {
		return nil, fmt.Errorf("read file %q: %w", f.Path, err)
	}
	return rows, nil
}

// A publishMark is the number and the time of a publish. The newest one is kept
// in the summary of meta.outputs' snapshot, where it costs no query.
type publishMark struct {
	number int64
	at     time.Time
}

// What the summary of meta.outputs says about the publish that made it.
const (
	summaryPublish     = "alignctl.publish"
	summaryPublishedAt = "alignctl.published-at" // microseconds since 1970
)

func (m publishMark) summary() map[string]string {
	return map[string]string{summaryPublish: strconv.FormatInt(m.number, 10),
		summaryPublishedAt: strconv.FormatInt(m.at.UnixMicro(), 10)}
}

// lastPublish is the newest publish of a version.
func lastPublish(ctx context.Context, on *version) (last publishMark, err error) {
	table, err := on.table(ctx, "meta.outputs")
	if err != nil || table == nil {
		return last, err
	}
	current, _ := table.Current()
	number, err := strconv.ParseInt(current.Summary[summaryPublish], 10, 64)
	if err != nil {
		return last, damaged(fmt.Errorf("read meta.outputs: number of the last publish: %w", err))
	}
	micros, err := strconv.ParseInt(current.Summary[summaryPublishedAt], 10, 64)
	if err != nil {
		return last, damaged(fmt.Errorf("read meta.outputs: time of the last publish: %w", err))
	}
	return publishMark{number: number, at: time.UnixMicro(micros).UTC()}, nil
}
