package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"alignctl/internal/failpoint"
	"alignctl/lake/iceberg"
)

// Failpoints names, in order, the places of a run where a test kills it.
func Failpoints() []string {
	return []string{"lake.write.file-written", "lake.write.staged", "lake.publish.rebased", "lake.publish.meta-staged",
		"lake.publish.before-tx", "lake.publish.in-tx", "lake.publish.after-tx"}
}

// Status says how far a run is.
type Status string

// The statuses of a run. A run that publishes as Running may publish again.
const (
	Running     Status = "running"
	Done        Status = "done"
	Interrupted Status = "interrupted"
	Failed      Status = "failed"
)

// Published says what a publish made of the lake.
type Published struct {
	Run       string
	Outputs   []Pin // tables that moved, at their new snapshots, by name
	Unchanged []Pin // tables whose rows were there already
}

// attempts is how often a publish is replayed when other runs come between.
const attempts = 30

// A publication is one try to publish: what goes into the transaction.
type publication struct {
	commit    iceberg.Commit
	meta      []*iceberg.Table // staged meta tables
	metaFiles []iceberg.File   // their new data files
	marked    []*iceberg.Table // tables of which only tags or old snapshots changed
	run       runRow           // as meta.runs has it afterwards
	outcome   Published
	mark      time.Time // that it has once it landed; zero: it retired nothing
}

// Publish makes everything that the run wrote since its last publish, and its
// rows in the meta tables, the lake's current state, in one transaction. It
// returns when that is durable. When other runs published in between, the run's
// changes are replayed on top of theirs; when one of them changed a scope that
// this run wrote too, Publish fails with ErrConflict and nothing moved.
func (r *Run) Publish(ctx context.Context, status Status) (Published, error) {
	if r.unknown != nil {
		return Published{}, r.unknown
	}
	defer r.lake.turn(ctx)()
	if err := r.lake.catalog.CheckClock(ctx); err != nil {
		return Published{}, fmt.Errorf("publish run %s: %w", r.id, err)
	}
	for attempt := range attempts {
		if err := backOff(ctx, attempt); err != nil {
			return Published{}, err
		}
		p, landed, err := r.try(ctx, status)
		if err != nil {
			return Published{}, fmt.Errorf("publish run %s: %w", r.id, r.session.explain(ctx, err))
		}
		if landed {
			return p.outcome, r.landed(context.WithoutCancel(ctx), p)
		}
		p.discard(r)
	}
	return Published{}, fmt.Errorf("publish run %s: %w: other runs came between %d times in a row; run it again",
		r.id, ErrConflict, attempts)
}

// try prepares a publication on the newest version and runs its transaction.
func (r *Run) try(ctx context.Context, status Status) (p *publication, landed bool, err error) {
	now, err := r.lake.version(ctx)
	if err != nil {
		return nil, false, err
	}
	if err := r.rebase(ctx, now); err != nil {
		return nil, false, err
	}
	failpoint.Hit("lake.publish.rebased")
	p = &publication{outcome: Published{Run: r.id}}
	if err := r.prepare(ctx, p, now, status); err != nil {
		p.discard(r)
		return nil, false, err
	}
	if landed, err = r.swap(ctx, p); err != nil && r.unknown == nil {
		p.discard(r)
	}
	return p, landed, err
}

// discard removes what was written for a publication that didn't land; the
// run's own tables stay staged.
func (p *publication) discard(r *Run) {
	for _, table := range append(p.meta, p.marked...) {
		table.Discard()
	}
	for _, f := range p.metaFiles {
		_ = r.lake.disk.Remove(f.Path)
	}
}

// backOff waits before a replay, longer each time, each run a little
// differently.
func backOff(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return ctx.Err()
	}
	wait := time.Duration(min(5<<min(attempt, 8), 500)) * time.Millisecond
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait/2 + rand.N(wait)):
		return nil
	}
}

