package stat

import (
	"cmp"
	"math"
	"slices"
)

// Ranks gives each value its rank, 1 for the smallest; tied values share the
// average of the ranks that they take up.
func Ranks(values []float64) []float64 {
	ranks := make([]float64, len(values))
	for i, doubled := range doubledRanks(values, 0) {
		ranks[i] = float64(doubled) / 2
	}
	return ranks
}

// Spearman is the rank correlation of pairs (x[i], y[i]): Pearson's
// correlation of average ranks, which stays right under ties. It is undefined,
// and ok false, for fewer than two pairs or when one side is constant.
// It panics when the lengths differ.
func Spearman(x, y []float64) (rho float64, ok bool) {
	pairUp(x, y)
	rx, ry := doubledRanks(x, 0), doubledRanks(y, 0)
	// Doubled ranks sum to n(n+1) on both sides, so that n times each
	// (co)variance is a whole number.
	n := int64(len(x))
	center := n * (n + 1) * (n + 1)
	var xx, yy, xy int64
	for i := range rx {
		xx += rx[i] * rx[i]
		yy += ry[i] * ry[i]
		xy += rx[i] * ry[i]
	}
	xx, yy, xy = xx-center, yy-center, xy-center
	if xx == 0 || yy == 0 {
		return 0, false
	}
	if xx == yy { // no ties, or the same: the quotient is exact
		return float64(xy) / float64(xx), true
	}
	rho = float64(xy) / (math.Sqrt(float64(xx)) * math.Sqrt(float64(yy)))
	return max(-1, min(1, rho)), true
}

// doubledRanks is twice the average rank of each value: a whole number. Values
// tie where no gap between one and the next is wider than the slack.
func doubledRanks(values []float64, slack float64) []int64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	ranks := make([]int64, len(values))
	for start := 0; start < len(order); {
		end := start + 1
		for end < len(order) && values[order[end]] <= values[order[end-1]]+slack {
			end++
		}
		for _, i := range order[start:end] {
			ranks[i] = int64(start + 1 + end) // first rank + last rank
		}
		start = end
	}
	return ranks
}

// NDCG is the normalised discounted cumulative gain of a ranking at k: the
// gains of its first k items, each by the binary logarithm of its rank plus 1,
// by the most that the first k of all gains could make. gains are those of the
// items ranked, first to last; all are those of every item that could be
// ranked. Gains are at least 0. It is undefined, and ok false, where no item
// has a gain.
//
// Source: Järvelin and Kekäläinen, Cumulated Gain-Based Evaluation of IR
// Techniques (2002).
func NDCG(gains, all []float64, k int) (value float64, ok bool) {
	ideal := slices.Clone(all)
	slices.SortFunc(ideal, func(a, b float64) int { return cmp.Compare(b, a) })
	most := discounted(ideal, k)
	if most == 0 {
		return 0, false
	}
	return min(1, discounted(gains, k)/most), true
}

// discounted is the discounted cumulative gain of the first k.
func discounted(gains []float64, k int) float64 {
	var sum float64
	for i, gain := range gains[:min(k, len(gains))] {
		sum += gain / math.Log2(float64(i+2))
	}
	return sum
}
