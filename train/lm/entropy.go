package lm

import "github.com/gomlx/gomlx/core/graph"

// Entropy is that of the softmax p of each row of logits [rows, vocab], in nats:
// [rows]. It is log sum exp(logits) minus the mean of the logits under p.
func Entropy(logits *graph.Node) *graph.Node {
	fixed := graph.StopGradient(logits)
	p, logSum := softmaxAndLogSum(fixed)
	entropy := graph.Sub(logSum, graph.ReduceSum(graph.Mul(p, fixed), -1))

	// dH/d(logits) is -p (log p + H). It travels by the first column, as in
	// smoothedLogProbs.
	column := graph.AxisRangeFromStart(1)
	carrier := graph.IdentityWithCustomGradient(logits, func(_, v *graph.Node) *graph.Node {
		offset := graph.InsertAxes(graph.Sub(entropy, logSum), -1)
		slope := graph.Neg(graph.Mul(p, graph.Add(fixed, offset)))
		return graph.Mul(slope, graph.SliceAxis(v, 1, column))
	})
	path := graph.Sub(graph.SliceAxis(carrier, 1, column), graph.SliceAxis(fixed, 1, column)) // [rows, 1]
	return graph.Add(entropy, graph.Squeeze(path, 1))
}

// softmaxAndLogSum gives the softmax of each row of logits [rows, vocab], and
// log sum exp of it [rows]. The likeliest id has exp(0) over the sum of all
// exponentials, so that this quotient, at least 1/vocab, gives the sum without
// overflow or underflow.
func softmaxAndLogSum(logits *graph.Node) (probs, logSum *graph.Node) {
	probs = graph.Softmax(logits, -1)
	return probs, graph.Sub(graph.ReduceMax(logits, -1), graph.Log(graph.ReduceMax(probs, -1)))
}
