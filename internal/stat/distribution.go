package stat

import (
	"errors"
	"fmt"
	"math"
)

// A Distribution is the share of each option of a scale, in the scale's order,
// options that nobody chose included. Shares are at least 0 and sum to 1.
type Distribution []float64

// ErrNoAnswers is that a distribution has nothing to be made of.
var ErrNoAnswers = errors.New("no answers")

// NewDistribution makes shares of counts or other weights, one an option, by
// dividing by their sum. It refuses weights that are negative or not finite,
// and, with ErrNoAnswers, those that sum to 0: a missing item has no
// distribution.
func NewDistribution(weights []float64) (Distribution, error) {
	var sum float64
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return nil, fmt.Errorf("make shares: weight of option %d is %g: must be at least 0 and finite", i+1, w)
		}
		sum += w
	}
	if sum == 0 {
		return nil, fmt.Errorf("make shares of %d options: %w", len(weights), ErrNoAnswers)
	}
	shares := make(Distribution, len(weights))
	for i, w := range weights {
		shares[i] = w / sum
	}
	return shares, nil
}

// A Base is that of the logarithms, and so the unit of what they measure.
type Base float64

// The bases in use.
const (
	Bits Base = 2
	Nats Base = math.E
)

// log is the logarithm of x to the base.
func (b Base) log(x float64) float64 {
	if b == Bits {
		return math.Log2(x)
	}
	return math.Log(x) / math.Log(float64(b))
}

// EMD is the earth mover's distance, or Wasserstein's of order 1: how much
// share must be moved, times the options that it is moved past. The distances
// here panic when p and q have different options.
func EMD(p, q Distribution) float64 {
	sameScale(p, q)
	var moved, surplus float64
	for i := range len(p) - 1 {
		surplus += p[i] - q[i]
		moved += math.Abs(surplus)
	}
	return moved
}

// NormalisedEMD is EMD by the length of the scale: 1 is from one end to the
// other. It is undefined, and ok false, for a scale of one option.
func NormalisedEMD(p, q Distribution) (distance float64, ok bool) {
	if len(p) < 2 {
		return 0, false
	}
	return EMD(p, q) / float64(len(p)-1), true
}

// KL is the Kullback-Leibler divergence of q from p, what it costs to take q
// for p. epsilon is added to each share of both, which are made to sum to 1
// again; with an epsilon of 0 it is infinite where q lacks an option of p's.
func KL(p, q Distribution, epsilon float64, base Base) float64 {
	sameScale(p, q)
	whole := 1 + float64(len(p))*epsilon
	var sum float64
	for i := range p {
		sum += surprise((p[i]+epsilon)/whole, (p[i]+epsilon)/(q[i]+epsilon), base)
	}
	return max(0, sum)
}

// JSDivergence is the Jensen-Shannon divergence: the mean divergence of p and
// q from the distribution half way between. It lies in [0, 1] in Bits.
//
// Source: Lin, Divergence Measures Based on the Shannon Entropy (1991).
func JSDivergence(p, q Distribution, base Base) float64 {
	sameScale(p, q)
	var sum float64
	for i := range p {
		both := p[i] + q[i]
		sum += surprise(p[i], 2*p[i]/both, base) + surprise(q[i], 2*q[i]/both, base)
	}
	return max(0, min(base.log(2), sum/2))
}

// JSDistance is the square root of JSDivergence, and a metric.
func JSDistance(p, q Distribution, base Base) float64 { return math.Sqrt(JSDivergence(p, q, base)) }

// Cosine is the cosine similarity: 1 for the same shares, 0 where no option is
// shared.
func Cosine(p, q Distribution) float64 {
	sameScale(p, q)
	var pp, qq, pq float64
	for i := range p {
		pp += float64(p[i] * p[i])
		qq += float64(q[i] * q[i])
		pq += float64(p[i] * q[i])
	}
	return min(1, pq/math.Sqrt(pp*qq))
}

// TotalVariation is the share that lies on other options: half the sum of the
// differences.
func TotalVariation(p, q Distribution) float64 {
	sameScale(p, q)
	var sum float64
	for i := range p {
		sum += math.Abs(p[i] - q[i])
	}
	return min(1, sum/2)
}

// surprise is what an option with this share, ratio times the share expected,
// adds to a divergence.
func surprise(share, ratio float64, base Base) float64 {
	if share == 0 {
		return 0
	}
	return float64(share * base.log(ratio))
}

func sameScale(p, q Distribution) {
	if len(p) != len(q) {
		panic("stat: distributions over different options")
	}
}
