package lake

import "context"

// Upstream lists, by run, the snapshots that runs depend on: their inputs, the
// inputs of the runs that made those, and so on to the raw tables. GC keeps them
// for recorded training runs: they prove which data made a model.
func (l *Lake) Upstream(ctx context.Context, runs []string) (map[string][]Pin, error) {
	pins := map[string][]Pin{}
	err := l.withHistory(ctx, func(h *history) (err error) {
		for _, run := range runs {
			if pins[run], err = h.upstream(ctx, run); err != nil {
				return err
			}
		}
		return nil
	})
	return pins, err
}

func (h *history) upstream(ctx context.Context, run string) (pins []Pin, err error) {
	type read struct {
		pin   Pin
		scope string
	}
	seen, taken := map[string]bool{}, map[read]bool{}
	for queue := []string{run}; len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		for _, row := range h.inputs[queue[0]] {
			pin := Pin{Table: row.Table, Snapshot: row.Snapshot, Digest: row.Digest, Rows: row.Rows}
			if row.Snapshot == 0 || taken[read{pin, row.Scope}] {
				continue
			}
			taken[read{pin, row.Scope}] = true
			pins = append(pins, pin)
			found, _, err := h.holdings(ctx, row)
			if err != nil {
				return nil, err
			}
			for _, held := range found {
				queue = append(queue, held.Run)
			}
		}
	}
	return pins, nil
}
