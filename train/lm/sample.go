package lm

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// sampling is how the next token is chosen from its logits. All of it happens in
// the graph, with no sort, so that it runs on every backend and no logits cross
// to the host.
type sampling struct {
	temperature float64 // 0: the most probable token
	topP        float64 // 0 or 1: no cut
	topK        int     // 0: no cut
	seed        int64
}

// validate refuses settings that mean nothing.
func (s sampling) validate() error {
	switch {
	case !(s.temperature >= 0) || math.IsInf(s.temperature, 0):
		return fmt.Errorf("temperature %g is not 0 or a positive number", s.temperature)
	case !(s.topP >= 0 && s.topP <= 1):
		return fmt.Errorf("top-p %g is not in 0 to 1", s.topP)
	case s.topK < 0:
		return fmt.Errorf("top-k %d is negative", s.topK)
	}
	return nil
}

// key is what the draw for one token of one text depends on, and nothing else:
// neither the batch nor the texts beside it.
func (s sampling) key(text, step int) [2]uint32 {
	word := rand.NewPCG(uint64(s.seed), uint64(text)<<32|uint64(step)).Uint64()
	return [2]uint32{uint32(word >> 32), uint32(word)}
}

// next chooses a token for each row of logits [rows, vocab], given the keys
// [rows, 2] uint32: its id [rows] int32 and its log-probability [rows] float32
// under the model itself, before temperature and cuts.
func (s sampling) next(logits, keys *graph.Node) (ids, logProbs *graph.Node) {
	if s.temperature == 0 {
		ids = graph.ArgMax(logits, -1)
	} else {
		ids = choose(graph.Exp(s.truncate(graph.MulScalar(logits, 1/s.temperature))), uniform(keys))
	}
	return ids, LogProbs(logits, ids)
}

// truncate masks what top-k, then top-p (Holtzman et al. 2020) over the rest,
// leave out of scores [rows, vocab]. Tokens that tie with the last survivor
// survive too.
func (s sampling) truncate(scores *graph.Node) *graph.Node {
	peak := graph.ReduceAndKeep(scores, graph.ReduceMax, -1)
	scores = graph.Sub(scores, peak)
	if s.topK > 0 && s.topK < scores.Shape().Dimensions[1] {
		ones := graph.OnesLike(scores)
		target := graph.MulScalar(graph.OnesLike(peak), s.topK)
		scores = keepFrom(scores, threshold(scores, ones, target))
	}
	if s.topP > 0 && s.topP < 1 {
		weights := graph.Exp(scores)
		target := graph.MulScalar(graph.ReduceAndKeep(weights, graph.ReduceSum, -1), s.topP)
		scores = keepFrom(scores, threshold(scores, weights, target))
	}
	return scores
}

// lowestScore is a score, relative to the best, whose exponential is no longer a
// normal float32.
const lowestScore = -88

// bisections narrow [lowestScore, 0] to about the spacing of float32.
const bisections = 28

// threshold is the highest score, to the precision of the bisection, such that
// the weights of the tokens that reach it sum to the target: [rows, 1]. scores
// and weights are [rows, vocab], the best score 0; target is [rows, 1].
func threshold(scores, weights, target *graph.Node) *graph.Node {
	none := graph.ZerosLike(weights)
	low, high := graph.MulScalar(graph.OnesLike(target), lowestScore), graph.ZerosLike(target)
	for range bisections {
		middle := graph.MulScalar(graph.Add(low, high), 0.5)
		reaches := graph.GreaterOrEqual(scores, middle)
		enough := graph.GreaterOrEqual(
			graph.ReduceAndKeep(graph.Where(reaches, weights, none), graph.ReduceSum, -1), target)
		low, high = graph.Where(enough, middle, low), graph.Where(enough, high, middle)
	}
	return low
}

// keepFrom masks the scores [rows, vocab] below the thresholds [rows, 1].
func keepFrom(scores, threshold *graph.Node) *graph.Node {
	lost := graph.Scalar(scores.Graph(), scores.DType(), masked)
	return graph.Where(graph.GreaterOrEqual(scores, threshold), scores, lost)
}

// uniform is a number in [0, 1) for each of the keys [rows, 2], [rows, 1].
func uniform(keys *graph.Node) *graph.Node {
	word := func(i int) *graph.Node { return graph.SliceAxis(keys, 1, graph.AxisRange(i, i+1)) }
	drawn := noise(graph.ZerosLike(word(0)), word(0), word(1))
	return graph.MulScalar(graph.ConvertDType(drawn, dtypes.Float32), 1.0/noiseSteps)
}

// blockSize is how many ids choose looks at together: about the root of a
// vocabulary's size, so that both searches are short.
const blockSize = 256

// choose draws an id for each row of weights [rows, vocab], none negative, with
// a probability in proportion to its weight: [rows] int32. The ids divide [0, 1)
// among them by their weights, and u [rows, 1] falls into one's part. It is looked
// for among blocks of ids, then within a block: a sum over all ids before each
// would cost more than the model.
func choose(weights, u *graph.Node) *graph.Node {
	rows, vocab := weights.Shape().Dimensions[0], weights.Shape().Dimensions[1]
	blocks := (vocab + blockSize - 1) / blockSize
	zero := graph.ScalarZero(weights.Graph(), weights.DType())
	padded := graph.Pad(weights, zero, compute.PadAxis{}, compute.PadAxis{End: blocks*blockSize - vocab})
	inBlocks := graph.Reshape(padded, rows, blocks, blockSize)
	sums := graph.ReduceSum(inBlocks, -1)
	block, rest := find(sums, graph.Mul(u, graph.ReduceAndKeep(sums, graph.ReduceSum, -1)))
	row := graph.Iota(weights.Graph(), shapes.Make(dtypes.Int32, rows, 1), 0)
	place, _ := find(graph.Gather(inBlocks, graph.Concatenate([]*graph.Node{row, block}, 1)), rest)
	return graph.Squeeze(graph.Add(graph.MulScalar(block, blockSize), place), 1)
}

// find is the place of the first weight [rows, n] with which the sum of those so
// far exceeds the target [rows, 1], [rows, 1] int32, and what is left of the
// target before it. A weight of 0 is never found, whatever the sums' rounding.
func find(weights, target *graph.Node) (place, rest *graph.Node) {
	dims, sums := weights.Shape().Dimensions, cumulative(weights)
	places := graph.Iota(weights.Graph(), shapes.Make(dtypes.Int32, dims...), 1)
	some := graph.GreaterThan(weights, graph.ZerosLike(weights))
	beyond := graph.And(some, graph.GreaterThan(sums, graph.BroadcastToDims(target, dims...)))
	first := graph.Where(beyond, places, graph.AddScalar(graph.ZerosLike(places), dims[1]))
	last := graph.Where(some, places, graph.ZerosLike(places))
	place = graph.Min(graph.ReduceAndKeep(first, graph.ReduceMin, -1), graph.ReduceAndKeep(last, graph.ReduceMax, -1))
	here := graph.Equal(places, graph.BroadcastToDims(place, dims...))
	before := graph.ReduceAndKeep(graph.Where(here, graph.Sub(sums, weights), graph.ZerosLike(sums)), graph.ReduceSum, -1)
	return place, graph.MaxScalar(graph.Sub(target, before), 0)
}

// cumulative is the sums of x [rows, n] from the first column to each, by sums of
// 2, 4, 8, ... columns.
func cumulative(x *graph.Node) *graph.Node {
	for step := 1; step < x.Shape().Dimensions[1]; step *= 2 {
		x = graph.Add(x, graph.ShiftRight(x, step, 0))
	}
	return x
}
