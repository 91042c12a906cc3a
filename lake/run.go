package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"alignctl/lake/iceberg"
)

// RunInfo says what a run is, for meta.runs.
type RunInfo struct {
	Command string // the command line
	Config  any    // all options in force; stored as JSON, with its digest
	Source  string // the etl source, or ""
	Version string // of alignctl
	User    string // who runs it; "": user@host of this process
	// Pins is the version of the lake that the run reads; nil: as it is at
	// Begin. What the run writes goes on from the current version all the same.
	Pins Pins
	// Options are the settings of the run's session.
	Options SessionOptions
}

// RawFile is a file that a run read from outside, for meta.files.
type RawFile struct {
	Source  string `json:"source"`
	Name    string `json:"name"`
	SHA256  string `json:"sha256"` // hex
	Bytes   int64  `json:"bytes"`
	Rows    int64  `json:"rows"`
	Licence string `json:"licence"`
	Path    string `json:"path"` // absolute: where a later run may look for it
}

// A Run stages writes to tables and publishes all of them in one transaction.
// Nothing that it writes is seen outside before Publish. A Run is for one
// goroutine.
type Run struct {
	lake    *Lake
	id      string
	info    RunInfo
	config  string // JSON
	started time.Time
	session *Session

	base     *version // of the lake that the run works on
	tables   map[string]*staged
	inputs   []inputRow
	files    []fileRow
	count    atomic.Int64 // of files written
	recorded recorded
	tagging  *tagging           // nil: the run changes no tag
	expiry   map[string][]int64 // snapshots that the run lets go, by table
	fetched  []func()           // let go of files that an engine reads at their paths
	unknown  error              // a publish may have landed (see swap): the run can't go on, and removes nothing
}

// recorded is what earlier publishes of the run put into the meta tables.
type recorded struct {
	run           *runRow // nil: none yet
	inputs, files int
}

// newRunID is such that ids in the order of their text are in the order in which
// runs began: the second, its 4096th part in three hexadecimal digits, and five
// digits by chance, which keep apart those of several processes.
func newRunID(started time.Time) string {
	part := int64(started.Nanosecond()) * 4096 / int64(time.Second)
	return fmt.Sprintf("%s-%03x%s", started.Format("20060102T150405Z"), part, randomHex(3)[:5])
}

// Begin starts a run on the lake as it is now.
func (l *Lake) Begin(ctx context.Context, info RunInfo) (*Run, error) {
	config, err := json.Marshal(info.Config)
	if err != nil {
		return nil, fmt.Errorf("begin run: encode configuration: %w", err)
	}
	if info.User == "" {
		info.User = whoami()
	}
	started := time.Now().UTC()
	r := &Run{lake: l, id: newRunID(started), info: info,
		config: string(config), started: started, tables: map[string]*staged{}}
	holder := Holder{Command: info.Command, Run: r.id, Pins: info.Pins.snapshots()}
	if r.session, err = l.openSession(ctx, info.Options, holder); err != nil {
		return nil, fmt.Errorf("begin run: %w", err)
	}
	if err := r.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("begin run: %w", r.session.explain(ctx, err)), r.session.Close())
	}
	return r, nil
}

func (r *Run) begin(ctx context.Context) (err error) {
	if err := r.lake.catalog.CheckClock(ctx); err != nil {
		return err
	}
	if r.base, err = r.lake.version(ctx); err != nil {
		return err
	}
	// A session of its own shows the meta tables: they move at each publish.
	names := slices.DeleteFunc(r.base.names(), isMeta)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ahead := make(chan error, 1)
	go func() { ahead <- r.base.readAhead(ctx, names, r.info.Pins) }()
	for _, name := range names {
		if err := r.viewBase(ctx, name); err != nil {
			return err
		}
	}
	return <-ahead
}

