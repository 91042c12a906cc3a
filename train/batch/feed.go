package batch

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Options say how a Feed cuts a Set. Only Examples and Seed decide what is
// learnt in which step; the others lay it out.
type Options struct {
	Examples int   // in a batch
	Seed     int64 // of the order
	Pack     bool  // several texts share a row
	Share    bool  // what all texts begin with stands once, before the rows
	Shapes   int   // at most so many different shapes; 0: 4
	Parts    int   // equal parts that rows and labels can be cut into, for as many devices; 0: 1
}

// defaultShapes balances padding against programs to compile.
const defaultShapes = 4

// minShared is the shortest beginning that is worth a place of its own.
const minShared = 16

// A Position is the place of the next batch: enough to resume exactly.
type Position struct {
	Epoch int `json:"epoch"` // from 0
	Batch int `json:"batch"` // within the epoch, from 0
}

// A Feed yields a Set's batches, epoch after epoch without end. Each epoch
// holds every example once, in an order that is a function of the seed, the
// epoch and the examples' ids; a batch is the next so many of them.
type Feed struct {
	set      *Set
	options  Options
	shared   []int32
	shapes   []shape // the cheapest first
	position Position
	order    []int32 // of the position's epoch
}

// NewFeed starts a feed at a position. The set takes no more examples.
func NewFeed(set *Set, o Options, from Position) (*Feed, error) {
	if set.Len() == 0 {
		return nil, errors.New("make batches: no example with a token to learn")
	}
	if o.Examples < 1 {
		return nil, fmt.Errorf("make batches: %d examples in one: want at least 1", o.Examples)
	}
	if o.Shapes == 0 {
		o.Shapes = defaultShapes
	}
	f := &Feed{set: set, options: o, position: from}
	if o.Share && o.Examples > 1 && len(set.shared) >= minShared {
		f.shared = set.shared
	}
	if from.Batch < 0 || from.Batch > f.BatchesPerEpoch() {
		return nil, fmt.Errorf("make batches: position %d of an epoch of %d batches", from.Batch, f.BatchesPerEpoch())
	}
	f.shapes = f.chooseShapes(set.order(o.Seed, 0))
	f.order = set.order(o.Seed, from.Epoch)
	return f, set.seal()
}

// BatchesPerEpoch is the number of batches in an epoch.
func (f *Feed) BatchesPerEpoch() int {
	return (f.set.Len() + f.options.Examples - 1) / f.options.Examples
}

// Position is where the next batch is.
func (f *Feed) Position() Position { return f.position }

// Next makes the next batch.
func (f *Feed) Next() (Batch, error) {
	if f.position.Batch == f.BatchesPerEpoch() {
		f.position = Position{Epoch: f.position.Epoch + 1}
		f.order = f.set.order(f.options.Seed, f.position.Epoch)
	}
	b, err := f.batch(f.group(f.order, f.position.Batch))
	if err != nil {
		return Batch{}, err
	}
	f.position.Batch++
	b.After = f.position
	return b, nil
}

// group is the examples of a batch of an epoch.
func (f *Feed) group(order []int32, number int) []int32 {
	start := number * f.options.Examples
	return order[start:min(start+f.options.Examples, len(order))]
}

// batch lays a group out in the cheapest shape that holds it.
func (f *Feed) batch(group []int32) (Batch, error) {
	texts := make([]text, len(group))
	for i, example := range group {
		var err error
		if texts[i], err = f.set.text(example); err != nil {
			return Batch{}, err
		}
	}
	lengths, labels := f.sizes(group)
	for _, s := range f.shapes {
		rowOf, rows, ok := pack(lengths, s.width, !f.options.Pack)
		if ok && s.holds(shape{rows, s.width, labels}) {
			return newBatch(texts, f.shared, s.inParts(f.options.Parts), rowOf), nil
		}
	}
	return Batch{}, fmt.Errorf("make batches: no shape holds examples of %d tokens", lengths) // the first holds any
}

// sizes are the lengths of a group's own parts, and their labels in all.
func (f *Feed) sizes(group []int32) (lengths []int, labels int) {
	for _, i := range group {
		e := f.set.entries[i]
		lengths = append(lengths, int(e.tokens)-len(f.shared))
		labels += e.labels()
	}
	return lengths, labels
}

// sampled is how many batches of the first epoch decide the shapes.
const sampled = 400

// chooseShapes finds the shapes for the batches of an order.
func (f *Feed) chooseShapes(order []int32) []shape {
	longest := f.set.longest - len(f.shared)
	c := chooser{ladder: ladderOf(longest, !f.options.Pack), shared: len(f.shared)}
	for i := range min(sampled, f.BatchesPerEpoch()) {
		lengths, labels := f.sizes(f.group(order, i))
		c.add(lengths, labels, !f.options.Pack)
	}
	n := min(f.options.Examples, f.set.Len())
	width := roundUp(longest, widthStep)
	return c.choose(shape{rows: n, width: width, labels: n * f.set.most}, f.options.Shapes)
}

// order draws the order of an epoch.
func (s *Set) order(seed int64, epoch int) []int32 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d|%d", seed, epoch))
	start := binary.BigEndian.Uint64(sum[:])
	order := make([]int32, s.Len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := mix(s.entries[a].key^start), mix(s.entries[b].key^start)
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	})
	return order
}

// mix is the finalizer of SplitMix64 (Steele et al. 2014): each bit of the input
// changes each of the output with probability one half, and no two inputs give
// the same.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Once is every example of a set once, as for a loss on held-out examples.
func Once(set *Set, o Options) ([]Batch, error) {
	f, err := NewFeed(set, o, Position{})
	if err != nil {
		return nil, err
	}
	batches := make([]Batch, f.BatchesPerEpoch())
	for i := range batches {
		if batches[i], err = f.Next(); err != nil {
			return nil, err
		}
	}
	return batches, nil
}

// A Shape is the size of a batch.
type Shape struct{ Shared, Rows, Width, Labels int }

// Largest is the shape of the dearest batch.
func (f *Feed) Largest() Shape {
	s := f.shapes[len(f.shapes)-1].inParts(f.options.Parts)
	return Shape{Shared: len(f.shared), Rows: s.rows, Width: s.width, Labels: s.labels}
}
