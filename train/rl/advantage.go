package rl

import (
	"fmt"
	"math"
)

// Rewards are an answer's rewards by token: the penalty for the divergence, and
// at the last token the score besides.
func Rewards(kl []float64, coefficient, score float64) []float64 {
	rewards := make([]float64, len(kl))
	for t, x := range kl {
		rewards[t] = -coefficient * x
	}
	rewards[len(rewards)-1] += score
	return rewards
}

// GAE is generalized advantage estimation: an answer's advantages and returns by
// token, from its rewards and the values that were expected.
type GAE struct {
	Gamma  float64 // discount of what comes later
	Lambda float64 // 0: one step of reward, then the value; 1: rewards to the end
}

// Estimate computes both backwards.
func (g GAE) Estimate(rewards, values []float64) (advantages, returns []float64) {
	n := len(rewards)
	advantages, returns = make([]float64, n), make([]float64, n)
	next, after := 0.0, 0.0 // value and advantage of the token that follows
	for t := n - 1; t >= 0; t-- {
		delta := rewards[t] + g.Gamma*next - values[t]
		after = delta + g.Gamma*g.Lambda*after
		advantages[t], returns[t], next = after, after+values[t], values[t]
	}
	return advantages, returns
}

// whitenEpsilon keeps equal numbers from being divided by 0.
const whitenEpsilon = 1e-8

// Whiten moves and scales the numbers of all rows together, in place, to mean 0
// and variance 1, the variance that n-1 divides. A lone number stays as it is.
func Whiten(rows [][]float64) {
	mean, variance, n := spread(rows)
	if n < 2 {
		return
	}
	scale := 1 / math.Sqrt(variance+whitenEpsilon)
	for _, row := range rows {
		for t := range row {
			row[t] = (row[t] - mean) * scale
		}
	}
}

// spread is the mean and the unbiased variance of the numbers of all rows.
func spread(rows [][]float64) (mean, variance float64, n int) {
	for _, row := range rows {
		n += len(row)
		for _, x := range row {
			mean += x
		}
	}
	mean /= float64(n)
	for _, row := range rows {
		for _, x := range row {
			variance += (x - mean) * (x - mean)
		}
	}
	return mean, variance / float64(n-1), n
}

// groupEpsilon is what TRL adds to the deviation of a group.
const groupEpsilon = 1e-4

// A Group says how the scores of answers to one prompt become advantages.
type Group struct {
	Size  int  // answers to a prompt, at least 2
	Scale bool // divide by the group's standard deviation, so that each prompt weighs the same
}

// Advantages takes the scores of answers, each group's one after the other: how
// much better each is than its group's mean.
func (g Group) Advantages(scores []float64) ([]float64, error) {
	if g.Size < 2 || len(scores)%g.Size != 0 {
		return nil, fmt.Errorf("compare answers: groups of %d in %d answers: an answer is compared with others to its prompt", g.Size, len(scores))
	}
	advantages := make([]float64, len(scores))
	for start := 0; start < len(scores); start += g.Size {
		group := scores[start : start+g.Size]
		mean, variance, _ := spread([][]float64{group})
		scale := 1.0
		if g.Scale {
			scale = 1 / (math.Sqrt(variance) + groupEpsilon)
		}
		for i, score := range group {
			advantages[start+i] = (score - mean) * scale
		}
	}
	return advantages, nil
}

// Moments are the running mean and variance of scores, for scaling them (Engstrom
// et al. 2020). Their zero value has seen nothing.
type Moments struct {
	Mean     float64 `json:"mean"`
	Variance float64 `json:"variance"`
	Count    float64 `json:"count"`
}

// Add takes scores into account.
func (m *Moments) Add(scores []float64) {
	n := float64(len(scores))
	mean, variance, _ := spread([][]float64{scores})
	squares := 0.0
	if len(scores) > 1 {
		squares = variance * (n - 1)
	}
	total, delta := m.Count+n, mean-m.Mean
	m.Variance = (m.Variance*m.Count + squares + delta*delta*m.Count*n/total) / total
	m.Mean += delta * n / total
	m.Count = total
}

// Deviation is the standard deviation, of all scores but one; 1 where there is
// none.
func (m Moments) Deviation() float64 {
	if m.Count < 2 || m.Variance == 0 {
		return 1
	}
	return math.Sqrt(m.Variance * m.Count / (m.Count - 1))
}