// rebase brings every table that the run wrote onto another version.
func (r *Run) rebase(ctx context.Context, on *version) error {
	for _, name := range slices.Sorted(maps.Keys(r.tables)) {
		s := r.tables[name]
		if s.base.Location() == on.location(name) || len(s.touched) == 0 {
			continue
		}
		if err := s.rebase(ctx, r, on); err != nil {
			return err
		}
	}
	return nil
}

func (s *staged) rebase(ctx context.Context, r *Run, on *version) error {
	found := s.scopes
	if err := s.attach(ctx, r, on); err != nil {
		return err
	}
	for _, scope := range slices.Sorted(maps.Keys(s.touched)) {
		if !sameFiles(found[scope], s.scopes[scope]) {
			return s.conflict(ctx, r, on, scope)
		}
	}
	if scope, added := s.othersAdded(found); added {
		return s.conflict(ctx, r, on, scope)
	}
	return r.show(ctx, s)
}

func sameFiles(a, b *scopeState) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.EqualFunc(a.files, b.files, func(x, y storedFile) bool { return x.Path == y.Path })
}

// conflict names the run that changed a scope of the table.
func (s *staged) conflict(ctx context.Context, r *Run, on *version, scope string) error {
	recorded, err := r.reader(on).recordedScopes(ctx, s.spec.Name)
	if err != nil {
		return err
	}
	who := "another engine"
	if record, ok := recorded[scope]; ok && record.fileSet == fileSetOf(r.lake.warehouse(), s.inBase(scope).files) {
		who = "run " + record.run
	}
	what := s.spec.Name
	if scope != "" {
		what = fmt.Sprintf("%s of %s", scope, what)
	}
	return fmt.Errorf("%w: %s changed %s after this run began; run the command again", ErrConflict, who, what)
}

// prepare stages the run's meta rows and lists what the transaction changes.
func (r *Run) prepare(ctx context.Context, p *publication, on *version, status Status) error {
	last, err := lastPublish(ctx, on)
	if err != nil {
		return err
	}
	rows := metaRows{run: r.runRow(status)}
	p.run = rows.run
	at := publishMark{number: last.number + 1, at: later(time.Now().UTC(), last.at)}
	for _, name := range slices.Sorted(maps.Keys(r.tables)) {
		s := r.tables[name]
		if len(s.touched) == 0 {
			continue
		}
		pin := currentPin(s.table)
		rows.outputs = append(rows.outputs, outputRow{RunID: r.id, Publish: at.number, Table: name,
			Snapshot: pin.Snapshot, Digest: pin.Digest, Rows: pin.Rows, PublishedAt: at.at})
		if s.table.Location() == on.location(name) {
			p.outcome.Unchanged = append(p.outcome.Unchanged, pin)
			continue
		}
		p.outcome.Outputs = append(p.outcome.Outputs, pin)
		p.move(on, s.table)
		p.commit.Files = append(p.commit.Files, s.newFiles()...)
		rows.snapshots = append(rows.snapshots, s.snapshotRows(r)...)
	}
	if err := r.stageTags(ctx, p, on, &rows); err != nil {
		return err
	}
	if err := r.stageExpiry(ctx, p, on, &rows); err != nil {
		return err
	}
	return r.stageMetaTables(ctx, p, on, at, rows)
}

// move makes a staged table part of the transaction.
func (p *publication) move(on *version, table *iceberg.Table) {
	name := table.Name()
	p.commit.Moves = append(p.commit.Moves, iceberg.Move{Table: name, From: on.location(name), To: table.Location()})
	p.commit.Files = append(p.commit.Files, table.Written()...)
	p.commit.Retired = append(p.commit.Retired, table.Retired()...)
}

// newFiles are the data files that the changes add.
func (s *staged) newFiles() []iceberg.File {
	var files []iceberg.File
	for _, c := range s.changes {
		for _, f := range c.added {
			files = append(files, iceberg.File{Path: f.Path, Bytes: f.Bytes, SHA256: f.sha256})
		}
	}
	return files
}