func (r *Run) viewBase(ctx context.Context, name string) error {
	pinned, ok := r.info.Pins[name]
	if r.info.Pins != nil && !ok {
		return nil // the table wasn't there yet
	}
	table, err := r.base.table(ctx, name)
	if err != nil {
		return err
	}
	if !ok {
		if removed(table) {
			return nil
		}
		pinned = currentPin(table)
	}
	if err := r.lake.expectSnapshot(ctx, r.base, table, pinned); err != nil {
		return err
	}
	return r.session.view(ctx, table, pinned)
}

// ID names the run; ids sort by Begin.
func (r *Run) ID() string { return r.id }

// Info says what the run is, as it was told at Begin.
func (r *Run) Info() RunInfo { return r.info }

// Session is the run's own session. Its views show each table as the run found
// it at Begin (or at its Pins), with what the run wrote since; it has no meta
// tables.
func (r *Run) Session() *Session { return r.session }

// File records a raw file that the run read.
func (r *Run) File(f RawFile) {
	r.files = append(r.files, fileRow{RunID: r.id, Source: f.Source, Name: f.Name, SHA256: f.SHA256,
		Bytes: f.Bytes, Rows: f.Rows, Licence: f.Licence, Path: f.Path})
}

// AuditError says that staged rows break a rule: an audit's query gave rows.
type AuditError struct {
	Name    string
	Columns []string
	Rows    [][]string // the first rows, as text
}

// Error names the audit and shows the first row.
func (e *AuditError) Error() string {
	cells := make([]string, len(e.Columns))
	for i, column := range e.Columns {
		cells[i] = column + "=" + e.Rows[0][i]
	}
	return fmt.Sprintf("audit %q failed; the first row that breaks it: %s", e.Name, strings.Join(cells, ", "))
}

// auditRows is how many rows an AuditError shows.
const auditRows = 5

// Audit runs a query on the staged state that must give no row, else it is an
// *AuditError and the caller doesn't publish.
func (r *Run) Audit(ctx context.Context, name, query string) error {
	rows, err := r.session.Query(ctx, query)
	if err != nil {
		return fmt.Errorf("audit %q: %w", name, err)
	}
	defer rows.Close()
	failure := &AuditError{Name: name}
	if failure.Columns, err = rows.Columns(); err != nil {
		return fmt.Errorf("audit %q: %w", name, err)
	}
	for len(failure.Rows) < auditRows && rows.Next() {
		values, targets := make([]any, len(failure.Columns)), make([]any, len(failure.Columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return fmt.Errorf("audit %q: %w", name, err)
		}
		cells := make([]string, len(values))
		for i, v := range values {
			cells[i] = fmt.Sprint(v)
		}
		failure.Rows = append(failure.Rows, cells)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("audit %q: %w", name, err)
	}
	if len(failure.Rows) > 0 {
		return failure
	}
	return nil
}

// Close ends the run. What it published stays; files that it wrote and didn't
// publish are removed.
func (r *Run) Close() error {
	for _, s := range r.tables {
		if r.unknown == nil {
			s.discard(r)
		}
		s.changes = nil
	}
	for _, release := range r.fetched {
		release()
	}
	return r.session.Close()
}

// discard removes what a table's changes wrote.
func (s *staged) discard(r *Run) {
	for _, c := range s.changes {
		r.discard(c.added)
	}
	s.dropStaged()
}

// discard removes data files that no catalog has ever pointed at. One that
// stays behind does no harm: no snapshot names it.
func (r *Run) discard(files []storedFile) {
	for _, f := range files {
		_ = r.lake.disk.Remove(f.Path)
	}
}

// newFile names a data file of a table, in a folder that is there.
func (r *Run) newFile(table *iceberg.Table) (string, error) {
	dir, err := table.DataDir()
	if err != nil {
		return "", err
	}
	if err := r.lake.disk.MkdirAll(dir); err != nil {
		return "", err
	}
	return filepath.Join(dir, fmt.Sprintf("%s-%04d.parquet", r.id, r.count.Add(1))), nil
}
