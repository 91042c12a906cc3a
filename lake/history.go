package lake

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"alignctl/lake/iceberg"
)

// history is what the meta tables say about every version of the lake.
type history struct {
	lake   *Lake
	now    *version
	runs   map[string]runRow
	inputs map[string][]inputRow    // by run
	files  map[string][]fileRow     // by run
	made   map[string][]snapshotRow // by table, in the order of its snapshots
	// gapless is how far a table's snapshots, numbered from 1, are all recorded:
	// no other engine has committed in between.
	gapless map[string]int64
	number  map[published]int64 // of the first publish of a snapshot by a run
}

// published is a snapshot of a table and the run that made it.
type published struct {
	run, table string
	snapshot   int64
}

// withHistory reads the meta tables, and does something with them while all that
// they tell about is there.
func (l *Lake) withHistory(ctx context.Context, do func(h *history) error) error {
	return l.reading(ctx, func(now *version) error {
		h := &history{lake: l, now: now, runs: map[string]runRow{}, inputs: map[string][]inputRow{},
			files: map[string][]fileRow{}, made: map[string][]snapshotRow{}, gapless: map[string]int64{},
			number: map[published]int64{}}
		for _, read := range []func(context.Context) error{h.readRuns, h.readSnapshots, h.readOutputs} {
			if err := read(ctx); err != nil {
				return fmt.Errorf("read lineage: %w", err)
			}
		}
		return do(h)
	})
}

func (h *history) readRuns(ctx context.Context) error {
	runs, err := readMetaTable[runRow](ctx, h.lake, h.now, "meta.runs")
	if err != nil {
		return err
	}
	for _, row := range runs {
		h.runs[row.RunID] = row
	}
	inputs, err := readMetaTable[inputRow](ctx, h.lake, h.now, "meta.inputs")
	if err != nil {
		return err
	}
	for _, row := range inputs {
		h.inputs[row.RunID] = append(h.inputs[row.RunID], row)
	}
	files, err := readMetaTable[fileRow](ctx, h.lake, h.now, "meta.files")
	for _, row := range files {
		h.files[row.RunID] = append(h.files[row.RunID], row)
	}
	return err
}

func (h *history) readSnapshots(ctx context.Context) error {
	rows, err := readMetaTable[snapshotRow](ctx, h.lake, h.now, "meta.snapshots")
	for _, row := range rows {
		h.made[row.Table] = append(h.made[row.Table], row)
	}
	for table, rows := range h.made {
		slices.SortFunc(rows, func(a, b snapshotRow) int { return cmp.Compare(a.Sequence, b.Sequence) })
		for _, row := range rows {
			if row.Sequence == h.gapless[table]+1 {
				h.gapless[table]++
			}
		}
	}
	return err
}

func (h *history) readOutputs(ctx context.Context) error {
	rows, err := readMetaTable[outputRow](ctx, h.lake, h.now, "meta.outputs")
	for _, row := range rows {
		at := published{run: row.RunID, table: row.Table, snapshot: row.Snapshot}
		if number, ok := h.number[at]; !ok || row.Publish < number {
			h.number[at] = row.Publish
		}
	}
	return err
}

// A holding is what a scope of a table held at a snapshot: the newest record of
// it, or what the manifests say where another engine has committed since.
type holding struct {
	TableNode
	record snapshotRow
}

// holdings is what the scopes of a table held at a snapshot, by name: one of
// them, or all (""). Empty scopes are left out. known is false when nobody
// recorded the snapshot.
func (h *history) holdings(ctx context.Context, row inputRow) (found map[string]holding, known bool, err error) {
	table, err := h.now.table(ctx, row.Table)
	if err != nil || table == nil {
		return nil, false, err
	}
	sequence, known := h.sequence(table, row.Snapshot)
	if !known {
		return nil, false, nil
	}
	found = map[string]holding{}
	for _, made := range h.made[row.Table] {
		if made.Sequence <= sequence && (row.Scope == "" || row.Scope == made.Scope) {
			found[made.Scope] = h.holding(made)
		}
	}
	if sequence > h.gapless[row.Table] {
		err = h.correct(table, row, found)
	}
	maps.DeleteFunc(found, func(_ string, held holding) bool { return held.Rows == 0 })
	return found, true, err
}

// sequence is the place of a snapshot in a table's history.
func (h *history) sequence(table *iceberg.Table, snapshot int64) (int64, bool) {
	made := h.made[table.Name()]
	if at := slices.IndexFunc(made, func(row snapshotRow) bool { return row.Snapshot == snapshot }); at >= 0 {
		return made[at].Sequence, true
	}
	s, ok := table.Snapshot(snapshot)
	return s.Sequence, ok
}

func (h *history) holding(row snapshotRow) holding {
	return holding{record: row, TableNode: TableNode{Table: row.Table, Snapshot: row.Snapshot, Scope: row.Scope,
		Rows: row.ScopeRows, Run: row.RunID,
		Publish: h.number[published{run: row.RunID, table: row.Table, snapshot: row.Snapshot}]}}
}

// anotherEngine says why a version has no run.
const anotherEngine = "another engine wrote it"

// correct puts the scopes right in which a snapshot has other files than the
// newest record names. Of a snapshot that is gone only the records are left.
func (h *history) correct(table *iceberg.Table, row inputRow, found map[string]holding) error {
	if _, ok := table.Snapshot(row.Snapshot); !ok {
		return nil
	}
	files, err := table.Files(row.Snapshot)
	if err != nil {
		return damaged(err)
	}
	held := byScope(files)
	maps.DeleteFunc(found, func(scope string, _ holding) bool { return len(held[scope]) == 0 })
	for scope, files := range held {
		recorded := found[scope].record.FileSet
		if recorded == fileSetOf(h.lake.warehouse(), storedFiles(files)) || row.Scope != "" && row.Scope != scope {
			continue
		}
		found[scope] = holding{TableNode: TableNode{Table: row.Table, Snapshot: row.Snapshot, Scope: scope,
			Rows: totalRows(files), Note: anotherEngine}}
	}
	return nil
}

// digest is the digest of a table that holds just this scope.
func (h *history) digest(ctx context.Context, held holding) (string, error) {
	if len(held.record.Columns) == 0 {
		return "", nil
	}
	table, err := h.now.table(ctx, held.Table)
	if err != nil {
		return "", err
	}
	all, err := table.Fields(held.Snapshot)
	if err != nil {
		return "", err
	}
	state := &scopeState{rows: held.Rows}
	var fields []iceberg.Field
	for _, column := range held.record.Columns {
		at := slices.IndexFunc(all, func(f iceberg.Field) bool { return f.Name == column.Name })
		if at < 0 {
			continue // renamed since, and the snapshot is gone
		}
		fields, state.columns = append(fields, all[at]), append(state.columns, column.SHA256)
	}
	return tableDigest(fields, map[string]*scopeState{held.Scope: state}), nil
}
