package train

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas
)

// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter 2019,
// algorithm 2), with epsilon outside the root as torch.optim.AdamW has it.
type AdamW struct {
	Beta1, Beta2 float64 // decay of the first and second moment
	Epsilon      float64
	WeightDecay  float64 // of the groups that decay: see groupOf
}

// DefaultAdamW has the constants of torch.optim.AdamW and no decay, as the
// Hugging Face trainers start.
func DefaultAdamW() AdamW { return AdamW{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8} }

// rates are the scalars of one optimizer step. They enter the graph as inputs,
// so that a new learning rate never means a new compilation.
type rates struct {
	learning     *Node // scalar
	bias1, bias2 *Node // scalars 1-Beta^t, which undo the moments' start at 0
}

// bias returns 1-Beta1^t and 1-Beta2^t for step t, counted from 1.
func (o AdamW) bias(t int) (bias1, bias2 float64) {
	return 1 - math.Pow(o.Beta1, float64(t)), 1 - math.Pow(o.Beta2, float64(t))
}

// moments are the running means of a gradient and of its square.
type moments struct{ first, second *Node }

// update returns a weight and its moments after one step. All tensors have the
// weight's shape and dtype.
func (o AdamW) update(weight, gradient *Node, old moments, r rates) (*Node, moments) {
	now := moments{
		first:  Add(MulScalar(old.first, o.Beta1), MulScalar(gradient, 1-o.Beta1)),
		second: Add(MulScalar(old.second, o.Beta2), MulScalar(Square(gradient), 1-o.Beta2)),
	}
	if o.WeightDecay != 0 {
		weight = Mul(weight, OneMinus(MulScalar(r.learning, o.WeightDecay)))
	}
	scale := AddScalar(Div(Sqrt(now.second), Sqrt(r.bias2)), o.Epsilon)
	return Sub(weight, Mul(Div(r.learning, r.bias1), Div(now.first, scale))), now
}

// globalNorm is the Euclidean norm of all gradients taken as one vector.
func globalNorm(gradients []*Node) *Node {
	var sum *Node
	for _, g := range gradients {
		square := ReduceAllSum(Square(g))
		if sum == nil {
			sum = square
			continue
		}
		sum = Add(sum, square)
	}
	return Sqrt(sum)
}

// clipFactor is what every gradient is multiplied by so that their global norm
// stays within limit (Pascanu et al. 2013); the 1e-6 is torch's guard in
// clip_grad_norm_.
func clipFactor(norm *Node, limit float64) *Node {
	return MinScalar(Div(ScalarOne(norm.Graph(), norm.DType()), AddScalar(DivScalar(norm, limit), 1e-6/limit)), 1)
}
