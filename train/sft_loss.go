package train

import (
	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas

	"alignctl/train/lm"
)

// sftLoss is supervised fine-tuning's loss, the negative log-likelihood of the
// labelled tokens under the model, given all tokens before them:
//
//	L = - sum over labelled t of log p(x[t] | x[<t])
//
// In training, smoothing replaces a share of each label by the uniform
// distribution (see lm.Batch). The inputs are the fields of lm.Batch in their
// order.
func sftLoss(decoder *lm.Decoder, smoothing float64) LossGraph {
	return func(noise *Node, in []*Node) LossNodes {
		batch := lm.Batch{IDs: in[0], Positions: in[1], Segments: in[2], Index: in[3], Targets: in[4], Weights: in[5]}
		if noise != nil {
			batch.Dropout, batch.Smoothing = noise, smoothing
		}
		one := ScalarOne(batch.Weights.Graph(), batch.Weights.DType())
		return LossNodes{Sum: decoder.CompletionLoss(batch, one), Tokens: ReduceAllSum(batch.Weights)}
	}
}
