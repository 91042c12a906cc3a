package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"alignctl/lake/iceberg"
)

// A scopeReader finds out what tables hold, scope by scope.
type scopeReader struct {
	lake    *Lake
	session *Session
	version *version
	// verified are files whose bytes were found to be as recorded.
	verified map[string]bool
}

// scopesOf is the state of each scope of a table at its current snapshot. What
// meta.snapshots recorded about a scope holds as long as the scope has the same
// files, for files never change; another engine's commit changes them, and then
// the scope is read.
func (r scopeReader) scopesOf(ctx context.Context, spec Spec, table *iceberg.Table) (map[string]*scopeState, error) {
	current, ok := table.Current()
	if !ok {
		return map[string]*scopeState{}, nil
	}
	files, err := table.Files(current.ID)
	if err != nil {
		return nil, damaged(err)
	}
	fields, err := table.Fields(0)
	if err != nil {
		return nil, err
	}
	recorded, err := r.recordedScopes(ctx, spec.Name)
	if err != nil {
		return nil, err
	}
	scopes := map[string]*scopeState{}
	for scope, files := range byScope(files) {
		state, ok := recorded[scope].over(r.lake.warehouse(), storedFiles(files))
		ok = ok && recorded[scope].sameColumns(fields)
		if !ok {
			if state, err = r.readScope(ctx, spec, table, files); err != nil {
				return nil, err
			}
		}
		scopes[scope] = state
	}
	return scopes, nil
}

func storedFiles(files []iceberg.DataFile) []storedFile {
	stored := make([]storedFile, len(files))
	for i, f := range files {
		stored[i] = storedFile{DataFile: f}
	}
	return stored
}

func byScope(files []iceberg.DataFile) map[string][]iceberg.DataFile {
	scopes := map[string][]iceberg.DataFile{}
	for _, f := range files {
		scopes[f.Scope] = append(scopes[f.Scope], f)
	}
	return scopes
}

// A scopeRecord is the newest row of meta.snapshots about a scope.
type scopeRecord struct {
	run     string
	rows    int64
	columns []columnDigest
	fileSet string
}

// recordedScopes is what meta.snapshots says about each scope of a table.
func (r scopeReader) recordedScopes(ctx context.Context, table string) (map[string]scopeRecord, error) {
	return r.recordedUpTo(ctx, table, math.MaxInt64)
}

// recordedUpTo is recordedScopes of a past: of snapshots up to a sequence number.
func (r scopeReader) recordedUpTo(ctx context.Context, table string, sequence int64) (map[string]scopeRecord, error) {
	snapshots, err := r.version.table(ctx, "meta.snapshots")
	if err != nil || snapshots == nil {
		return nil, err
	}
	files, fields, err := currentFiles(snapshots)
	if err != nil {
		return nil, err
	}
	rows, err := r.session.Query(ctx, `select scope, run_id, scope_rows, to_json(columns)::varchar, file_set
		from (`+readFiles(fields, files)+`) where table_name = ? and sequence <= ?
		qualify row_number() over (partition by scope order by sequence desc) = 1`, table, sequence)
	if err != nil {
		return nil, fmt.Errorf("read meta.snapshots: %w", err)
	}
	defer rows.Close()
	records := map[string]scopeRecord{}
	for rows.Next() {
		var scope, columns string
		var record scopeRecord
		if err := rows.Scan(&scope, &record.run, &record.rows, &columns, &record.fileSet); err != nil {
			return nil, fmt.Errorf("read meta.snapshots: %w", err)
		}
		if err := json.Unmarshal([]byte(columns), &record.columns); err != nil {
			return nil, fmt.Errorf("read meta.snapshots: %w", err)
		}
		records[scope] = record
	}
	return records, rows.Err()
}

// sameColumns says whether the record is about these columns.
func (c scopeRecord) sameColumns(fields []iceberg.Field) bool {
	return slices.EqualFunc(c.columns, fields, func(d columnDigest, f iceberg.Field) bool {
		return d == digestOfColumn(f, d.SHA256)
	})
}

