package lake

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/lake/iceberg"
)

// What a snapshot of ours says about itself, in its summary.
const (
	summaryRun     = "alignctl.run"
	summaryVersion = "alignctl.version"
	summaryDigest  = "alignctl.digest"
	summaryKey     = "alignctl.key" // the columns in whose order the digest takes the rows
)

// propSpec is the table property that holds the table's Spec, as JSON.
const propSpec = "alignctl.spec"

// A staged table is a table on which a run works: the version that the run
// found, its own changes, and the version that they make, written but not
// published.
type staged struct {
	spec   Spec
	fields []iceberg.Field

	base    *iceberg.Table         // under the spec's columns, which may be newer than the lake's
	evolved bool                   // they are
	scopes  map[string]*scopeState // of base
	changes map[string]*change     // by scope; none: the run left the table as it was
	table   *iceberg.Table         // base with changes
	touched map[string]bool        // scopes that the run wrote, also to no effect
	removed bool                   // the run takes the table out of the lake
}

// A change is what a run does to one scope.
type change struct {
	replace bool         // the scope's files in base go
	folded  []storedFile // or these of them
	added   []storedFile
	state   *scopeState // of the scope, after
}

// open takes a table up for writing, or declares it.
func (r *Run) open(ctx context.Context, spec Spec) (*staged, error) {
	if r.unknown != nil {
		return nil, r.unknown
	}
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
	s.dropStaged()
	base, evolved, err := r.lake.baseOf(ctx, s.spec, on)
	if err != nil {
		return err
	}
	if s.fields, err = base.Fields(0); err != nil {
		return err
	}
	scopes, err := r.reader(on).scopesOf(ctx, s.spec, base)
	if err != nil {
		return err
	}
	s.base, s.table, s.evolved, s.scopes = base, base, evolved, scopes
	return nil
}

// dropStaged removes the metadata of a staged version that won't be published.
func (s *staged) dropStaged() {
	if s.table != nil && s.table != s.base {
		s.table.Discard()
		s.table = s.base
	}
}

func (s *staged) shape() shape { return shape{spec: s.spec, fields: s.fields} }

// reader reads scopes in the run's session.
func (r *Run) reader(on *version) scopeReader {
	return scopeReader{lake: r.lake, session: r.session, version: on}
}

// baseOf loads the table of a spec, or declares it when there is none. Evolved
// says that the spec's columns are newer than the lake's.
func (l *Lake) baseOf(ctx context.Context, spec Spec, on *version) (base *iceberg.Table, evolved bool, err error) {
	table, err := on.table(ctx, spec.Name)
	if err != nil {
		return nil, false, err
	}
	encoded, err := json.Marshal(spec)
	if err != nil {
		return nil, false, fmt.Errorf("declare table %s: %w", spec.Name, err)
	}
	properties := map[string]string{propSpec: string(encoded), "comment": spec.Doc}
	if table == nil {
		base, err = l.catalog.Declare(iceberg.Declaration{Name: spec.Name, Fields: fieldsOf(spec.Columns),
			Partition: spec.Scope, Key: spec.Key, Properties: properties})
		return base, false, err
	}
	if err := columnsAsRecorded(table, spec); err != nil {
		return nil, false, err
	}
	if table.Properties()[propSpec] == string(encoded) {
		return table, false, nil
	}
	return evolve(table, spec, properties)
}

// columnsAsRecorded refuses a table whose columns another engine made or changed:
// what it renamed or added there, a run would take for its own to drop. A run
// that writes just these columns follows it.
func columnsAsRecorded(table *iceberg.Table, spec Spec) error {
	written := columnNames(spec.Columns)
	if text, ours := table.Properties()[propSpec]; ours {
		spec = Spec{}
		if err := json.Unmarshal([]byte(text), &spec); err != nil {
			return fmt.Errorf("read property %s of table %s: %w", propSpec, table.Name(), err)
		}
	}
	fields, err := table.Fields(0)
	if err != nil {
		return err
	}
	have, want := columnNames(columnsOf(fields)), columnNames(spec.Columns)
	if !slices.Equal(have, want) && !slices.Equal(have, written) {
		return fmt.Errorf("open table %s: another engine changed its columns from %s to %s; change them back there",
			table.Name(), strings.Join(want, ", "), strings.Join(have, ", "))
	}
	return nil
}

// evolve brings a table up to a spec, in memory. A column keeps its id, and so
// its values, where name and type are as before.
func evolve(table *iceberg.Table, spec Spec, properties map[string]string) (*iceberg.Table, bool, error) {
	before, err := table.Fields(0)
	if err != nil {
		return nil, false, err
	}
	if err := sameScope(table, spec); err != nil {
		return nil, false, err
	}
	after, evolved := make([]iceberg.Field, len(spec.Columns)), len(before) != len(spec.Columns)
	for i, c := range spec.Columns {
		at := slices.IndexFunc(before, func(f iceberg.Field) bool { return f.Name == c.Name })
		if at >= 0 && keepsValues(before[at], c.Type) {
			after[i] = before[at]
			after[i].Type, after[i].Doc = kindNames[c.Type.Kind], columnDoc(c)
			evolved = evolved || at != i || before[at].Type != after[i].Type
			continue
		}
		after[i], evolved = newField(c), true
	}
	next, err := table.Evolve(after, spec.Key, properties)
	if err != nil || table.Partition() == spec.Scope {
		return next, evolved, err
	}
	next, err = next.Repartition(spec.Scope)
	return next, true, err
}

// keepsValues says whether a column may go on under another type: the same, or
// the one promotion of Iceberg's among the lake's types.
func keepsValues(before iceberg.Field, after Type) bool {
	return typeOf(before).SQL() == after.SQL() || before.Type == "int" && after.Kind == KindLong
}

// newField is a column's field before it has ids.
func newField(c Column) iceberg.Field {
	field := fieldsOf([]Column{c})[0]
	return unnumbered([]iceberg.Field{field})[0]
}

func unnumbered(fields []iceberg.Field) []iceberg.Field {
	out := slices.Clone(fields)
	for i := range out {
		out[i].ID, out[i].Fields = 0, unnumbered(out[i].Fields)
	}
	return out
}

// sameScope refuses another scope column, which decides in which file a row is,
// unless the table was taken out and has no files.
func sameScope(table *iceberg.Table, spec Spec) error {
	if have := table.Partition(); have != spec.Scope && !removed(table) {
		return fmt.Errorf("open table %[1]s: the lake's table has the scope column %[2]q, this alignctl writes %[3]q: "+
			"take the table out (alignctl data rm %[1]s), then make it again", spec.Name, have, spec.Scope)
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
	s.dropStaged()
	if len(s.changes) == 0 && s.base.Location() != "" {
		return nil
	}
	change := iceberg.Change{Summary: map[string]string{summaryRun: r.id, summaryVersion: r.info.Version,
		summaryDigest: tableDigest(s.fields, s.after()), summaryKey: strings.Join(s.spec.Key, ",")}}
	if s.removed {
		change.Summary[summaryRemoved], change.Summary[summaryDigest] = "true", ""
	}
	for _, scope := range slices.Sorted(maps.Keys(s.changes)) {
		c := s.changes[scope]
		removed := c.folded
		if c.replace {
			removed = s.inBase(scope).files
		}
		change.Remove = append(change.Remove, dataFiles(removed)...)
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
