package lm

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Generation runs a batch of lanes, each holding one text at a time. The cache is
// a list of the keys and values of layer 0, of layer 1, ..., each
// [lanes, kvHeads, columns, headDim]. A lane's columns are
//
//	prompt  one a token from the left; written when the text enters the lane
//	ring    the generated tokens: every lane writes the same column in a step, the
//	        next one in the next step, and after the last again the first
//
// Keys are rotated before they are stored, so their place doesn't matter: a mask
// says which columns are the lane's own text. Thus a text can enter a lane while
// others run, and a step writes one column, however long the texts are.

// freshCache is the KVCache of a pass over new tokens, which see themselves and,
// where there is one, a prefix that all rows share. What they see is kept.
type freshCache struct {
	prefix []*graph.Node // [1, kvHeads, prefix, headDim] each; empty: none
	kept   []*graph.Node // [rows, kvHeads, prefix+time, headDim] each
}

// Extend puts the prefix before the new keys and values, and keeps them all.
func (c *freshCache) Extend(_ int, k, v *graph.Node) (allK, allV *graph.Node) {
	for _, fresh := range []*graph.Node{k, v} {
		if len(c.prefix) > 0 {
			fresh = inFront(c.prefix[len(c.kept)], fresh)
		}
		c.kept = append(c.kept, fresh)
	}
	return c.kept[len(c.kept)-2], c.kept[len(c.kept)-1]
}

// laneCache is the KVCache of a step, which writes one column of every lane. Not
// every backend can update a slice, and none does it in place between
// executions, so the column is chosen by a comparison.
type laneCache struct {
	stored []*graph.Node
	here   *graph.Node // [1, 1, columns, 1] bool: the column to write
}

// Extend writes the step's key and value.
func (c *laneCache) Extend(layer int, k, v *graph.Node) (allK, allV *graph.Node) {
	for i, fresh := range []*graph.Node{k, v} {
		old := c.stored[2*layer+i]
		dims := old.Shape().Dimensions
		c.stored[2*layer+i] = graph.Where(
			graph.BroadcastToDims(c.here, dims...), graph.BroadcastToDims(fresh, dims...), old)
	}
	return c.stored[2*layer], c.stored[2*layer+1]
}

// prefixGraph builds the pass over a prefix, ids [1, time] int32: its cache, and
// the hidden states, for which nobody asks but without which GoMLX's Go backend
// stumbles over the operations that lead to no output.
func (gen *Generator) prefixGraph(_ *model.Scope, in []*graph.Node) []*graph.Node {
	ids := in[0]
	cache := &freshCache{}
	hidden := gen.model.Decoder.Hidden(Tokens{
		IDs: ids, Positions: graph.Iota(ids.Graph(), ids.Shape(), 1),
		Mask: CausalMask(graph.MulScalar(graph.OnesLike(ids), ids.Shape().Dimensions[1])), Cache: cache,
	})
	return append(cache.kept, hidden)
}

// admitGraph builds the pass that brings prompts into lanes. Inputs:
//
//	ids     [rows, time] int32: what follows the prefix, padded on the right
//	lengths [rows] int32: how many of them are the prompt's, at least 1
//	row     [lanes] int32: the row of ids that enters this lane, the same one for
//	        texts that continue one prompt; -1: none
//	keys    [lanes, 2] uint32, for sampling
//	cache of the lanes, then that of the prefix where there is one
//
// Outputs: the first generated token of each lane that a row enters and its
// log-probability, and the new cache of the lanes.
func (gen *Generator) admitGraph(_ *model.Scope, in []*graph.Node) []*graph.Node {
	ids, lengths, row, keys := in[0], in[1], in[2], in[3]
	stored := in[4 : 4+2*gen.model.Config.Layers]
	cache := &freshCache{prefix: in[4+len(stored):]}
	rows, time := ids.Shape().Dimensions[0], ids.Shape().Dimensions[1]
	hidden := gen.freshHidden(ids, lengths, cache)
	hidden = graph.Reshape(hidden, rows*time, gen.model.Config.HiddenSize)
	last := graph.Add(graph.MulScalar(graph.Iota(ids.Graph(), lengths.Shape(), 0), time), graph.AddScalar(lengths, -1))
	logits := gen.model.Decoder.Logits(graph.Gather(hidden, graph.InsertAxes(last, -1))) // [rows, vocab]
	entrance := entranceOf(row)
	next, logProbs := gen.sampling.next(graph.Gather(logits, entrance.from), keys)
	return append([]*graph.Node{next, logProbs}, entrance.enter(cache.kept, stored)...)
}

// freshHidden runs new tokens, of which lengths [rows] count, after the prefix:
// [rows, time, hidden].
func (gen *Generator) freshHidden(ids, lengths *graph.Node, cache *freshCache) *graph.Node {
	g, dims := ids.Graph(), ids.Shape().Dimensions
	places := graph.Iota(g, ids.Shape(), 1)
	mask := CausalMask(graph.BroadcastToDims(graph.InsertAxes(lengths, -1), dims...))
	positions := places
	if len(cache.prefix) > 0 {
		length := cache.prefix[0].Shape().Dimensions[2]
		mask = afterShared(length, mask)
		positions = graph.AddScalar(places, length)
	}
	return gen.model.Decoder.Hidden(Tokens{IDs: ids, Positions: positions, Mask: mask, Cache: cache})
}

