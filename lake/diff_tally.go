package lake

// A tally counts what a comparison sees of one scope, and keeps the first rows
// of each kind.
type tally struct {
	samples                       int
	added, removed, changed, same int64
	repeated                      int64
	equal                         []int64 // by column: common rows with equal values

	addedRows, removedRows, changedRows []RowDiff
}

func newTally(columns, samples int) *tally {
	return &tally{samples: samples, equal: make([]int64, columns)}
}

func (t *tally) add(row func() RowDiff) {
	t.added++
	t.keep(&t.addedRows, row)
}

func (t *tally) remove(row func() RowDiff) {
	t.removed++
	t.keep(&t.removedRows, row)
}

func (t *tally) change(row func() RowDiff) {
	t.changed++
	t.keep(&t.changedRows, row)
}

func (t *tally) keep(rows *[]RowDiff, row func() RowDiff) {
	if len(*rows) < t.samples {
		*rows = append(*rows, row())
	}
}

// meet counts n rows that both versions have.
func (t *tally) meet(n int64) {
	t.same += n
	for i := range t.equal {
		t.equal[i] += n
	}
}

// countRepeated counts rows of a key that comes more than once.
func (t *tally) countRepeated(p piece) {
	if p.repeated {
		t.repeated += int64(p.rows())
	}
}

// addTo adds what was seen to a diff.
func (t *tally) addTo(d *Diff) {
	d.Added += t.added
	d.Removed += t.removed
	d.Changed += t.changed
	d.Same += t.same
	d.Repeated += t.repeated
	for i, n := range t.equal {
		if d.Columns[i].Compared {
			d.Columns[i].Equal += n
		}
	}
	d.AddedRows = appendUpTo(d.AddedRows, t.addedRows, t.samples)
	d.RemovedRows = appendUpTo(d.RemovedRows, t.removedRows, t.samples)
	d.ChangedRows = appendUpTo(d.ChangedRows, t.changedRows, t.samples)
}

func appendUpTo(rows, more []RowDiff, n int) []RowDiff {
	return append(rows, more[:min(len(more), max(n-len(rows), 0))]...)
}