type metaRows struct {
	run       runRow
	outputs   []outputRow
	snapshots []snapshotRow
	tags      []tagRow
	expired   []expiredRow
	replaced  func(tagRow) bool // rows of meta.tags that go; nil: none
}

// stageMetaTables stages the meta tables side by side, for most of the time goes
// into waiting for the disk.
func (r *Run) stageMetaTables(ctx context.Context, p *publication, on *version, at publishMark, rows metaRows) error {
	m := newMetaSpecs()
	ours := func(row runRow) bool { return row.RunID == r.id }
	runs := []runRow{rows.run}
	switch {
	case r.recorded.run == nil:
		ours = nil // there is no row of this run yet
	case rows.run == *r.recorded.run:
		runs, ours = nil, nil // the row is there
	}
	steps := []func(context.Context) (*stagedMeta, error){
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, metaChange[runRow]{spec: m.runs, rows: runs, replaced: ours})
		},
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, metaChange[inputRow]{spec: m.inputs, rows: r.inputRows()})
		},
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, metaChange[fileRow]{spec: m.files, rows: r.files[r.recorded.files:]})
		},
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, metaChange[outputRow]{spec: m.outputs, rows: rows.outputs, summary: at.summary()})
		},
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, metaChange[snapshotRow]{spec: m.snapshots, rows: rows.snapshots})
		},
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, metaChange[tagRow]{spec: m.tags, rows: rows.tags, replaced: rows.replaced})
		},
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, metaChange[expiredRow]{spec: m.expired, rows: rows.expired})
		},
	}
	results := make([]*stagedMeta, len(steps))
	work, ctx := errgroup.WithContext(ctx)
	for i, step := range steps {
		work.Go(func() (err error) {
			results[i], err = step(ctx)
			return err
		})
	}
	err := work.Wait()
	p.add(on, results)
	failpoint.Hit("lake.publish.meta-staged")
	return err
}

// add makes the staged meta tables, where there are any, part of p.
func (p *publication) add(on *version, meta []*stagedMeta) {
	for _, s := range meta {
		if s == nil {
			continue
		}
		if s.added.Path != "" {
			p.metaFiles = append(p.metaFiles, s.added)
			p.commit.Files = append(p.commit.Files, s.added)
		}
		if s.table != nil { // nil when staging it failed
			p.meta = append(p.meta, s.table)
			p.move(on, s.table)
		}
	}
}

func (r *Run) runRow(status Status) runRow {
	sum := sha256.Sum256([]byte(r.config))
	row := runRow{RunID: r.id, Command: r.info.Command, Config: r.config,
		ConfigDigest: digestPrefix + hex.EncodeToString(sum[:]), Version: r.info.Version, Source: r.info.Source,
		StartedAt: r.started.Truncate(time.Microsecond), Status: string(status), RunBy: r.info.User}
	if status != Running {
		now := time.Now().UTC()
		row.EndedAt = &now
	}
	return row
}

// snapshotRows are the rows of meta.snapshots about the staged snapshot.
func (s *staged) snapshotRows(r *Run) []snapshotRow {
	current, ok := s.table.Current()
	if !ok {
		return nil
	}
	pin := pinOf(s.spec.Name, current)
	var rows []snapshotRow
	scopes := s.after()
	for _, scope := range slices.Sorted(maps.Keys(scopes)) {
		state := scopes[scope]
		if _, changed := s.changes[scope]; !changed && !state.foreign {
			continue // a row of an earlier snapshot says the same
		}
		row := snapshotRow{Table: pin.Table, Snapshot: pin.Snapshot, Scope: scope, Sequence: current.Sequence,
			RunID: r.id, Digest: pin.Digest, Rows: pin.Rows, ScopeRows: state.rows,
			FileSet: fileSetOf(r.lake.warehouse(), state.files)}
		if current.Parent != 0 {
			row.Parent = &current.Parent
		}
		for i, column := range state.columns {
			row.Columns = append(row.Columns, digestOfColumn(s.fields[i], column))
		}
		for _, f := range s.addedTo(scope) {
			path := strings.TrimPrefix(f.Path, r.lake.warehouse()+"/")
			row.Files = append(row.Files, fileDigest{Path: path, SHA256: f.sha256, Bytes: f.Bytes, Rows: f.Rows})
		}
		rows = append(rows, row)
	}
	return rows
}

