package train

import (
	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/train/lm"
)

// sftLoss is supervised fine-tuning's loss, the negative log-likelihood of the
// labelled tokens under the model, given all tokens before them:
//
//	L = - sum over labelled t of log p(x[t] | x[<t])
//
// The inputs are the fields of lm.Batch in their order.
func sftLoss(decoder *lm.Decoder) LossGraph {
	return func(_ *model.Scope, in []*Node) LossNodes {
		batch := lm.Batch{IDs: in[0], Positions: in[1], Segments: in[2], Index: in[3], Targets: in[4], Weights: in[5]}
		one := ScalarOne(batch.Weights.Graph(), batch.Weights.DType())
		return LossNodes{Sum: decoder.CompletionLoss(batch, one), Tokens: ReduceAllSum(batch.Weights)}
	}
}
