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
	Paths   []string // of Parquet files; none: no rows
}

// A FileColumn is a column of a table; files know it by its id, whatever it was
// called when they were written.
type FileColumn struct {
	ID   int
	Name string
	Type Type
}

// Files gives the files of a table as the run's session shows it; they stay at
// their paths until the run is closed. A table that another engine reshaped
// can't be read by field ids alone.
func (r *Run) Files(ctx context.Context, name string) (Files, error) {
	table, fields, files, err := r.shown(ctx, name)
	if err != nil {
		return Files{}, fmt.Errorf("find files of %s: %w", name, err)
	}
	if needsFooters(table, fields) {
		return Files{}, fmt.Errorf("find files of %s: another engine changed its columns, so that only DuckDB reads them",
			name)
	}
	out := Files{}
	for _, f := range fields {
		out.Columns = append(out.Columns, FileColumn{f.ID, f.Name, typeOf(f)})
	}
	for _, f := range files {
		out.Paths = append(out.Paths, f.Path)
	}
	release, err := r.lake.disk.Fetch(ctx, out.Paths)
	if err != nil {
		return Files{}, fmt.Errorf("find files of %s: %w", name, err)
	}
	r.fetched = append(r.fetched, release)
	return out, nil
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