// over is the recorded state, if it is about exactly these files.
func (c scopeRecord) over(warehouse string, files []storedFile) (*scopeState, bool) {
	if c.fileSet != fileSetOf(warehouse, files) {
		return nil, false
	}
	state := &scopeState{rows: c.rows, files: files}
	for _, column := range c.columns {
		state.columns = append(state.columns, column.SHA256)
	}
	return state, true
}

// fileSetOf stands for the data files of a scope, wherever the lake is.
func fileSetOf(warehouse string, files []storedFile) string {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = strings.TrimPrefix(f.Path, warehouse+"/")
	}
	slices.Sort(paths)
	sum := sha256.Sum256([]byte(strings.Join(paths, "\n")))
	return hex.EncodeToString(sum[:])
}

// read reads the rows of one scope, and sorts them first where another engine
// wrote some, or the key was another one then.
func (r scopeReader) read(ctx context.Context, spec Spec, table *iceberg.Table, fields []iceberg.Field,
	files []storedFile) (*scopeState, error) {
	scan := newScopeScan(r.lake.disk, spec, fields)
	if allOurs(files) && !table.Reshaped() {
		err := r.add(ctx, scan, spec, files)
		var broken *keyError
		if !errors.As(err, &broken) && !errors.Is(err, errInterleaved) {
			return scan.state(files), err
		}
		scan = newScopeScan(r.lake.disk, spec, fields)
	}
	scan.lenient = true
	err := r.scanSorted(ctx, scan, spec, table, dataFiles(files))
	state := scan.state(files)
	state.tail = nil // the files themselves may not be in key order
	return state, err
}

// ourFile is the name of a data file that a run wrote: see newFile. Runs of
// earlier versions have six digits behind the second.
var ourFile = regexp.MustCompile(`^\d{8}T\d{6}Z-([0-9a-f]{6}|[0-9a-f]{8})-\d{4,}\.parquet$`)

// allOurs says whether runs wrote all files. Another engine's are in no order,
// and of Arrow types and encodings that only DuckDB is trusted to read.
func allOurs(files []storedFile) bool {
	return !slices.ContainsFunc(files, func(f storedFile) bool { return !ourFile.MatchString(filepath.Base(f.Path)) })
}

// add scans files, of which another engine may have written some.
func (r scopeReader) add(ctx context.Context, scan *scopeScan, spec Spec, files []storedFile) error {
	parse, done, err := r.trusted(ctx, spec, scan.fields, files)
	if err != nil {
		return err
	}
	return errors.Join(scan.add(ctx, parse), done())
}

// readScope digests a scope whose files the lake didn't record.
func (r scopeReader) readScope(ctx context.Context, spec Spec, table *iceberg.Table, files []iceberg.DataFile) (
	*scopeState, error) {
	fields, err := table.Fields(0)
	if err != nil {
		return nil, err
	}
	state, err := r.read(ctx, spec, table, fields, storedFiles(files))
	if err != nil {
		return nil, fmt.Errorf("read scope of %s: %w", spec.Name, err)
	}
	state.foreign = true
	return state, nil
}

// scanSorted scans files of any row order by way of a copy in the order of the
// key, and of the other columns where another engine wrote a key twice.
func (r scopeReader) scanSorted(ctx context.Context, scan *scopeScan, spec Spec, table *iceberg.Table,
	files []iceberg.DataFile) (err error) {
	if err := r.lake.recall(ctx, files); err != nil {
		return err
	}
	for _, f := range files {
		if r.verified[f.Path] {
			continue
		}
		if _, err := r.lake.intact(ctx, f.Path); err != nil { // DuckDB takes some damage for rows
			return err
		}
	}
	path := r.lake.scratch()
	defer func() { err = errors.Join(err, remove(path)) }()
	for _, c := range spec.Columns {
		if !slices.Contains(spec.Key, c.Name) {
			spec.Key = append(slices.Clone(spec.Key), c.Name)
		}
	}
	query, err := r.session.readTable(ctx, table, scan.fields, files)
	if err != nil {
		return err
	}
	if err := r.session.db.Exec(ctx, copyRows(spec, scan.fields, query, path)); err != nil {
		return err
	}
	return scan.add(ctx, []iceberg.DataFile{{Path: path}})
}