func digestOfColumn(f iceberg.Field, sum string) columnDigest {
	return columnDigest{Name: f.Name, Field: int32(f.ID), Type: typeOf(f).SQL(), SHA256: sum}
}

// addedTo are the files that the run adds to a scope.
func (s *staged) addedTo(scope string) []storedFile {
	if c, ok := s.changes[scope]; ok {
		return c.added
	}
	return nil
}

// swap makes the files durable and runs the transaction. Landed is false when
// another run moved a table first; an error leaves the lake as it was, except
// iceberg.ErrUnknown.
func (r *Run) swap(ctx context.Context, p *publication) (landed bool, err error) {
	if len(p.commit.Moves) == 0 {
		return true, nil
	}
	if err := r.lake.disk.Sync(ctx, pathsOf(p.commit.Files)); err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	whole := context.WithoutCancel(ctx) // from here it is all or nothing, soon
	failpoint.Hit("lake.publish.before-tx")
	p.commit.Lease = r.session.lease.key()
	p.mark, err = r.lake.catalog.Swap(whole, p.commit)
	switch {
	case err == nil:
		failpoint.Hit("lake.publish.after-tx")
		return true, nil
	case errors.Is(err, iceberg.ErrMoved):
		return false, nil
	case errors.Is(err, iceberg.ErrUnknown):
		r.unknown = fmt.Errorf("look for run %s in meta.runs before running it again: %w", r.id, err)
		return false, r.unknown
	case errors.Is(err, iceberg.ErrLeaseLost):
		return false, fmt.Errorf("%w: run the command again", err)
	}
	return false, r.lake.blame(ctx, err)
}

func pathsOf(files []iceberg.File) []string {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	return paths
}

// landed makes the published state the run's base.
func (r *Run) landed(ctx context.Context, p *publication) error {
	for _, s := range r.tables {
		s.base, s.scopes, s.evolved, s.removed = s.table, s.after(), false, false
		maps.DeleteFunc(s.scopes, func(_ string, state *scopeState) bool { return len(state.files) == 0 })
		s.changes, s.touched = map[string]*change{}, map[string]bool{}
		r.base.put(s.table)
	}
	for _, table := range append(p.meta, p.marked...) {
		r.base.put(table)
	}
	r.recorded = recorded{run: &p.run, inputs: len(r.inputs), files: len(r.files)}
	if !p.mark.IsZero() {
		if err := r.session.lease.renew(ctx, p.mark); err != nil {
			return fmt.Errorf("run %s is published, but can't go on: %w", r.id, err)
		}
	}
	r.tagging, r.expiry = nil, nil
	r.lake.tidy(ctx)
	return nil
}

// tidyFrom is how many files a publish finds retired before it removes them:
// one in a few publishes does it for all.
const tidyFrom = 64

// tidy removes metadata files that nothing points at and no process reads. What
// stays behind does no harm, and the next publish tries again.
func (l *Lake) tidy(ctx context.Context) {
	mark, err := l.catalog.Mark(ctx)
	if err != nil {
		return
	}
	holders, err := l.Holders(ctx)
	if err != nil {
		return
	}
	mark = oldest(holders, mark)
	if n, err := l.catalog.CountRetired(ctx, mark); err == nil && n >= tidyFrom {
		_, _ = l.catalog.Sweep(ctx, mark)
	}
}
