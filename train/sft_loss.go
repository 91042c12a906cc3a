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
// distribution (see lm.Batch). The inputs are those of lm.NewBatch.
func sftLoss(decoder *lm.Decoder, smoothing float64) LossGraph {
	return func(noise *Node, in []*Node) LossNodes {
		batch := lm.NewBatch(in)
		if noise != nil {
			batch.Dropout, batch.Smoothing = noise, smoothing
		}
		one := ScalarOne(batch.Weights.Graph(), batch.Weights.DType())
		return LossNodes{Sum: decoder.CompletionLoss(batch, one), Count: ReduceAllSum(batch.Weights)}
	}
}
