package lake

import "context"

// Upstream lists the snapshots that runs depend on: their inputs, the inputs of
// the runs that made those, and so on to the raw tables. GC keeps them for
// recorded training runs: they prove which data made a model.
func (l *Lake) Upstream(ctx context.Context, runs []string) (pins []Pin, err error) {
	err = l.reading(ctx, func(now *version) error {
		inputs, err := readMetaTable[inputRow](ctx, l, now, "meta.inputs")
		if err != nil {
			return err
		}
		snapshots, err := readMetaTable[snapshotRow](ctx, l, now, "meta.snapshots")
		if err != nil {
			return err
		}
		pins = upstream(runs, inputs, snapshots)
		return nil
	})
	return pins, err
}

func upstream(runs []string, inputs []inputRow, snapshots []snapshotRow) (pins []Pin) {
	inputsOf := map[string][]inputRow{}
	for _, row := range inputs {
		inputsOf[row.RunID] = append(inputsOf[row.RunID], row)
	}
	type read struct {
		pin   Pin
		scope string
	}
	seen, taken := map[string]bool{}, map[read]bool{}
	for queue := runs; len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		for _, row := range inputsOf[queue[0]] {
			pin := Pin{Table: row.Table, Snapshot: row.Snapshot, Digest: row.Digest, Rows: row.Rows}
			if taken[read{pin, row.Scope}] || row.Snapshot == 0 {
				continue
			}
			taken[read{pin, row.Scope}] = true
			pins = append(pins, pin)
			queue = append(queue, makers(row, snapshots)...)
		}
	}
	return pins
}

// makers are the runs that made the scopes of a snapshot that were read: of each
// scope the last one that changed it by then.
func makers(input inputRow, snapshots []snapshotRow) []string {
	at := int64(-1)
	for _, row := range snapshots {
		if row.Table == input.Table && row.Snapshot == input.Snapshot {
			at = row.Sequence
		}
	}
	last := map[string]snapshotRow{}
	for _, row := range snapshots {
		if row.Table == input.Table && (input.Scope == "" || input.Scope == row.Scope) &&
			row.Sequence <= at && row.Sequence >= last[row.Scope].Sequence {
			last[row.Scope] = row
		}
	}
	var runs []string
	for _, row := range last {
		runs = append(runs, row.RunID)
	}
	return runs
}
