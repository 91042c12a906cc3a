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
	moves    []iceberg.Move
	meta     []*iceberg.Table // staged meta tables
	outcome  Published
	newFiles []iceberg.DataFile // of the meta tables
}

// Publish makes everything that the run wrote since its last publish, and its
// rows in the meta tables, the lake's current state, in one transaction. It
// returns when that is durable. When other runs published in between, the run's
// changes are replayed on top of theirs; when one of them changed a scope that
// this run wrote too, Publish fails with ErrConflict and nothing moved.
func (r *Run) Publish(ctx context.Context, status Status) (Published, error) {
	for attempt := range attempts {
		if err := backOff(ctx, attempt); err != nil {
			return Published{}, err
		}
		now, err := r.lake.version(ctx)
		if err != nil {
			return Published{}, err
		}
		if err := r.rebase(ctx, now); err != nil {
			return Published{}, fmt.Errorf("publish run %s: %w", r.id, err)
		}
		failpoint.Hit("lake.publish.rebased")
		p, err := r.prepare(ctx, now, status)
		if err != nil {
			return Published{}, fmt.Errorf("publish run %s: %w", r.id, err)
		}
		landed, err := r.swap(ctx, p)
		if err != nil {
			return Published{}, fmt.Errorf("publish run %s: %w", r.id, err)
		}
		if landed {
			return p.outcome, r.landed(context.WithoutCancel(ctx), p)
		}
		discardData(p.newFiles)
	}
	return Published{}, fmt.Errorf("publish run %s: %w: other runs came between %d times in a row; run it again",
		r.id, ErrConflict, attempts)
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
	if record, ok := recorded[scope]; ok && record.covers(r.lake.warehouse(), s.inBase(scope).files) {
		who = "run " + record.run
	}
	what := s.spec.Name
	if scope != "" {
		what = fmt.Sprintf("%s of %s", scope, what)
	}
	return fmt.Errorf("%w: %s changed %s after this run began; run the command again", ErrConflict, who, what)
}

// prepare stages the run's meta rows and lists what the transaction moves.
func (r *Run) prepare(ctx context.Context, on *version, status Status) (*publication, error) {
	p := &publication{outcome: Published{Run: r.id}}
	last, err := r.lastPublish(ctx, on)
	if err != nil {
		return nil, err
	}
	at := later(time.Now().UTC(), last.at)
	var outputs []outputRow
	var snapshots []snapshotRow
	for _, name := range slices.Sorted(maps.Keys(r.tables)) {
		s := r.tables[name]
		if len(s.touched) == 0 {
			continue
		}
		pin := currentPin(s.table)
		outputs = append(outputs, outputRow{RunID: r.id, Publish: last.number + 1, Table: name, Snapshot: pin.Snapshot,
			Digest: pin.Digest, Rows: pin.Rows, PublishedAt: at})
		if s.table.Location() == on.location(name) {
			p.outcome.Unchanged = append(p.outcome.Unchanged, pin)
			continue
		}
		p.outcome.Outputs = append(p.outcome.Outputs, pin)
		p.moves = append(p.moves, iceberg.Move{Table: name, From: on.location(name), To: s.table.Location()})
		snapshots = append(snapshots, s.snapshotRows(r)...)
	}
	return p, r.stageMetaTables(ctx, p, on, metaRows{run: r.runRow(status), outputs: outputs, snapshots: snapshots})
}

type metaRows struct {
	run       runRow
	outputs   []outputRow
	snapshots []snapshotRow
}

// stageMetaTables stages the meta tables side by side, for most of the time goes
// into waiting for the disk.
func (r *Run) stageMetaTables(ctx context.Context, p *publication, on *version, rows metaRows) error {
	m := newMetaSpecs()
	ours := func(row runRow) bool { return row.RunID == r.id }
	if r.recorded.publishes == 0 {
		ours = nil // there is no row of this run yet
	}
	steps := []func(context.Context) (*stagedMeta, error){
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, m.runs, []runRow{rows.run}, ours)
		},
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, m.inputs, r.inputs[r.recorded.inputs:], nil)
		},
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, m.files, r.files[r.recorded.files:], nil)
		},
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, m.outputs, rows.outputs, nil)
		},
		func(ctx context.Context) (*stagedMeta, error) {
			return stageMeta(ctx, r, on, m.snapshots, rows.snapshots, nil)
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
	if err := work.Wait(); err != nil {
		return err
	}
	p.add(on, results)
	failpoint.Hit("lake.publish.meta-staged")
	return nil
}

