package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/internal/progress"
	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// A tableVersion is one side of a comparison: a table at a snapshot, as it was
// declared then.
type tableVersion struct {
	lake   *Lake
	pin    Pin
	table  *iceberg.Table
	spec   Spec // with the columns' names of then
	fields []iceberg.Field
	files  map[string][]iceberg.DataFile // by scope
	// records is what meta.snapshots says about the scopes, at the snapshot.
	records map[string]scopeRecord
	reader  scopeReader
	scratch []string // files made for the comparison
}

// sortMemory is what DuckDB may take to sort another engine's rows, unless the
// options say otherwise; it spills the rest.
const sortMemory = "768MB"

func openVersion(ctx context.Context, at TableAt, o DiffOptions) (*tableVersion, error) {
	if o.Session.Memory == "" {
		o.Session.Memory = sortMemory
	}
	session, err := at.Lake.openSession(ctx, o.Session, Holder{Pins: Pins{at.Table: at.Pin}.snapshots()})
	if err != nil {
		return nil, err
	}
	v := &tableVersion{lake: at.Lake, pin: at.Pin, reader: scopeReader{lake: at.Lake, session: session}}
	if err := v.load(ctx); err != nil {
		return nil, errors.Join(err, session.Close())
	}
	return v, nil
}

func (v *tableVersion) load(ctx context.Context) error {
	now, err := v.lake.version(ctx)
	if err != nil {
		return err
	}
	v.reader.version = now
	if v.table, err = v.lake.find(ctx, now, v.pin.Table); err != nil {
		return err
	}
	if err := v.lake.expectSnapshot(ctx, now, v.table, v.pin); err != nil {
		return err
	}
	snapshot, _ := v.table.Snapshot(v.pin.Snapshot)
	if v.spec, v.fields, err = specAt(v.table, v.pin.Snapshot); err != nil {
		return err
	}
	files, err := v.table.Files(v.pin.Snapshot)
	if err != nil {
		return damaged(err)
	}
	v.files = byScope(files)
	v.records, err = v.reader.recordedUpTo(ctx, v.pin.Table, snapshot.Sequence)
	return err
}

// specAt is a table's spec with the columns that it had at a snapshot. A column
// of the key that wasn't there yet leaves the key empty.
func specAt(table *iceberg.Table, snapshot int64) (Spec, []iceberg.Field, error) {
	info, err := infoOf(table)
	if err != nil {
		return Spec{}, nil, err
	}
	now, err := table.Fields(0)
	if err != nil {
		return Spec{}, nil, err
	}
	then, err := table.Fields(snapshot)
	if err != nil {
		return Spec{}, nil, err
	}
	spec := info.Spec
	spec.Columns, spec.Scope = columnsThen(spec.Columns, now, then), nameThen(spec.Scope, now, then)
	spec.Key = keyThen(info.Spec.Key, now, then)
	if s, ok := table.Snapshot(snapshot); ok && s.Summary[summaryKey] != "" {
		spec.Key = strings.Split(s.Summary[summaryKey], ",")
	}
	return spec, then, nil
}

// keyThen is a key under the names of another version of the schema; nil when a
// column of it isn't there.
func keyThen(key []string, now, then []iceberg.Field) (names []string) {
	for _, name := range key {
		name = nameThen(name, now, then)
		if name == "" {
			return nil
		}
		names = append(names, name)
	}
	return names
}

// nameThen is a column's name in another version of the schema; "": none.
func nameThen(name string, now, then []iceberg.Field) string {
	for _, f := range now {
		if f.Name != name {
			continue
		}
		if at := slices.IndexFunc(then, func(g iceberg.Field) bool { return g.ID == f.ID }); at >= 0 {
			return then[at].Name
		}
	}
	return ""
}

// columnsThen is the columns of then, with what the spec says about them now.
func columnsThen(columns []Column, now, then []iceberg.Field) []Column {
	out := columnsOf(then)
	for _, c := range columns {
		name := nameThen(c.Name, now, then)
		at := slices.IndexFunc(out, func(o Column) bool { return o.Name == name })
		if at >= 0 {
			out[at].Doc, out[at].Unit, out[at].Required = c.Doc, c.Unit, c.Required
		}
	}
	return out
}

// recorded is what was recorded about a scope, if that holds for the snapshot.
func (v *tableVersion) recorded(scope string) (*scopeState, bool) {
	return v.records[scope].over(v.lake.warehouse(), storedFiles(v.files[scope]))
}

// rowHash is the column by which whole rows are sorted.
const rowHash = "alignctl row hash"

// sorted makes one file of the rows of some files, in the order of columns that
// compareValue knows. With whole, a list of expressions, their hash becomes one
// more field.
func (v *tableVersion) sorted(ctx context.Context, files []iceberg.DataFile, by []int, whole []string) (
	iceberg.DataFile, []iceberg.Field, error) {
	task := progress.Start(ctx, "sort "+v.pin.Table, totalRows(files), "rows")
	defer task.Done()
	task.Add(0) // DuckDB doesn't say how far it is
	path := v.lake.scratch()
	v.scratch = append(v.scratch, path)
	fields := v.fields
	query, err := v.reader.session.readTable(ctx, v.table, v.fields, files)
	if err != nil {
		return iceberg.DataFile{}, nil, err
	}
	if len(whole) > 0 {
		fields = append(slices.Clone(fields), iceberg.Field{ID: freeID(fields), Name: rowHash, Type: "long"})
		query = fmt.Sprintf("select *, (hash(%s) >> 1)::bigint as %s from (%s)", strings.Join(whole, ", "),
			duck.Name(rowHash), query)
	}
	order := make([]string, len(by))
	for i, at := range by {
		order[i] = duck.Name(fields[at].Name) + " nulls first"
	}
	// A dictionary of DuckDB's writer would make 0.0 and -0.0 one value.
	err = v.reader.session.Exec(ctx, fmt.Sprintf(
		"copy (%s order by %s) to %s (format parquet, dictionary_size_limit 0, field_ids %s)",
		query, strings.Join(order, ", "), duck.Literal(path), fieldIDs(fields)))
	return iceberg.DataFile{Path: path, Rows: totalRows(files)}, fields, damaged(err)
}

// freeID is a field id that no field has.
func freeID(fields []iceberg.Field) int {
	free := 1
	for _, f := range fields {
		free = max(free, f.ID+1, freeID(f.Fields))
	}
	return free
}

func (v *tableVersion) close() error {
	errs := []error{v.reader.session.Close()}
	for _, path := range v.scratch {
		errs = append(errs, remove(path))
	}
	return errors.Join(errs...)
}
