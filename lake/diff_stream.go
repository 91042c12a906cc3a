package lake

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"golang.org/x/sync/errgroup"

	"alignctl/internal/progress"
	"alignctl/lake/iceberg"
)

// A piece is a run of rows of one version in key order. Its keys grow strictly,
// or, when it is repeated, all of its rows have one key, and no other piece has
// rows of that key.
type piece struct {
	span
	repeated bool
}

func (p piece) rows() int { return p.to - p.from }

// errDisorder says that files which should be in key order, each key once, are
// not.
var errDisorder = errors.New("rows aren't in key order, each key once")

// A keyStream reads the rows of a version in key order, and sends them as
// pieces, a few ahead of whoever takes them.
type keyStream struct {
	scan *scopeScan
	cut  cutter
	out  chan piece
	task progress.Task
}

// A cutter makes pieces of rows that come in key order.
type cutter interface {
	take(rows span, key []arrow.Array) ([]piece, error)
	// end gives the pieces held back so far.
	end() ([]piece, error)
}

// stream starts to read files in the background, merged by key.
func stream(ctx context.Context, scan *scopeScan, cut cutter, files []iceberg.DataFile, task progress.Task,
	work *errgroup.Group) <-chan piece {
	const ahead = 2
	s := &keyStream{scan: scan, cut: cut, out: make(chan piece, ahead), task: task}
	work.Go(func() error {
		defer close(s.out)
		return s.read(ctx, files)
	})
	return s.out
}

func (s *keyStream) read(ctx context.Context, files []iceberg.DataFile) (err error) {
	m := &merge{}
	defer func() { err = errors.Join(err, m.close()) }()
	for _, f := range files {
		if err := m.open(ctx, s.scan, f.Path); err != nil {
			return damaged(err)
		}
	}
	rows, ok, err := m.next()
	for ; ok && err == nil; rows, ok, err = m.next() {
		pieces, err := s.cut.take(rows, s.scan.keyOf(rows))
		if err := errors.Join(err, s.send(ctx, pieces)); err != nil {
			return err
		}
		s.task.Add(int64(rows.to - rows.from))
	}
	if err != nil {
		return damaged(err)
	}
	pieces, err := s.cut.end()
	return errors.Join(err, s.send(ctx, pieces))
}

func (s *keyStream) send(ctx context.Context, pieces []piece) error {
	for _, p := range pieces {
		select {
		case s.out <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// A strictCutter passes rows on as they come, and sees that their keys grow.
type strictCutter struct {
	scan *scopeScan
	last []arrow.Array // the key of the row before, arrays of one value
}

func (c *strictCutter) take(rows span, key []arrow.Array) ([]piece, error) {
	if c.last != nil && c.scan.compare(c.last, 0, key, rows.from) >= 0 {
		return nil, fmt.Errorf("%w at (%s)", errDisorder, c.scan.describe(rows, rows.from))
	}
	for i := rows.from + 1; i < rows.to; i++ {
		if c.scan.compare(key, i-1, key, i) >= 0 {
			return nil, fmt.Errorf("%w at (%s)", errDisorder, c.scan.describe(rows, i))
		}
	}
	c.last = c.last[:0]
	for _, column := range key {
		c.last = append(c.last, array.NewSlice(column, int64(rows.to-1), int64(rows.to)))
	}
	return []piece{{span: rows}}, nil
}

func (c *strictCutter) end() ([]piece, error) { return nil, nil }

// A groupCutter makes one repeated piece of the rows of each key that comes more
// than once, across batches too.
type groupCutter struct {
	scan *scopeScan
	held []span // the rows of the last key
	run  span   // rows of keys that came once, before held
}

func (c *groupCutter) take(rows span, key []arrow.Array) (out []piece, err error) {
	for from := rows.from; from < rows.to; {
		to := from + 1
		for to < rows.to && c.scan.compare(key, from, key, to) == 0 {
			to++
		}
		same := span{columns: rows.columns, from: from, to: to}
		if c.continues(same, key) {
			c.held = append(c.held, same)
		} else {
			if out, err = c.flush(out); err != nil {
				return nil, err
			}
			c.held = append(c.held, same)
		}
		from = to
	}
	return c.sendRun(out), nil
}

// continues says whether rows have the key of those that are held.
func (c *groupCutter) continues(rows span, key []arrow.Array) bool {
	if len(c.held) == 0 {
		return false
	}
	last := c.held[len(c.held)-1]
	return c.scan.compare(c.scan.keyOf(last), last.from, key, rows.from) == 0
}

// flush adds the rows held to the run, or, as a piece of their own, to out.
func (c *groupCutter) flush(out []piece) ([]piece, error) {
	held := c.held
	c.held = nil
	if len(held) == 0 {
		return out, nil
	}
	single := len(held) == 1 && held[0].to-held[0].from == 1
	if single && c.run.to == held[0].from && sameBatch(c.run, held[0]) {
		c.run.to = held[0].to
		return out, nil
	}
	out = c.sendRun(out)
	if single {
		c.run = held[0]
		return out, nil
	}
	joined, err := concatenate(held)
	return append(out, piece{span: joined, repeated: true}), err
}

func (c *groupCutter) sendRun(out []piece) []piece {
	if c.run.to > c.run.from {
		out = append(out, piece{span: c.run})
	}
	c.run = span{}
	return out
}

func (c *groupCutter) end() ([]piece, error) {
	out, err := c.flush(nil)
	return c.sendRun(out), err
}

func sameBatch(a, b span) bool { return len(a.columns) > 0 && a.columns[0] == b.columns[0] }

// concatenate makes one span of several.
func concatenate(spans []span) (span, error) {
	if len(spans) == 1 {
		return spans[0], nil
	}
	out := span{columns: make([]arrow.Array, len(spans[0].columns))}
	for i := range out.columns {
		parts := make([]arrow.Array, len(spans))
		for j, s := range spans {
			parts[j] = array.NewSlice(s.columns[i], int64(s.from), int64(s.to))
		}
		joined, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			return span{}, fmt.Errorf("join rows of one key: %w", err)
		}
		out.columns[i], out.to = joined, joined.Len()
	}
	return out, nil
}
