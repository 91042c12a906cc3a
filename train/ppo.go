package train

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas

	"alignctl/train/lm"
	"alignctl/train/rl"
)

// ppo is what proximal policy optimization does with scored answers: it makes
// them advantages and returns, and learns from these. See package rl.
type ppo struct {
	options PPOOptions
	model   *policyModel
	state   *policyState
}

// prepare turns scores into advantages and returns by token.
func (p *ppo) prepare(rollouts []*rollout) error {
	o := p.options
	scores := p.scores(rollouts)
	advantages := make([][]float64, len(rollouts))
	for i, r := range rollouts {
		kl, err := rl.KL(o.KLEstimator, r.policy, r.reference)
		if err != nil {
			return err
		}
		r.kl = kl
		rewards := rl.Rewards(kl, p.state.KLCoef, scores[i])
		r.advantages, r.returns = rl.GAE{Gamma: o.Gamma, Lambda: o.Lambda}.Estimate(rewards, r.values)
		advantages[i] = r.advantages
	}
	if o.Whiten {
		rl.Whiten(advantages)
	}
	return nil
}

// scores are the rewards as they are learnt from: scaled, clipped, and less the
// penalty for an answer without an end.
func (p *ppo) scores(rollouts []*rollout) []float64 {
	scores := make([]float64, len(rollouts))
	for i, r := range rollouts {
		scores[i] = r.score.Reward
	}
	if p.options.ScaleScores {
		p.state.Scores.Add(scores)
	}
	for i, r := range rollouts {
		if p.options.ScaleScores {
			scores[i] /= p.state.Scores.Deviation()
		}
		if limit := p.options.ScoreClip; limit > 0 {
			scores[i] = math.Max(-limit, math.Min(limit, scores[i]))
		}
		scores[i] -= p.options.endless(r)
	}
	return scores
}

// columns are the loss's inputs by token, besides the tokens.
func (p *ppo) columns(r *rollout) [][]float64 {
	return [][]float64{r.policy, r.advantages, r.values, r.returns}
}

// loss is
//
//	policy + ValueCoef value - EntropyCoef entropy
//
// where the first and the last have no gradient while the value head warms up.
func (p *ppo) loss(in policyInputs) LossNodes {
	o := p.options
	states := p.model.Decoder.States(in.batch)
	logits := p.model.logits(p.model.Decoder, states)
	policy := rl.Range{Low: o.ClipRange, High: o.ClipRange}.Policy(in.kept(lm.LogProbs(logits, in.batch.Targets)), in.column(0), in.column(1))
	value, valueClipped := rl.Value(p.model.head.Values(states), in.column(2), in.column(3), o.ValueClip)
	entropy := lm.Entropy(logits)
	sum := Add(Mul(in.learns, in.sum(o.encourage(policy.Loss, entropy))), in.sum(MulScalar(value, o.ValueCoef)))
	return LossNodes{Sum: sum, Count: in.sum(OnesLike(value)), Metrics: []NamedNode{
		{"loss/policy_avg", in.sum(policy.Loss)}, {"loss/value_avg", in.sum(value)},
		{"policy/approxkl_avg", in.sum(policy.ApproxKL)}, {"policy/clipfrac_avg", in.sum(policy.Clipped)},
		{"policy/entropy_avg", in.sum(entropy)}, {"val/clipfrac_avg", in.sum(valueClipped)}, {"val/ratio", in.sum(policy.Ratio)},
	}}
}

// after moves the coefficient of the penalty to where the divergence comes to the
// target.
func (p *ppo) after(s rolloutStats, answers int) {
	if o := p.options; o.KLTarget > 0 {
		p.state.KLCoef = rl.AdaptiveKL{Target: o.KLTarget, Horizon: o.KLHorizon}.Next(p.state.KLCoef, s.kl, answers)
	}
}
