package train

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas

	"alignctl/train/lm"
)

// A preferenceLoss is the loss of each pair, [pairs], by how much more the
// policy prefers the chosen answer than the reference does:
//
//	delta = (log pi(chosen) - log ref(chosen)) - (log pi(rejected) - log ref(rejected))
type preferenceLoss func(delta *Node, o *DPOOptions) *Node

// preferenceLosses are the losses by name.
var preferenceLosses = map[string]preferenceLoss{
	"sigmoid": sigmoidLoss, "ipo": ipoLoss, "hinge": hingeLoss,
}

// PreferenceLosses lists the losses that DPO knows.
func PreferenceLosses() []string { return slices.Sorted(maps.Keys(preferenceLosses)) }

// sigmoidLoss is DPO's own (Rafailov et al. 2023, equation 7), with labels that
// are wrong with probability e (Mitchell 2023, conservative DPO):
//
//	-(1-e) log sigmoid(beta delta) - e log sigmoid(-beta delta)
func sigmoidLoss(delta *Node, o *DPOOptions) *Node {
	z := MulScalar(delta, o.Beta)
	loss := MulScalar(softplus(Neg(z)), 1-o.LabelSmoothing)
	return Add(loss, MulScalar(softplus(z), o.LabelSmoothing))
}

// ipoLoss draws delta towards 1/(2 beta) (Azar et al. 2023, equation 17).
func ipoLoss(delta *Node, o *DPOOptions) *Node {
	return Square(AddScalar(delta, -1/(2*o.Beta)))
}

// hingeLoss asks for a margin of 1 (Zhao et al. 2023, SLiC):
//
//	max(0, 1 - beta delta)
func hingeLoss(delta *Node, o *DPOOptions) *Node {
	return MaxScalar(OneMinus(MulScalar(delta, o.Beta)), 0)
}

// softplus is log(1 + exp x), without overflow at any x, and with the gradient
// sigmoid(x), at 0 too. It travels by a term that adds nothing.
func softplus(x *Node) *Node {
	carrier := IdentityWithCustomGradient(x, func(x, v *Node) *Node { return Mul(v, Sigmoid(x)) })
	fixed := StopGradient(x)
	value := Add(MaxScalar(fixed, 0), Log1P(Exp(Neg(Abs(fixed)))))
	return Add(value, Sub(carrier, fixed))
}

// A pairBatch is the inputs of a loss on pairs.
type pairBatch struct {
	lm.Batch
	branches  *Node // [labels] int32: 2*pair, and one more for the rejected answer
	reference *Node // [2*pairs] float32: log-probabilities of the branches
	weights   *Node // [pairs] float32: 1 counts; 0 is padding
}

// newPairBatch names a graph's inputs: those of lm.NewBatch without Shared, the
// pairBatch's own, and Shared where there is one.
func newPairBatch(in []*Node) pairBatch {
	return pairBatch{Batch: lm.NewBatch(append(slices.Clone(in[:6]), in[9:]...)),
		branches: in[6], reference: in[7], weights: in[8]}
}

// perBranch sums values [labels] over the labels of each branch, [2*pairs].
func (b pairBatch) perBranch(values *Node) *Node {
	labels, branches := b.branches.Shape().Dimensions[0], b.reference.Shape().Dimensions[0]
	square := shapes.Make(b.branches.DType(), labels, branches)
	own := Equal(Iota(values.Graph(), square, 1), BroadcastToDims(InsertAxes(b.branches, -1), labels, branches))
	spread := BroadcastToDims(InsertAxes(Mul(values, b.Weights), -1), labels, branches)
	return ReduceSum(Where(own, spread, ZerosLike(spread)), 0)
}

// logProbs are the log-probabilities of the branches, [2*pairs]: sums over their
// tokens, the end token among them, the prompt's not.
func (b pairBatch) logProbs(d *lm.Decoder) *Node { return b.perBranch(d.TokenLogProbs(b.Batch)) }

// sides parts values by branch [2*pairs] into those of the chosen and those of
// the rejected answers, [pairs] each.
func sides(values *Node) (chosen, rejected *Node) {
	byPair := Reshape(values, -1, 2)
	return Squeeze(SliceAxis(byPair, 1, AxisRange(0, 1)), 1), Squeeze(SliceAxis(byPair, 1, AxisRange(1, 2)), 1)
}

// dpoLoss is direct preference optimization's loss. Its metrics have TRL's names.
func dpoLoss(decoder *lm.Decoder, o *DPOOptions) LossGraph {
	return func(noise *Node, in []*Node) LossNodes {
		b := newPairBatch(in)
		b.Dropout = noise
		return b.loss(b.logProbs(decoder), o)
	}
}

// loss is that of the batch's pairs, by the policy's log-probabilities.
func (b pairBatch) loss(policy *Node, o *DPOOptions) LossNodes {
	ratio := Sub(policy, b.reference)
	if o.LengthNormalized {
		ratio = Div(ratio, MaxScalar(b.perBranch(OnesLike(b.Weights)), 1))
	}
	chosen, rejected := sides(ratio)
	delta := Sub(chosen, rejected)
	sum := func(values *Node) *Node { return ReduceAllSum(Mul(values, b.weights)) }
	named := func(name string, values *Node) NamedNode {
		return NamedNode{Name: name, Sum: StopGradient(sum(values))}
	}
	chosenLogs, rejectedLogs := sides(policy)
	return LossNodes{
		Sum: sum(preferenceLosses[o.Loss](delta, o)), Count: ReduceAllSum(b.weights),
		Metrics: []NamedNode{
			named("rewards/chosen", MulScalar(chosen, o.Beta)), named("rewards/rejected", MulScalar(rejected, o.Beta)),
			named("rewards/margins", MulScalar(delta, o.Beta)),
			named("rewards/accuracies", ConvertDType(GreaterThan(chosen, rejected), delta.DType())),
			named("logps/chosen", chosenLogs), named("logps/rejected", rejectedLogs),
		},
		Each: StopGradient(policy),
	}
}

// checkLoss refuses a loss that isn't there, or settings that it doesn't have.
func (o *DPOOptions) checkLoss() error {
	if _, ok := preferenceLosses[o.Loss]; !ok {
		return fmt.Errorf("check options: --loss %q: unknown, have %v", o.Loss, PreferenceLosses())
	}
	if o.LabelSmoothing > 0 && o.Loss != "sigmoid" {
		return fmt.Errorf("check options: --label-smoothing %g is of --loss sigmoid, not of %s", o.LabelSmoothing, o.Loss)
	}
	return nil
}
