package lm

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// A Batch is padded or packed rows of tokens with a list of the predictions that
// count. The list is padded too, so that few shapes need compiling.
type Batch struct {
	IDs       *graph.Node // [batch, time] int32
	Positions *graph.Node // [batch, time] int32: place in its text, from 0
	Ends      *graph.Node // [batch, time] int32: what may see it, as CausalMask takes them
	Shared    *graph.Node // [shared] int32: what all rows begin with, as Tokens has it; nil: nothing

	Index   *graph.Node // [labels] int32: row*time + t of the token that predicts the next one
	Targets *graph.Node // [labels] int32: the id it should predict
	Weights *graph.Node // [labels] float32: 1 counts; 0 is padding of the list

	Dropout   *graph.Node // as Tokens.Dropout
	Smoothing float64     // share of each label that is spread over the vocabulary (Szegedy et al. 2016)
}

// PartedInputs is how many of NewBatch's inputs, the first ones, have rows or
// labels on their first axis: devices share these out (see NewProgram).
const PartedInputs = 6

// NewBatch names a graph's inputs: IDs, Positions, Ends, Index, Targets, Weights
// and, where there is a seventh, Shared.
func NewBatch(in []*graph.Node) Batch {
	b := Batch{IDs: in[0], Positions: in[1], Ends: in[2], Index: in[3], Targets: in[4], Weights: in[5]}
	if len(in) > 6 {
		b.Shared = in[6]
	}
	return b
}

// hidden is the states of the batch's rows, [batch, time, hidden].
func (d *Decoder) hidden(in Batch) *graph.Node {
	return d.Hidden(Tokens{IDs: in.IDs, Positions: in.Positions, Mask: in.mask(), Shared: in.Shared,
		Dropout: in.Dropout})
}

// mask is [batch, time, shared+time] bool.
func (b Batch) mask() *graph.Node {
	mask := CausalMask(b.Ends)
	if b.Shared == nil {
		return mask
	}
	return afterShared(b.Shared.Shape().Dimensions[0], mask)
}

// States is the hidden states that predict the batch's labels, [labels, hidden]:
// only they meet the vocabulary projection.
func (d *Decoder) States(in Batch) *graph.Node {
	dims := in.IDs.Shape().Dimensions
	hidden := graph.Reshape(d.hidden(in), dims[0]*dims[1], d.Config.HiddenSize)
	return graph.Gather(hidden, graph.InsertAxes(in.Index, -1))
}

// TokenLogProbs is log p(target | the tokens before it) for each label of the
// batch, [labels] float32; with smoothing, the expectation of log p under the
// smoothed label.
func (d *Decoder) TokenLogProbs(in Batch) *graph.Node {
	return smoothedLogProbs(d.Logits(d.States(in)), in.Targets, in.Smoothing)
}

// CompletionLoss is the cross-entropy summed over the batch's labels and divided
// by tokens, a float32 scalar. Under gradient accumulation tokens is the count
// over all of the step's batches, so that each token weighs the same however
// the step was cut.
func (d *Decoder) CompletionLoss(in Batch, tokens *graph.Node) *graph.Node {
	logProbs := d.TokenLogProbs(in)
	logProbs = graph.Mul(logProbs, graph.ConvertDType(in.Weights, logProbs.DType()))
	return graph.Neg(graph.Div(graph.ReduceAllSum(logProbs), graph.ConvertDType(tokens, logProbs.DType())))
}

// LogProbs is the log-softmax of logits [rows, vocab] at targets [rows] int32:
// [rows].
func LogProbs(logits, targets *graph.Node) *graph.Node { return smoothedLogProbs(logits, targets, 0) }

// smoothedLogProbs is the mean of the log-softmax of logits [rows, vocab] under
// the label (1-smoothing) onehot(target) + smoothing/vocab: [rows]. Few tensors
// of the logits' size are made: they are the largest of a step.
func smoothedLogProbs(logits, targets *graph.Node, smoothing float64) *graph.Node {
	g, dims := logits.Graph(), logits.Shape().Dimensions
	fixed := graph.StopGradient(logits)
	probs, logSum := softmaxAndLogSum(fixed)
	row := graph.Iota(g, shapes.Make(targets.DType(), dims[0]), 0)
	picked := graph.Gather(fixed, graph.Stack([]*graph.Node{row, targets}, 1))
	if smoothing > 0 {
		mean := graph.ReduceMean(fixed, -1)
		picked = graph.Add(graph.MulScalar(picked, 1-smoothing), graph.MulScalar(mean, smoothing))
	}

	// d(log p)/d(logits) is the label's distribution minus probs. It travels by the
	// first column: (column - column) adds nothing but a path for the gradient.
	column := graph.AxisRangeFromStart(1)
	carrier := graph.IdentityWithCustomGradient(logits, func(_, v *graph.Node) *graph.Node {
		ids := graph.Iota(g, shapes.Make(targets.DType(), dims...), 1)
		isTarget := graph.Equal(ids, graph.BroadcastToDims(graph.InsertAxes(targets, -1), dims...))
		label := graph.ConvertDType(isTarget, logits.DType())
		if smoothing > 0 {
			label = graph.AddScalar(graph.MulScalar(label, 1-smoothing), smoothing/float64(dims[1]))
		}
		return graph.Mul(graph.Sub(label, probs), graph.SliceAxis(v, 1, column))
	})
	path := graph.Sub(graph.SliceAxis(carrier, 1, column), graph.SliceAxis(fixed, 1, column)) // [rows, 1]
	return graph.Add(graph.Sub(picked, logSum), graph.Squeeze(path, 1))
}
