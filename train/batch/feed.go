package batch

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Options say how a Feed cuts a Set.
type Options struct {
	Rows   int   // examples in a batch
	Widths int   // at most so many different widths; 0: 4
	Seed   int64 // of the order
}

// defaultWidths balances padding against shapes to compile.
const defaultWidths = 4

// A Position is the place of the next batch: enough to resume exactly.
type Position struct {
	Epoch int `json:"epoch"` // from 0
	Batch int `json:"batch"` // within the epoch, from 0
}

// A Feed yields a Set's batches, epoch after epoch without end. Each epoch
// holds every example once, in an order that is a function of the seed, the
// epoch and the examples' ids.
type Feed struct {
	set      *Set
	options  Options
	widths   []int
	position Position
	plan     []group // of the position's epoch
}

// A group is the examples of one batch.
type group struct {
	examples []int
	width    int
}

// NewFeed starts a feed at a position.
func NewFeed(set *Set, o Options, from Position) (*Feed, error) {
	if set.Len() == 0 {
		return nil, errors.New("make batches: no example with a token to learn")
	}
	if o.Rows < 1 {
		return nil, fmt.Errorf("make batches: %d rows: want at least 1", o.Rows)
	}
	if o.Widths == 0 {
		o.Widths = defaultWidths
	}
	f := &Feed{set: set, options: o, widths: set.widths(o.Widths), position: from}
	f.plan = f.epoch(from.Epoch)
	if from.Batch < 0 || from.Batch > len(f.plan) {
		return nil, fmt.Errorf("make batches: position %d of an epoch of %d batches", from.Batch, len(f.plan))
	}
	return f, nil
}

// BatchesPerEpoch is the number of batches in the current epoch; epochs differ
// by less than the number of widths.
func (f *Feed) BatchesPerEpoch() int { return len(f.plan) }

// Position is where the next batch is.
func (f *Feed) Position() Position { return f.position }

// Next makes the next batch.
func (f *Feed) Next() Batch {
	if f.position.Batch == len(f.plan) {
		f.position = Position{Epoch: f.position.Epoch + 1}
		f.plan = f.epoch(f.position.Epoch)
	}
	g := f.plan[f.position.Batch]
	f.position.Batch++
	return f.set.batch(g, f.options.Rows)
}

// epoch plans an epoch: examples in their order fill the batch of their width,
// and what is left over at the end shares batches, narrow with narrow.
func (f *Feed) epoch(number int) []group {
	var plan []group
	open := make([]group, len(f.widths))
	for _, i := range f.order(number) {
		at, _ := slices.BinarySearch(f.widths, f.set.length(i))
		g := &open[at]
		g.examples, g.width = append(g.examples, i), f.widths[at]
		if len(g.examples) == f.options.Rows {
			plan = append(plan, *g)
			*g = group{}
		}
	}
	var left group
	for _, g := range open {
		for _, i := range g.examples {
			left.examples, left.width = append(left.examples, i), g.width
			if len(left.examples) == f.options.Rows {
				plan = append(plan, left)
				left = group{}
			}
		}
	}
	if len(left.examples) > 0 {
		plan = append(plan, left)
	}
	return plan
}

// order draws the order of an epoch.
func (f *Feed) order(epoch int) []int {
	type drawn struct {
		draw    uint64
		example int
	}
	draws := make([]drawn, f.set.Len())
	for i, name := range f.set.names {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d|%d|%s", f.options.Seed, epoch, name))
		draws[i] = drawn{binary.BigEndian.Uint64(sum[:]), i}
	}
	slices.SortFunc(draws, func(a, b drawn) int {
		if order := cmp.Compare(a.draw, b.draw); order != 0 {
			return order
		}
		return cmp.Compare(f.set.names[a.example], f.set.names[b.example])
	})
	order := make([]int, len(draws))
	for i, d := range draws {
		order[i] = d.example
	}
	return order
}

// Once is every example of a set once, in the set's order, as for a loss on
// held-out examples.
func Once(set *Set, o Options) ([]Batch, error) {
	f, err := NewFeed(set, o, Position{})
	if err != nil {
		return nil, err
	}
	batches := make([]Batch, len(f.plan))
	for i := range batches {
		batches[i] = f.Next()
	}
	return batches, nil
}

// A Shape is the size of a batch.
type Shape struct{ Rows, Width, Labels int }

// Largest is the shape that no batch of the epoch exceeds: the widest rows, and
// the most labels.
func (f *Feed) Largest() Shape {
	shape := Shape{Rows: f.options.Rows}
	for _, g := range f.plan {
		labels := 0
		for _, i := range g.examples {
			ids, prompt := f.set.example(i)
			labels += len(ids) - max(prompt, 1)
		}
		shape.Width, shape.Labels = max(shape.Width, g.width), max(shape.Labels, labels)
	}
	return shape
}
