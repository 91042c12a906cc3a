package stat

import "math"

// ExactPairs is the largest number of pairs for which Wilcoxon counts every
// assignment of signs.
const ExactPairs = 50

// A SignedRank is the outcome of Wilcoxon's test.
type SignedRank struct {
	N     int     // pairs that differ
	Plus  float64 // sum of the ranks of the positive differences
	Minus float64 // and of the negative ones
	// P is the two-sided p value of the hypothesis that differences are as
	// likely up as down; nil where no pair differs.
	P     *float64
	Exact bool // P counts every assignment of signs; else it is a normal approximation
	// Effect is the matched-pairs rank-biserial correlation, the ranks' share
	// in favour of x minus the share in favour of y, in [-1, 1]; nil as P is.
	//
	// Source: Kerby, The Simple Difference Formula (2014).
	Effect *float64
}

// Wilcoxon is the signed-rank test of pairs (x[i], y[i]). Pairs without a
// difference are left out before ranking (scipy's zero_method "wilcox"), and
// differences of the same size share the average of their ranks. Differences
// that only rounding sets apart, such as .6 - .4 and .4 - .2, are of the same
// size. Up to ExactPairs the p value is exact, with ties too; above it is that
// of the normal approximation corrected for continuity and ties (scipy's
// method "asymptotic" with correction). It panics when the lengths differ.
//
// Source: Wilcoxon, Individual Comparisons by Ranking Methods (1945); for ties
// Lehmann, Nonparametrics (1975), section 3.2.
func Wilcoxon(x, y []float64) SignedRank {
	deltas, sizes, slack := changes(x, y)
	ranks := doubledRanks(sizes, slack)
	var plus, minus int64
	for i, d := range deltas {
		if d > 0 {
			plus += ranks[i]
		} else {
			minus += ranks[i]
		}
	}
	result := SignedRank{N: len(deltas), Plus: float64(plus) / 2, Minus: float64(minus) / 2}
	if result.N == 0 {
		return result
	}
	result.Exact = result.N <= ExactPairs
	test := normalP
	if result.Exact {
		test = exactP
	}
	result.P = ptr(test(ranks, min(plus, minus)))
	result.Effect = ptr(float64(plus-minus) / float64(plus+minus))
	return result
}

// changes are the differences that aren't 0, their sizes, and the slack within
// which rounding alone can set two of these apart.
func changes(x, y []float64) (deltas, sizes []float64, slack float64) {
	pairUp(x, y)
	for i := range x {
		slack = max(slack, math.Abs(x[i]), math.Abs(y[i]))
	}
	slack *= 0x1p-44 // far finer than scores are, far coarser than rounding
	for i := range x {
		if d := x[i] - y[i]; math.Abs(d) > slack {
			deltas = append(deltas, d)
			sizes = append(sizes, math.Abs(d))
		}
	}
	return deltas, sizes, slack
}

// exactP is twice the share of the 2^n assignments of signs whose positive
// doubled ranks sum to at most the smaller sum observed.
func exactP(ranks []int64, smaller int64) float64 {
	ways := make([]float64, smaller+1) // of summing to the index: whole numbers up to 2^50
	ways[0] = 1
	for _, rank := range ranks {
		for sum := smaller; sum >= rank; sum-- {
			ways[sum] += ways[sum-rank]
		}
	}
	var below float64
	for _, n := range ways {
		below += n
	}
	return min(1, math.Ldexp(below, 1-len(ranks)))
}

// normalP is the p value of the smaller doubled sum. Its variance, the sum of
// the squared ranks, holds the correction for ties.
func normalP(ranks []int64, smaller int64) float64 {
	var total, squares float64
	for _, rank := range ranks {
		total += float64(rank)
		squares += float64(rank * rank)
	}
	const continuity = 1 // half a rank, doubled
	distance := max(0, total/2-float64(smaller)-continuity)
	return math.Erfc(distance / math.Sqrt(squares/2))
}
