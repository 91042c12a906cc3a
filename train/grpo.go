package train

import (
	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas

	"alignctl/train/lm"
	"alignctl/train/rl"
)

// grpo is what group relative policy optimization does with scored answers: each
// is held against the others to its question. See package rl.
type grpo struct {
	options GRPOOptions
	model   *policyModel
}

// prepare gives all tokens of an answer its advantage over its group.
func (g *grpo) prepare(rollouts []*rollout) error {
	scores := make([]float64, len(rollouts))
	for i, r := range rollouts {
		scores[i] = r.score.Reward - g.options.endless(r)
	}
	advantages, err := rl.Group{Size: g.options.Group, Scale: g.options.ScaleGroups}.Advantages(scores)
	if err != nil {
		return err
	}
	for i, r := range rollouts {
		r.advantages = repeat(advantages[i], len(r.tokens))
		if r.kl, err = rl.KL(rl.K3, r.policy, r.reference); err != nil {
			return err
		}
	}
	return nil
}

// columns are the loss's inputs by token, besides the tokens.
func (g *grpo) columns(r *rollout) [][]float64 {
	weight := 1.0
	if g.options.Loss == LossByAnswer {
		weight /= float64(len(r.tokens))
	}
	return [][]float64{r.policy, r.advantages, r.reference, repeat(weight, len(r.tokens))}
}

// loss is, with the weights of tokens that the options ask for,
//
//	policy + KLCoef divergence - EntropyCoef entropy
func (g *grpo) loss(in policyInputs) LossNodes {
	o := g.options
	logits := g.model.logits(g.model.Decoder, g.model.Decoder.States(in.batch))
	now := in.kept(lm.LogProbs(logits, in.batch.Targets))
	policy := o.clip().Policy(now, in.column(0), in.column(1))
	divergence, entropy := rl.Divergence(now, in.column(2)), lm.Entropy(logits)
	loss := o.encourage(Add(policy.Loss, MulScalar(divergence, o.KLCoef)), entropy)
	weighted := func(x *Node) *Node { return in.sum(Mul(x, in.column(3))) }
	return LossNodes{Sum: weighted(loss), Count: in.sum(in.column(3)), Metrics: []NamedNode{
		{"loss/policy_avg", weighted(policy.Loss)}, {"kl", weighted(divergence)},
		{"policy/approxkl_avg", weighted(policy.ApproxKL)}, {"policy/clipfrac_avg", weighted(policy.Clipped)},
		{"policy/entropy_avg", weighted(entropy)}, {"val/ratio", weighted(policy.Ratio)},
	}}
}

// after changes nothing.
func (g *grpo) after(rolloutStats, int) {}

func (o GRPOOptions) clip() rl.Range {
	c := rl.Range{Low: o.ClipRange, High: o.ClipRange}
	if o.ClipHigh > 0 {
		c.High = o.ClipHigh
	}
	return c
}

func repeat(x float64, n int) []float64 {
	row := make([]float64, n)
	for i := range row {
		row[i] = x
	}
	return row
}