// add makes the staged meta tables, where there are any, part of p.
func (p *publication) add(on *version, meta []*stagedMeta) {
	for _, s := range meta {
		if s == nil {
			continue
		}
		p.meta = append(p.meta, s.table)
		p.newFiles = append(p.newFiles, s.added)
		name := s.table.Name()
		p.moves = append(p.moves, iceberg.Move{Table: name, From: on.location(name), To: s.table.Location()})
	}
}

func (r *Run) runRow(status Status) runRow {
	sum := sha256.Sum256([]byte(r.config))
	row := runRow{RunID: r.id, Command: r.info.Command, Config: r.config,
		ConfigDigest: digestPrefix + hex.EncodeToString(sum[:]), Version: r.info.Version, Source: r.info.Source,
		StartedAt: r.started.Truncate(time.Microsecond), Status: string(status)}
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
	for _, scope := range slices.Sorted(maps.Keys(s.changes)) {
		state := s.changes[scope].state
		row := snapshotRow{Table: pin.Table, Snapshot: pin.Snapshot, Scope: scope, Sequence: current.Sequence,
			RunID: r.id, Digest: pin.Digest, Rows: pin.Rows, ScopeRows: state.rows}
		if current.Parent != 0 {
			row.Parent = &current.Parent
		}
		for i, column := range state.columns {
			row.Columns = append(row.Columns, columnDigest{Name: s.fields[i].Name, SHA256: column})
		}
		for _, f := range state.files {
			path := strings.TrimPrefix(f.Path, r.lake.warehouse()+"/")
			row.Files = append(row.Files, fileDigest{Path: path, SHA256: f.sha256, Bytes: f.Bytes, Rows: f.Rows})
		}
		rows = append(rows, row)
	}
	return rows
}

// swap runs the transaction. Landed is false when another run moved a table
// first; an error leaves the lake as it was, except iceberg.ErrUnknown.
func (r *Run) swap(ctx context.Context, p *publication) (landed bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	whole := context.WithoutCancel(ctx) // from here it is all or nothing, soon
	failpoint.Hit("lake.publish.before-tx")
	err = r.lake.catalog.Swap(whole, p.moves)
	switch {
	case err == nil:
		failpoint.Hit("lake.publish.after-tx")
		return true, nil
	case errors.Is(err, iceberg.ErrMoved):
		return false, nil
	case !errors.Is(err, iceberg.ErrUnknown):
		return false, err
	}
	landed, lookErr := r.lookUp(whole, p)
	if lookErr != nil {
		r.unknown = true
		return false, errors.Join(fmt.Errorf("look for run %s in meta.runs before running it again: %w", r.id, err), lookErr)
	}
	return landed, nil
}

// lookUp finds out whether a transaction of unknown outcome was committed: all
// of its tables moved or none, so one tells. Its snapshot is in the history of
// meta.runs, whoever published since.
func (r *Run) lookUp(ctx context.Context, p *publication) (landed bool, err error) {
	now, err := r.lake.version(ctx)
	if err != nil {
		return false, err
	}
	ours, _ := p.meta[0].Current()
	table, err := now.table(ctx, p.meta[0].Name())
	if err != nil || table == nil {
		return false, err
	}
	_, landed = table.Snapshot(ours.ID)
	return landed, nil
}

// landed makes the published state the run's base.
func (r *Run) landed(ctx context.Context, p *publication) error {
	for _, s := range r.tables {
		if s.table.Location() != r.base.location(s.spec.Name) {
			s.table.Published()
		}
		s.base, s.scopes = s.table, s.after()
		maps.DeleteFunc(s.scopes, func(_ string, state *scopeState) bool { return len(state.files) == 0 })
		s.changes, s.touched = map[string]*change{}, map[string]bool{}
		r.base.put(s.table)
	}
	for _, table := range p.meta {
		table.Published()
		r.base.put(table)
		current, _ := table.Current()
		if err := r.session.view(ctx, table, current.ID); err != nil {
			return fmt.Errorf("run %s is published, but its session can't go on: %w", r.id, err)
		}
	}
	r.recorded = recorded{publishes: r.recorded.publishes + 1, inputs: len(r.inputs), files: len(r.files)}
	return nil
}
