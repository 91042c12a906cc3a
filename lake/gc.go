package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"alignctl/internal/disk"
	"alignctl/lake/iceberg"
)

// GCOptions say what may go.
type GCOptions struct {
	// OlderThan is for how long a snapshot must not have been the current one,
	// and for how long a file must have been on the disk that nothing points at.
	OlderThan time.Duration
	// Keep are snapshots that stay, by what needs them: a recorded training run.
	Keep map[string][]Pin
	// Delete does it; else GC only says what it would do.
	Delete bool
	Run    RunInfo
}

// A GCReport says what went, or would go.
type GCReport struct {
	Expired []Pin          // snapshots
	Removed []iceberg.File // files that only they needed, and orphans
	// Waiting are files that nothing points at any more, kept because Holders
	// may still read them; the next gc removes them.
	Waiting []iceberg.File
	Holders []Holder
	Kept    []KeptSnapshot // snapshots that are old enough, and stay
	// Uploads are files whose sending to a bucket was cut off; their parts go. It
	// is nil, and UploadsErr says why, where the server doesn't tell.
	Uploads    []disk.Info
	UploadsErr error
}

// A KeptSnapshot is a snapshot that something holds.
type KeptSnapshot struct {
	Pin
	By string // "tag paper-v1", "run ...", "process ..."
}

// GC lets go of old snapshots that nothing holds, and removes files that nothing
// points at. A snapshot is held by being current, by a tag or a branch, by
// Keep, and by a process that may read it: one that was current when the
// oldest live process began, or that a live process names. No file is removed
// that was in use when a live process began, or is younger than OlderThan.
func (l *Lake) GC(ctx context.Context, o GCOptions) (report GCReport, err error) {
	if err := l.claim(ctx, o.Delete); err != nil {
		return report, fmt.Errorf("gc: %w", err)
	}
	g := &collector{lake: l, options: o, report: &report, expiry: map[string][]int64{}}
	// Who is at work is asked before the catalog is read: whoever begins later
	// reads what is current then, which stays.
	if err := errors.Join(g.look(ctx), g.list()); err != nil {
		return report, fmt.Errorf("gc: %w", err)
	}
	if err := l.reading(ctx, func(now *version) error { return g.plan(ctx, now) }); err != nil {
		return report, fmt.Errorf("gc: %w", err)
	}
	if !o.Delete {
		g.endUploads(ctx)
		return report, nil
	}
	if err := g.expire(ctx); err != nil {
		return report, fmt.Errorf("gc: %w", err)
	}
	if err := g.remove(ctx); err != nil {
		return report, fmt.Errorf("gc: %w", err)
	}
	g.endUploads(ctx)
	return report, nil
}

// claim sees that no other copy of the catalog has the files, before any of them
// goes.
func (l *Lake) claim(ctx context.Context, change bool) error {
	if change {
		return l.catalog.Claim(ctx)
	}
	return l.catalog.Current(ctx)
}

// A collector is one gc at work.
type collector struct {
	lake    *Lake
	options GCOptions
	report  *GCReport
	cutoff  time.Time // a snapshot that was current after it stays
	bound   time.Time // the mark up to which retired files aren't read any more
	expiry  map[string][]int64
	there   []disk.Info      // in the warehouse and in tmp
	sizes   map[string]int64 // of these, by path
	orphans []iceberg.File
}

// look finds out who is at work, and so what stays.
func (g *collector) look(ctx context.Context) (err error) {
	mark, err := g.lake.catalog.Mark(ctx)
	if err != nil {
		return err
	}
	if g.report.Holders, err = g.lake.Holders(ctx); err != nil {
		return err
	}
	now, err := g.lake.catalog.Now(ctx)
	if err != nil {
		return err
	}
	g.bound, g.cutoff = oldest(g.report.Holders, mark), now.Add(-g.options.OlderThan)
	for _, h := range g.report.Holders {
		if h.Began.Before(g.cutoff) {
			g.cutoff = h.Began
		}
	}
	return nil
}

// list lists the files that are there. Those of a run that begins later aren't
// among them, so that they can't seem to be nobody's.
func (g *collector) list() error {
	g.sizes = map[string]int64{}
	for _, folder := range []string{g.lake.warehouse(), g.lake.Temp()} {
		files, err := g.lake.disk.List(folder)
		if err != nil {
			return err
		}
		g.there = append(g.there, slices.DeleteFunc(files, func(f disk.Info) bool { return g.lake.place.IsClaim(f.Path) })...)
	}
	for _, f := range g.there {
		g.sizes[f.Path] = f.Bytes
	}
	return nil
}

