package lm

import (
	"fmt"
	"math"
	"math/rand/v2"

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
// under the model itself, before temperature and cuts. Adding Gumbel noise and
// taking the largest draws from the softmax (Gumbel-max trick).
func (s sampling) next(logits, keys *graph.Node) (ids, logProbs *graph.Node) {
	scores := logits
	if s.temperature > 0 {
		scores = s.truncate(graph.MulScalar(logits, 1/s.temperature))
		scores = graph.Add(scores, gumbel(keys, logits.Shape().Dimensions[1]))
	}
	ids = graph.ArgMax(scores, -1)
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

// gumbel is noise [rows, vocab] of the standard Gumbel distribution, a function
// of the row's key [rows, 2] and the token's id: -log(-log(u)).
func gumbel(keys *graph.Node, vocab int) *graph.Node {
	ids := graph.Iota(keys.Graph(), shapes.Make(dtypes.Uint32, keys.Shape().Dimensions[0], vocab), 1)
	column := func(i int) *graph.Node { return graph.SliceAxis(keys, 1, graph.AxisRange(i, i+1)) }
	// Moved by half a step: u is never 0, never 1.
	uniform := graph.ConvertDType(noise(ids, column(0), column(1)), dtypes.Float32)
	uniform = graph.MulScalar(graph.AddScalar(uniform, 0.5), 1.0/noiseSteps)
	return graph.Neg(graph.Log(graph.Neg(graph.Log(uniform))))
}
