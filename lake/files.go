package lake

import (
	"context"
	"fmt"

	"alignctl/lake/iceberg"
)

// Files says where the rows of a table lie, for an engine that reads them
// itself.
type Files struct {
	Columns []FileColumn
	Paths   []string // of Parquet files, or their URLs; none: no rows
}

// A FileColumn is a column of a table; files know it by its id, whatever it was
// called when they were written.
type FileColumn struct {
	ID   int
	Name string
	Type Type
}

// Files gives the files of a table as the run's session shows it, for an engine
// on this machine; they stay at their paths until the run is closed. A table that
// another engine reshaped can't be read by field ids alone.
func (r *Run) Files(ctx context.Context, name string) (Files, error) {
	found, err := r.filesOf(ctx, name)
	if err != nil {
		return Files{}, err
	}
	release, err := r.lake.disk.Fetch(ctx, found.Paths)
	if err != nil {
		return Files{}, fmt.Errorf("find files of %s: %w", name, err)
	}
	r.fetched = append(r.fetched, release)
	return found, nil
}

// Objects is Files for an engine on any machine: where the lake's files are in a
// bucket, it gives their URLs there, such as s3://BUCKET/KEY. What the run has
// written is sent first; nothing names it there, and it goes with the run unless
// that is published.
func (r *Run) Objects(ctx context.Context, name string) (Files, error) {
	if !r.lake.place.Remote() {
		return r.Files(ctx, name)
	}
	found, err := r.filesOf(ctx, name)
	if err != nil {
		return Files{}, err
	}
	if written := r.tables[name].added(); len(written) > 0 {
		if err := r.lake.disk.Sync(ctx, written); err != nil {
			return Files{}, fmt.Errorf("send files of %s: %w", name, err)
		}
	}
	for i, path := range found.Paths {
		found.Paths[i] = r.lake.place.LocationOf(path)
	}
	return found, nil
}

// filesOf are the columns and paths of a table, wherever the files are.
func (r *Run) filesOf(ctx context.Context, name string) (out Files, err error) {
	table, fields, files, err := r.shown(ctx, name)
	if err != nil {
		return out, fmt.Errorf("find files of %s: %w", name, err)
	}
	if needsFooters(table, fields) {
		return out, fmt.Errorf("find files of %s: another engine changed its columns, so that only DuckDB reads them", name)
	}
	for _, f := range fields {
		out.Columns = append(out.Columns, FileColumn{f.ID, f.Name, typeOf(f)})
	}
	for _, f := range files {
		out.Paths = append(out.Paths, f.Path)
	}
	return out, nil
}

// added are the paths of what the run has written of the table and not published;
// none of a nil table.
func (s *staged) added() (paths []string) {
	if s == nil {
		return nil
	}
	for _, c := range s.changes {
		for _, f := range c.added {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// shown is what a view of the session's reads.
func (r *Run) shown(ctx context.Context, name string) (*iceberg.Table, []iceberg.Field, []iceberg.DataFile, error) {
	if s, ok := r.tables[name]; ok {
		return s.base, s.fields, s.allFiles(), nil
	}
	pin, err := r.pin(ctx, name)
	if err != nil {
		return nil, nil, nil, err
	}
	table, err := r.base.table(ctx, name)
	if err != nil {
		return nil, nil, nil, err
	}
	columnsOf := pin.Snapshot
	if pin.Renamed {
		columnsOf = 0 // the table's, of now
	}
	fields, err := table.Fields(columnsOf)
	if err != nil {
		return nil, nil, nil, err
	}
	files, err := table.Files(pin.Snapshot)
	return table, fields, files, damaged(err)
}