// plan finds what may go from a version of the lake.
func (g *collector) plan(ctx context.Context, now *version) error {
	tags, err := g.lake.tagRows(ctx, now)
	if err != nil {
		return err
	}
	reached := map[string]bool{}
	if err := now.load(ctx, now.names()); err != nil {
		return err
	}
	for _, name := range now.names() {
		table, err := now.table(ctx, name)
		if err != nil {
			return err
		}
		if !isMeta(name) {
			g.planTable(table, tags)
		}
		if err := g.planFiles(table, reached); err != nil {
			return err
		}
	}
	return g.planOrphans(ctx, reached)
}

// planTable picks the snapshots of a table that go.
func (g *collector) planTable(table *iceberg.Table, tags []tagRow) {
	held := g.held(table, tags)
	snapshots := table.Snapshots()
	for i, s := range snapshots {
		if i == len(snapshots)-1 || !snapshots[i+1].Time.Before(g.cutoff) {
			break // it was current at the cutoff, or after it
		}
		pin := pinOf(table.Name(), s)
		if by, ok := held[s.ID]; ok {
			g.report.Kept = append(g.report.Kept, KeptSnapshot{Pin: pin, By: by})
			continue
		}
		g.report.Expired = append(g.report.Expired, pin)
		g.expiry[pin.Table] = append(g.expiry[pin.Table], pin.Snapshot)
	}
}

// held are the snapshots of a table that stay whatever their age, with who holds
// them.
func (g *collector) held(table *iceberg.Table, tags []tagRow) map[int64]string {
	held := map[int64]string{}
	for _, h := range g.report.Holders {
		for _, id := range h.Pins[table.Name()] {
			held[id] = h.String()
		}
	}
	for by, pins := range g.options.Keep {
		for _, pin := range pins {
			if pin.Table == table.Name() {
				held[pin.Snapshot] = by
			}
		}
	}
	for id, ref := range table.Held() {
		held[id] = "tag or branch " + ref
	}
	for _, row := range tags {
		if row.Table == table.Name() {
			held[row.Snapshot] = "tag " + row.Tag
		}
	}
	return held
}

// planFiles notes the files that a table points at, and those that only the
// expired snapshots need.
func (g *collector) planFiles(table *iceberg.Table, reached map[string]bool) error {
	gone := g.expiry[table.Name()]
	kept, err := table.Reach(func(s iceberg.Snapshot) bool { return !slices.Contains(gone, s.ID) })
	if err != nil {
		return damaged(err)
	}
	stays := filesOf(kept)
	maps.Copy(reached, stays)
	if len(gone) == 0 {
		return nil
	}
	before, err := table.Reach(func(iceberg.Snapshot) bool { return true })
	if err != nil {
		return damaged(err)
	}
	for path := range filesOf(before) {
		if !stays[path] {
			reached[path] = true // no orphan: the expiry retires it
			g.report.Removed = append(g.report.Removed, iceberg.File{Path: path, Bytes: g.sizes[path]})
		}
	}
	return nil
}

// filesOf are the paths of everything that is reached.
func filesOf(r iceberg.Reach) map[string]bool {
	paths := map[string]bool{}
	for _, path := range r.Metadata {
		paths[path] = true
	}
	for _, f := range r.Data {
		paths[f.Path] = true
	}
	return paths
}

// planOrphans finds old files in the warehouse that nothing points at: what a
// killed run or another engine left behind.
func (g *collector) planOrphans(ctx context.Context, reached map[string]bool) error {
	recorded, err := g.lake.catalog.Recorded(ctx)
	if err != nil {
		return err
	}
	for _, f := range g.there {
		if !reached[f.Path] {
			g.planOrphan(iceberg.File{Path: f.Path, Bytes: f.Bytes}, recorded[f.Path].Retired, f.Written)
		}
	}
	return nil
}

// slack is how far the time of a file may be behind the clock that cutoff was
// read from: file systems keep a coarser one, other machines one of their own,
// and a bucket's differs by a quarter of an hour at most, for else it refuses
// requests.
func (g *collector) slack() time.Duration {
	if g.lake.catalog.Shared() || !g.lake.disk.Local() {
		return 15 * time.Minute
	}
	return time.Second
}

