package lake

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// LogOptions say which entries of the log are wanted; the zero value: all.
type LogOptions struct {
	Table string    // only what moved this table
	Since time.Time // only what was published then or later
	Limit int       // the newest so many; 0: all
}

// A LogEntry is a moment at which the lake changed: a publish of a run, or the
// commit of another engine.
type LogEntry struct {
	At      time.Time
	Publish int64  // its number; 0 for another engine's commit, and where no table was written
	Run     string // "" for another engine's commit
	Engine  string // "alignctl", or what another engine calls itself
	Command string
	Version string // of alignctl
	User    string // user@host, or "" where an older alignctl didn't say
	Status  string // of the run now
	Tables  []Pin  // that the publish wrote, by name; some may have stayed the same; none by a tag or gc
}

// Log lists what happened to the lake, newest first.
func (l *Lake) Log(ctx context.Context, o LogOptions) (entries []LogEntry, err error) {
	err = l.reading(ctx, func(now *version) error {
		publishes, err := l.publishes(ctx, now)
		if err != nil {
			return err
		}
		foreign, err := foreignCommits(ctx, now)
		entries = append(publishes, foreign...)
		return err
	})
	entries = slices.DeleteFunc(entries, func(e LogEntry) bool { return !o.wants(e) })
	slices.SortStableFunc(entries, func(a, b LogEntry) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Publish, a.Publish))
	})
	if o.Limit > 0 && len(entries) > o.Limit {
		entries = entries[:o.Limit]
	}
	return entries, err
}

// Runs lists the runs that published, newest first, without what they wrote: less
// to read than Log has.
func (l *Lake) Runs(ctx context.Context) (entries []LogEntry, err error) {
	var runs []runRow
	err = l.reading(ctx, func(now *version) error {
		runs, err = readMetaTable[runRow](ctx, l, now, "meta.runs")
		return err
	})
	slices.SortFunc(runs, func(a, b runRow) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(b.RunID, a.RunID))
	})
	for _, run := range runs {
		entries = append(entries, entryOf(run))
	}
	return entries, err
}

func (o LogOptions) wants(e LogEntry) bool {
	return !e.At.Before(o.Since) &&
		(o.Table == "" || slices.ContainsFunc(e.Tables, func(p Pin) bool { return p.Table == o.Table }))
}

// publishes are the publishes of runs, as the meta tables remember them.
func (l *Lake) publishes(ctx context.Context, now *version) ([]LogEntry, error) {
	runs, err := readMetaTable[runRow](ctx, l, now, "meta.runs")
	if err != nil {
		return nil, err
	}
	byID := map[string]runRow{}
	for _, run := range runs {
		byID[run.RunID] = run
	}
	outputs, err := readMetaTable[outputRow](ctx, l, now, "meta.outputs")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(outputs, func(a, b outputRow) int {
		return cmp.Or(cmp.Compare(a.Publish, b.Publish), cmp.Compare(a.Table, b.Table))
	})
	var entries []LogEntry
	wrote := map[string]bool{}
	for _, o := range outputs {
		if n := len(entries); n == 0 || entries[n-1].Publish != o.Publish {
			wrote[o.RunID] = true
			entry := entryOf(byID[o.RunID])
			entry.Run, entry.At, entry.Publish = o.RunID, o.PublishedAt.UTC(), o.Publish
			entries = append(entries, entry)
		}
		last := &entries[len(entries)-1]
		last.Tables = append(last.Tables, Pin{Table: o.Table, Snapshot: o.Snapshot, Digest: o.Digest, Rows: o.Rows})
	}
	for _, run := range runs {
		if !wrote[run.RunID] {
			entries = append(entries, entryOf(run))
		}
	}
	return entries, nil
}

// entryOf is the entry of a run that wrote no table.
func entryOf(run runRow) LogEntry {
	e := LogEntry{At: run.StartedAt.UTC(), Run: run.RunID, Engine: ourEngine, Command: run.Command, Version: run.Version,
		User: run.RunBy, Status: run.Status}
	if run.EndedAt != nil {
		e.At = run.EndedAt.UTC()
	}
	return e
}

// foreignCommits are the snapshots that no run of ours made and that the tables
// still have.
func foreignCommits(ctx context.Context, now *version) ([]LogEntry, error) {
	var entries []LogEntry
	if err := now.load(ctx, now.names()); err != nil {
		return nil, err
	}
	for _, name := range now.names() {
		table, err := now.table(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, s := range table.Snapshots() {
			if info := snapshotInfo(name, s); info.Foreign() {
				entries = append(entries, LogEntry{At: info.At, Engine: info.Engine,
					Command: "commit by another engine: " + info.Operation, Tables: []Pin{info.Pin}})
			}
		}
	}
	return entries, nil
}