// An entrance says which row of a pass enters which lane.
type entrance struct {
	from   *graph.Node // [lanes, 1] int32: the row; any where none enters
	enters *graph.Node // [lanes] bool
}

// entranceOf reads row [lanes], in which -1 is none.
func entranceOf(row *graph.Node) entrance {
	zero := graph.ScalarZero(row.Graph(), row.DType())
	return entrance{from: graph.InsertAxes(graph.Max(row, zero), -1), enters: graph.GreaterOrEqual(row, zero)}
}

// enter replaces the prompt columns of the lanes that get a row of fresh.
func (e entrance) enter(fresh, stored []*graph.Node) []*graph.Node {
	enters := graph.Reshape(e.enters, -1, 1, 1, 1)
	entered := make([]*graph.Node, len(stored))
	for i, old := range stored {
		columns := fresh[i].Shape().Dimensions[2]
		prompt := graph.SliceAxis(old, 2, graph.AxisRangeFromStart(columns))
		mask := graph.BroadcastToDims(enters, prompt.Shape().Dimensions...)
		prompt = graph.Where(mask, graph.Gather(fresh[i], e.from), prompt)
		entered[i] = graph.Concatenate([]*graph.Node{prompt, graph.SliceAxis(old, 2, graph.AxisRangeToEnd(columns))}, 2)
	}
	return entered
}

// stepGraph builds the pass of one token in every lane. Inputs:
//
//	ids       [lanes] int32: the newest token
//	lengths   [lanes] int32: tokens of the prompt
//	generated [lanes] int32: tokens generated so far; 0: the lane is free
//	clock     scalar int32: steps before this one
//	keys      [lanes, 2] uint32, for sampling
//	cache of the lanes
//
// Outputs: the next token of each lane and its log-probability, and the new cache.
func (gen *Generator) stepGraph(_ *model.Scope, in []*graph.Node) []*graph.Node {
	ids, lengths, generated, clock, keys, stored := in[0], in[1], in[2], in[3], in[4], in[5:]
	decoder, ring, columns := gen.model.Decoder, gen.options.MaxNewTokens, stored[0].Shape().Dimensions[2]
	column := graph.AddScalar(graph.ModScalar(clock, ring), columns-ring)
	place := graph.Iota(ids.Graph(), shapes.Make(dtypes.Int32, 1, 1, columns, 1), 2)
	cache := &laneCache{stored: slices.Clone(stored), here: graph.Equal(place, column)}
	positions := graph.AddScalar(graph.Add(lengths, generated), -1)
	hidden := decoder.Hidden(Tokens{
		IDs: graph.InsertAxes(ids, -1), Positions: graph.InsertAxes(positions, -1),
		Mask: ownColumns(lengths, generated, clock, columns, ring), Cache: cache,
	})
	next, logProbs := gen.sampling.next(decoder.Logits(graph.Squeeze(hidden, 1)), keys)
	return append([]*graph.Node{next, logProbs}, cache.stored...)
}

// ownColumns says which columns hold a lane's own text, [lanes, 1, columns] bool:
// the first lengths [lanes] of the prompt's, and those that were written in the
// last generated [lanes] steps up to the clock's (scalar) of the ring's.
func ownColumns(lengths, generated, clock *graph.Node, columns, ring int) *graph.Node {
	lanes := lengths.Shape().Dimensions[0]
	place := graph.Iota(clock.Graph(), shapes.Make(dtypes.Int32, 1, 1, columns), 2)
	slot := graph.AddScalar(place, ring-columns) // in the ring; negative: in the prompt
	age := graph.ModScalar(graph.AddScalar(graph.Sub(clock, slot), ring), ring)
	wide := func(x *graph.Node) *graph.Node {
		if x.Rank() == 1 {
			x = graph.Reshape(x, lanes, 1, 1)
		}
		return graph.BroadcastToDims(x, lanes, 1, columns)
	}
	zero := graph.ScalarZero(clock.Graph(), dtypes.Int32)
	return graph.Where(wide(graph.LessThan(slot, zero)),
		graph.LessThan(wide(place), wide(lengths)), graph.LessThan(wide(age), wide(generated)))
}

// emptyCache allocates a cache of so many lanes and columns.
func (gen *Generator) emptyCache(lanes, columns int) []*tensors.Tensor {
	c := gen.model.Config
	cache := make([]*tensors.Tensor, 2*c.Layers)
	for i := range cache {
		cache[i] = tensors.FromShape(shapes.Make(gen.model.Decoder.compute, lanes, c.KVHeads, columns, c.HeadDim))
	}
	return cache
}

// donate gives a cache's buffers to the next execution as arguments, which frees
// them as soon as that has read them. The tensors can't be used afterwards.
func (gen *Generator) donate(cache []*tensors.Tensor) ([]any, error) {
	arguments := make([]any, len(cache))
	for i, tensor := range cache {
		buffer, err := graph.DonateTensorBuffer(tensor, gen.model.Backend, 0)
		if err != nil {
			return nil, fmt.Errorf("hand over the key-value cache: %w", err)
		}
		arguments[i] = buffer
	}
	return arguments, nil
}