// planOrphan decides about a file that nothing points at: since it was retired,
// or, where the catalog doesn't know it, it was written.
func (g *collector) planOrphan(f iceberg.File, retired, written time.Time) {
	switch {
	case retired.IsZero() && !written.Before(g.cutoff.Add(-g.slack())):
		return // perhaps of a run that is about to publish it
	case retired.After(g.bound):
		g.report.Waiting = append(g.report.Waiting, f)
		return
	}
	g.orphans = append(g.orphans, f)
	g.report.Removed = append(g.report.Removed, f)
}

// expire publishes the lake without the expired snapshots.
func (g *collector) expire(ctx context.Context) (err error) {
	if len(g.expiry) == 0 {
		return nil
	}
	r, err := g.lake.Begin(ctx, g.options.Run)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	r.expiry = g.expiry
	_, err = r.Publish(ctx, Done)
	return err
}

// stageExpiry makes the run's expiry part of a publication.
func (r *Run) stageExpiry(ctx context.Context, p *publication, on *version, rows *metaRows) error {
	at := time.Now().UTC().Truncate(time.Microsecond)
	for _, name := range slices.Sorted(maps.Keys(r.expiry)) {
		table, err := on.table(ctx, name)
		if err != nil {
			return err
		}
		if table == nil {
			return fmt.Errorf("%w: table %s went while gc was at work; run it again", ErrConflict, name)
		}
		gone, err := r.stillExpired(table, r.expiry[name])
		if err != nil {
			return err
		}
		staged, err := table.StageExpiry(ctx, gone)
		if err != nil {
			return err
		}
		p.marked = append(p.marked, staged)
		p.move(on, staged)
		if err := p.retireLost(table, staged); err != nil {
			return damaged(err)
		}
		for _, id := range gone {
			rows.expired = append(rows.expired, expiredRow{Table: name, Snapshot: id, RunID: r.id, ExpiredAt: at})
		}
	}
	return nil
}

// retireLost retires the files that a table pointed at and its next version
// doesn't.
func (p *publication) retireLost(before, after *iceberg.Table) error {
	all := func(iceberg.Snapshot) bool { return true }
	had, err := before.Reach(all)
	if err != nil {
		return err
	}
	has, err := after.Reach(all)
	if err != nil {
		return err
	}
	stays := filesOf(has)
	for path := range filesOf(had) {
		if !stays[path] {
			p.commit.Retired = append(p.commit.Retired, path)
		}
	}
	return nil
}

// stillExpired sees that nobody tagged a snapshot, or went back to it, since gc
// made its plan.
func (r *Run) stillExpired(table *iceberg.Table, ids []int64) ([]int64, error) {
	held := table.Held()
	for _, id := range ids {
		if ref, ok := held[id]; ok {
			return nil, fmt.Errorf("%w: snapshot %d of %s got the name %s while gc was at work; run it again",
				ErrConflict, id, table.Name(), ref)
		}
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool {
		_, ok := table.Snapshot(id)
		return !ok
	}), nil
}

// remove takes the files away that nobody may still read.
func (g *collector) remove(ctx context.Context) error {
	if err := g.lake.catalog.Drop(ctx, g.orphans); err != nil {
		return err
	}
	// Who began since the expiry reads a catalog without the expired snapshots.
	if err := g.look(ctx); err != nil {
		return err
	}
	swept, err := g.lake.catalog.Sweep(ctx, g.bound)
	if err != nil {
		return err
	}
	g.sort(swept)
	return nil
}

// endUploads looks for uploads that nobody ends any more. Not every server lists
// them, nor lets everybody.
func (g *collector) endUploads(ctx context.Context) {
	g.report.Uploads, g.report.UploadsErr = g.lake.disk.Unfinished(ctx, g.cutoff.Add(-g.slack()), g.options.Delete)
}

// sort tells the files that went from those that wait.
func (g *collector) sort(swept []iceberg.File) {
	gone := map[string]bool{}
	for _, f := range append(slices.Clone(g.orphans), swept...) {
		gone[f.Path] = true
	}
	planned := g.report.Removed
	g.report.Removed = nil
	for _, f := range planned {
		if gone[f.Path] {
			g.report.Removed = append(g.report.Removed, f)
			continue
		}
		g.report.Waiting = append(g.report.Waiting, f)
	}
}
