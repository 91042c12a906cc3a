package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"

	"alignctl/internal/atomicfile"
	"alignctl/lake/iceberg"
)

// The meta tables are the lake's memory of its runs. A publish writes its rows
// to them in the same transaction as the run's tables.

// runRow is a row of meta.runs.
type runRow struct {
	RunID        string     `parquet:"run_id,id(1)" doc:"the run; ids sort by time of begin"`
	Command      string     `parquet:"command,id(2)" doc:"the command line"`
	Config       string     `parquet:"config,id(3)" doc:"all options in force, JSON"`
	ConfigDigest string     `parquet:"config_digest,id(4)" doc:"sha256 of config"`
	Version      string     `parquet:"version,id(5)" doc:"alignctl's version"`
	Source       string     `parquet:"source,id(6)" doc:"the source that an etl run loaded, or empty"`
	StartedAt    time.Time  `parquet:"started_at,id(7)" doc:"UTC"`
	EndedAt      *time.Time `parquet:"ended_at,id(8)" doc:"UTC; null while running"`
	Status       string     `parquet:"status,id(9)" doc:"running, done, interrupted or failed"`
}

// inputRow is a row of meta.inputs.
type inputRow struct {
	RunID    string `parquet:"run_id,id(1)" doc:"the run"`
	Table    string `parquet:"table_name,id(2)" doc:"a table that it read"`
	Snapshot int64  `parquet:"snapshot_id,id(3)" doc:"at this snapshot; 0: before its first"`
	Digest   string `parquet:"digest,id(4)" doc:"content digest of that snapshot"`
	Rows     int64  `parquet:"rows,id(5)" unit:"count" doc:"rows of that snapshot"`
}

// outputRow is a row of meta.outputs.
type outputRow struct {
	RunID       string    `parquet:"run_id,id(1)" doc:"the run"`
	Publish     int64     `parquet:"publish,id(2)" doc:"number of the publish: the lake's versions, in order"`
	Table       string    `parquet:"table_name,id(3)" doc:"a table that it wrote"`
	Snapshot    int64     `parquet:"snapshot_id,id(4)" doc:"the snapshot; an older one when nothing changed"`
	Digest      string    `parquet:"digest,id(5)" doc:"content digest of that snapshot"`
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
	Files     []fileDigest   `parquet:"files,id(11),list" doc:"all data files of the scope"`
}

// columnDigest and fileDigest carry the ids that fieldsOf gives to what is
// nested in snapshotRow.
type columnDigest struct {
	Name   string `parquet:"name,id(13)" json:"name"`
	SHA256 string `parquet:"sha256,id(14)" json:"sha256"`
}

type fileDigest struct {
	Path   string `parquet:"path,id(16)" json:"path"` // below the warehouse
	SHA256 string `parquet:"sha256,id(17)" json:"sha256"`
	Bytes  int64  `parquet:"bytes,id(18)" json:"bytes"`
	Rows   int64  `parquet:"rows,id(19)" json:"rows"`
}

// metaSpecs declares the meta tables.
type metaSpecs struct{ runs, inputs, outputs, files, snapshots Spec }

func newMetaSpecs() metaSpecs {
	return metaSpecs{
		runs: SpecOf[runRow](Spec{Name: "meta.runs", Doc: "a run that published",
			Key: []string{"run_id"}, Licence: OpenData}),
		inputs: SpecOf[inputRow](Spec{Name: "meta.inputs", Doc: "a table that a run read",
			Key: []string{"run_id", "table_name", "snapshot_id"}, Licence: OpenData}),
		outputs: SpecOf[outputRow](Spec{Name: "meta.outputs", Doc: "a table that a run wrote",
			Key: []string{"run_id", "publish", "table_name"}, Licence: OpenData}),
		files: SpecOf[fileRow](Spec{Name: "meta.files", Doc: "a raw file that a run loaded",
			Key: []string{"run_id", "source", "name", "sha256"}, Licence: OpenData}),
		snapshots: SpecOf[snapshotRow](Spec{Name: "meta.snapshots", Doc: "what a snapshot made of one scope of a table",
			Key: []string{"table_name", "snapshot_id", "scope"}, Licence: OpenData}),
	}
}

// Specs lists the specs of the meta tables, for the documentation.
func Specs() []Spec {
	m := newMetaSpecs()
	return []Spec{m.runs, m.inputs, m.outputs, m.files, m.snapshots}
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
	added iceberg.DataFile
}

// stageMeta adds rows to a meta table on a version of the lake; nil when there
// are none. Rows for which replaced is true (nil: none) go. Small files
// are merged at times, so that a thousand publishes don't leave a thousand
// files.
func stageMeta[T any](ctx context.Context, r *Run, on *version, spec Spec, rows []T,
	replaced func(T) bool) (*stagedMeta, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	base, fields, err := r.lake.baseOf(ctx, spec, on)
	if err != nil {
		return nil, err
	}
	current, _ := base.Current()
	files, err := base.Files(current.ID)
	if err != nil {
		return nil, damaged(err)
	}
	absorbed, kept, err := absorb(files, replaced)
	if err != nil {
		return nil, damaged(err)
	}
	added, err := writeMeta(ctx, r, base, spec, fields, append(kept, rows...))
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", spec.Name, err)
	}
	table, err := base.Stage(ctx, iceberg.Change{Remove: absorbed, Add: []iceberg.DataFile{added},
		Summary: map[string]string{summaryRun: r.id, summaryVersion: r.info.Version}})
	return &stagedMeta{table: table, added: added}, err
}

// writeMeta writes a new data file of a meta table, durably.
func writeMeta[T any](ctx context.Context, r *Run, base *iceberg.Table, spec Spec, fields []iceberg.Field, rows []T) (
	iceberg.DataFile, error) {
	path, err := r.newFile(base)
	if err != nil {
		return iceberg.DataFile{}, err
	}
	if err := writeParquet(path, spec, fields, rows); err != nil {
		return iceberg.DataFile{}, errors.Join(err, remove(path))
	}
	if err := errors.Join(atomicfile.Sync(path), syncFolderOf(path)); err != nil {
		return iceberg.DataFile{}, err
	}
	return base.DataFile(ctx, path)
}

// absorb picks the files that a new file takes over, and their rows that stay.
func absorb[T any](files []iceberg.DataFile, replaced func(T) bool) (absorbed []iceberg.DataFile, kept []T, err error) {
	small := 0
	for _, f := range files {
		if f.Bytes < largeBytes {
			small++
		}
	}
	for _, f := range files {
		merge := small >= mergeFiles && f.Bytes < largeBytes
		if !merge && replaced == nil {
			continue
		}
		rows, err := parquet.ReadFile[T](f.Path)
		if err != nil {
			return nil, nil, fmt.Errorf("read file %q: %w", f.Path, err)
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
