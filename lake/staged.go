package lake

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"alignctl/lake/iceberg"
)

// What a snapshot of ours says about itself, in its summary.
const (
	summaryRun     = "alignctl.run"
	summaryVersion = "alignctl.version"
	summaryDigest  = "alignctl.digest"
)

// propSpec is the table property that holds the table's Spec, as JSON.
const propSpec = "alignctl.spec"

// A staged table is a table on which a run works: the version that the run
// found, its own changes, and the version that they make, written but not
// published.
type staged struct {
	spec   Spec
	fields []iceberg.Field

	base    *iceberg.Table
	scopes  map[string]*scopeState // of base
	changes map[string]*change     // by scope; none: the run left the table as it was
	table   *iceberg.Table         // base with changes
	touched map[string]bool        // scopes that the run wrote, also to no effect
}

// A change is what a run does to one scope.
type change struct {
	replace bool // the scope's files in base go
	added   []storedFile
	state   *scopeState // of the scope, after
}

// open takes a table up for writing, or declares it.
func (r *Run) open(ctx context.Context, spec Spec) (*staged, error) {
	if s, ok := r.tables[spec.Name]; ok {
		return s, nil
	}
	if err := spec.check(); err != nil {
		return nil, err
	}
	s := &staged{spec: spec, changes: map[string]*change{}, touched: map[string]bool{}}
	if err := s.attach(ctx, r, r.base); err != nil {
		return nil, err
	}
	r.tables[spec.Name] = s
	return s, nil
}

// attach puts the table on a version of the lake, without changes.
func (s *staged) attach(ctx context.Context, r *Run, on *version) error {
	base, fields, err := r.lake.baseOf(ctx, s.spec, on)
	if err != nil {
		return err
	}
	scopes, err := r.reader(on).scopesOf(ctx, s.spec, base)
	if err != nil {
		return err
	}
	s.base, s.table, s.fields, s.scopes = base, base, fields, scopes
	return nil
}

// reader reads scopes in the run's session.
func (r *Run) reader(on *version) scopeReader {
	return scopeReader{lake: r.lake, session: r.session, version: on}
}

// baseOf loads the table of a spec, or declares it when there is none.
func (l *Lake) baseOf(ctx context.Context, spec Spec, on *version) (*iceberg.Table, []iceberg.Field, error) {
	table, err := on.table(ctx, spec.Name)
	if err != nil {
		return nil, nil, err
	}
	if table == nil {
		return l.declare(spec)
	}
	fields, err := table.Fields(0)
	if err != nil {
		return nil, nil, err
	}
	if err := sameColumns(spec, fields); err != nil {
		return nil, nil, err
	}
	return table, fields, nil
}

func (l *Lake) declare(spec Spec) (*iceberg.Table, []iceberg.Field, error) {
	encoded, err := json.Marshal(spec)
	if err != nil {
		return nil, nil, fmt.Errorf("declare table %s: %w", spec.Name, err)
	}
	fields := fieldsOf(spec.Columns)
	table, err := l.catalog.Declare(iceberg.Declaration{Name: spec.Name, Fields: fields, Partition: spec.Scope,
		Key: spec.Key, Properties: map[string]string{propSpec: string(encoded), "comment": spec.Doc}})
	return table, fields, err
}

// sameColumns compares a spec with the table that the lake holds.
func sameColumns(spec Spec, fields []iceberg.Field) error {
	same := slices.EqualFunc(spec.Columns, fields, func(c Column, f iceberg.Field) bool {
		return c.Name == f.Name && c.Type.SQL() == typeOf(f).SQL()
	})
	if !same {
		return fmt.Errorf("open table %s: the lake's table has other columns than this alignctl writes: %s",
			spec.Name, columnNames(columnsOf(fields)))
	}
	return nil
}

// now is the state of a scope with the run's changes; never nil.
func (s *staged) now(scope string) *scopeState {
	if c, ok := s.changes[scope]; ok {
		return c.state
	}
	if state, ok := s.scopes[scope]; ok {
		return state
	}
	return &scopeState{}
}

// after is the state of every scope with the run's changes.
func (s *staged) after() map[string]*scopeState {
	scopes := maps.Clone(s.scopes)
	for scope, c := range s.changes {
		scopes[scope] = c.state
	}
	return scopes
}

// restage writes the snapshot that the changes make on base.
func (s *staged) restage(ctx context.Context, r *Run) error {
	s.table = s.base
	if len(s.changes) == 0 && s.base.Location() != "" {
		return nil
	}
	change := iceberg.Change{Summary: map[string]string{summaryRun: r.id, summaryVersion: r.info.Version,
		summaryDigest: tableDigest(s.fields, s.after())}}
	for _, scope := range slices.Sorted(maps.Keys(s.changes)) {
		c := s.changes[scope]
		if before, ok := s.scopes[scope]; ok && c.replace {
			change.Remove = append(change.Remove, dataFiles(before.files)...)
		}
		change.Add = append(change.Add, dataFiles(c.added)...)
	}
	table, err := s.base.Stage(ctx, change)
	if err != nil {
		return err
	}
	s.table = table
	return nil
}

func dataFiles(files []storedFile) []iceberg.DataFile {
	out := make([]iceberg.DataFile, len(files))
	for i, f := range files {
		out[i] = f.DataFile
	}
	return out
}

// allFiles are the data files of the staged version.
func (s *staged) allFiles() []iceberg.DataFile {
	var out []iceberg.DataFile
	scopes := s.after()
	for _, scope := range slices.Sorted(maps.Keys(scopes)) {
		out = append(out, dataFiles(scopes[scope].files)...)
	}
	return out
}

func columnNames(columns []Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name + " " + c.Type.SQL()
	}
	return names
}
