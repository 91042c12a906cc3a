package lake

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

// A join walks through the rows of two versions in key order, side by side, and
// tells its tally what it sees.
type join struct {
	columns []ColumnDiff
	a, b    feed
	// whole: the key is a hash of the row, so rows of one key are either equal
	// or different rows.
	whole bool
	tally *tally

	// Of the two pieces at hand: the equality of each column (nil: not compared),
	// and of each part of the key.
	same, sameKey []sameValue
	paired        [2]int // the pieces they are of
	differs       []bool // by row of a run
}

// A feed is where a join stands in one version.
type feed struct {
	in      <-chan piece
	columns []int // of the join's columns among the version's fields, or -1
	keyAt   []int // of the key among the version's fields

	now    piece
	key    []arrow.Array // of now
	pieces int           // so far
}

// front brings the next row to hand; it is false after the last.
func (j *join) front(f *feed) bool {
	if f.now.rows() > 0 {
		return true
	}
	next, ok := <-f.in
	if !ok {
		return false
	}
	j.widen(f, &next)
	f.now, f.key = next, f.key[:0]
	for _, at := range f.keyAt {
		f.key = append(f.key, next.columns[at])
	}
	f.pieces++
	return true
}

// widen brings the columns that became longs to one type in both versions.
func (j *join) widen(f *feed, p *piece) {
	for i, c := range j.columns {
		if !c.Compared || c.TypeBefore.Kind == c.TypeAfter.Kind {
			continue
		}
		p.columns = slices.Clone(p.columns) // others hold the batch too
		p.columns[f.columns[i]] = asLong(p.columns[f.columns[i]], c.wider())
	}
}

// run joins until both versions end.
func (j *join) run() error {
	for {
		moreA, moreB := j.front(&j.a), j.front(&j.b)
		switch {
		case !moreA && !moreB:
			return nil
		case !moreB:
			j.removed(j.a.now.rows())
		case !moreA:
			j.added(j.b.now.rows())
		default:
			if err := j.step(); err != nil {
				return err
			}
		}
	}
}

// step takes the next rows of one kind.
func (j *join) step() error {
	order := compareKeys(j.a.key, j.a.now.from, j.b.key, j.b.now.from)
	switch {
	case order < 0:
		j.removed(j.a.before(j.b))
	case order > 0:
		j.added(j.b.before(j.a))
	case j.a.now.repeated || j.b.now.repeated:
		return j.multiset()
	default:
		if err := j.pair(); err != nil {
			return err
		}
		j.common(j.sameKeys())
	}
	return nil
}

// pair makes the comparisons of the two pieces at hand, once.
func (j *join) pair() (err error) {
	at := [2]int{j.a.pieces, j.b.pieces}
	if j.paired == at {
		return nil
	}
	j.paired = at
	j.same, j.sameKey = make([]sameValue, len(j.columns)), make([]sameValue, len(j.a.key))
	for i, c := range j.columns {
		if c.Compared {
			if j.same[i], err = equality(j.a.now.columns[c.a], j.b.now.columns[c.b]); err != nil {
				return err
			}
		}
	}
	for i := range j.sameKey {
		if j.sameKey[i], err = equality(j.a.key[i], j.b.key[i]); err != nil {
			return err
		}
	}
	return nil
}

func compareKeys(a []arrow.Array, i int, b []arrow.Array, j int) int {
	for k := range a {
		if order := compareValue(a[k], i, b[k], j); order != 0 {
			return order
		}
	}
	return 0
}

// before is how many rows of f, at least one, precede other's next one.
func (f *feed) before(other feed) int {
	if f.now.repeated {
		return f.now.rows()
	}
	n := 1
	for n < f.now.rows() && compareKeys(f.key, f.now.from+n, other.key, other.now.from) < 0 {
		n++
	}
	return n
}

// sameKeys is how many rows from here on, at least one, have the same keys: it
// looks further ahead as long as they do.
func (j *join) sameKeys() int {
	most, block := min(j.a.now.rows(), j.b.now.rows()), 32
	for done := 1; ; block = min(2*block, 4096) {
		n := min(block, most-done)
		same := n
		for _, equal := range slices.Backward(j.sameKey) { // the last column tells rows apart best
			same = prefix(equal, j.a.now.from+done, j.b.now.from+done, same)
		}
		if done += same; same < n || done == most {
			return done
		}
	}
}

// prefix is how many of n pairs of values are equal before the first that isn't.
func prefix(equal sameValue, i, j, n int) int {
	for x := range n {
		if !equal(i+x, j+x) {
			return x
		}
	}
	return n
}

// common compares n rows whose keys are the same.
func (j *join) common(n int) {
	i, k := j.a.now.from, j.b.now.from
	j.differs = slices.Grow(j.differs[:0], n)[:n]
	clear(j.differs)
	for c, same := range j.same {
		j.tally.equal[c] += int64(n)
		for x := 0; x < n && same != nil && !j.columns[c].Key; x++ {
			if !same(i+x, k+x) {
				j.differs[x] = true
				j.tally.equal[c]--
			}
		}
	}
	for x, differs := range j.differs {
		switch {
		case !differs:
			j.tally.same++
		case j.whole:
			j.part(i+x, k+x)
		default:
			j.tally.change(func() RowDiff { return j.changedRow(i+x, k+x) })
		}
	}
	j.a.now.from += n
	j.b.now.from += n
}

// part counts two rows that share a hash, and no more than that.
func (j *join) part(i, k int) {
	for c, same := range j.same {
		if same == nil || same(i, k) {
			j.tally.equal[c]-- // of a row that isn't common
		}
	}
	j.remove(i)
	j.add(k)
}

func (j *join) changedRow(i, k int) RowDiff {
	row := RowDiff{Before: j.values(&j.a, i), After: j.values(&j.b, k)}
	for c, same := range j.same {
		if same != nil && !same(i, k) {
			row.Changed = append(row.Changed, c)
		}
	}
	return row
}

// values are those of a row, in the order of the columns.
func (j *join) values(f *feed, i int) []any {
	row := make([]any, len(j.columns))
	for c, at := range f.columns {
		if at >= 0 {
			row[c] = goValue(f.now.columns[at], i)
		}
	}
	return row
}

// removed takes the next n rows of a.
func (j *join) removed(n int) {
	j.tally.countRepeated(j.a.now)
	for x := range n {
		j.remove(j.a.now.from + x)
	}
	j.a.now.from += n
}

func (j *join) remove(i int) {
	j.tally.remove(func() RowDiff { return RowDiff{Before: j.values(&j.a, i)} })
}

// added takes the next n rows of b.
func (j *join) added(n int) {
	j.tally.countRepeated(j.b.now)
	for x := range n {
		j.add(j.b.now.from + x)
	}
	j.b.now.from += n
}

func (j *join) add(i int) {
	j.tally.add(func() RowDiff { return RowDiff{After: j.values(&j.b, i)} })
}
