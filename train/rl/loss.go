package rl

import (
	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas
)

// A Range bounds how far the ratio q of the policy now to the policy that drew a
// token may move what is gained: to 1-Low and 1+High.
type Range struct{ Low, High float64 }

// A Policy is the loss of the policy at each token, and what came of clipping.
// All are [tokens].
type Policy struct {
	Loss     *Node
	Ratio    *Node // q
	Clipped  *Node // 1 where clipping decides the loss, else 0
	ApproxKL *Node // (new-old)^2 / 2, which estimates the divergence of the two
}

// Policy is max(-A q, -A clip(q)). Inputs are [tokens]: log-probabilities now and
// when the tokens were drawn, and advantages. Only now has a gradient.
func (c Range) Policy(now, old, advantage *Node) Policy {
	diff := Sub(now, old)
	ratio := Exp(diff)
	free := Neg(Mul(advantage, ratio))
	bound := Neg(Mul(advantage, clip(ratio, 1-c.Low, 1+c.High)))
	loss, clipped := larger(free, bound)
	return Policy{Loss: loss, Ratio: ratio, Clipped: clipped, ApproxKL: MulScalar(Square(diff), 0.5)}
}

// Value is half the larger of the squared errors of the value now and of the same
// moved from the old one by at most limit. Inputs and outputs are [tokens]; only
// now has a gradient.
func Value(now, old, returns *Node, limit float64) (loss, clipped *Node) {
	bound := Add(old, clip(Sub(now, old), -limit, limit))
	loss, clipped = larger(Square(Sub(now, returns)), Square(Sub(bound, returns)))
	return MulScalar(loss, 0.5), clipped
}

// larger is the maximum of a loss and the same with its argument clipped, and 1
// where that is the larger. There the argument is beyond the limit, and the
// gradient 0; where both are equal the gradient is the free one's.
func larger(free, bound *Node) (loss, clipped *Node) {
	isClipped := GreaterThan(bound, free)
	return Where(isClipped, StopGradient(bound), free), ConvertDType(isClipped, free.DType())
}

// clip has no gradient, and needs none: see larger.
func clip(x *Node, low, high float64) *Node {
	return MaxScalar(MinScalar(StopGradient(x), high), low)
}

// Divergence is the estimate K3 at each token, [tokens], for a penalty in the
// loss. Only now has a gradient. Its value estimates KL(policy || reference); its
// gradient, on tokens that the policy drew, is that of KL(reference || policy),
// which is 0 at the same place.
func Divergence(now, reference *Node) *Node {
	logr := Sub(reference, now)
	return Sub(MinusOne(Exp(logr)), logr)
}
