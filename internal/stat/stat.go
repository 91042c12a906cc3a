// Package stat holds the statistics that an evaluation publishes: intervals by
// the bootstrap, paired tests, rank correlation and gain, and distances
// between distributions of answers.
//
// What can't be said is never a number: an interval of one cue, a correlation
// with a constant and a distance on a scale of one option are nil, or come with
// ok false, and belong in a table as NULL.
//
// The same input gives the same bits on every run. Generators are fixed by the
// seed alone, sums run in the order of the input, and products are rounded
// before they are added (Go may otherwise fuse the two on some processors),
// because the figures end in tables whose content is digested. Only logarithms
// and the quantiles of the normal and Student's distribution may differ in the
// last bits from one kind of processor to another.
//
// Each figure is tested against scipy or numpy: tests/reference/figures.py.
package stat

import (
	"math"
	"slices"
)

// Mean is the arithmetic mean. It is 0 for no values.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Median is the middle value, or the mean of the two in the middle. It is 0
// for no values.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return quantile(slices.Sorted(slices.Values(values)), 0.5)
}

// quantile interpolates between order statistics, the first being the quantile
// of share 0 and the last that of share 1.
//
// Source: Hyndman and Fan, Sample Quantiles in Statistical Packages (1996),
// definition 7.
func quantile(sorted []float64, share float64) float64 {
	place := share * float64(len(sorted)-1)
	below := int(place)
	above := min(below+1, len(sorted)-1)
	part := place - float64(below)
	return sorted[below] + float64(part*(sorted[above]-sorted[below]))
}

// sd is the standard deviation, from the unbiased variance; of two values or
// more.
func sd(values []float64) float64 {
	mean := Mean(values)
	var squares float64
	for _, v := range values {
		squares += float64((v - mean) * (v - mean))
	}
	return math.Sqrt(squares / float64(len(values)-1))
}

// pairUp refuses what isn't paired.
func pairUp(x, y []float64) {
	if len(x) != len(y) {
		panic("stat: paired samples of different lengths")
	}
}

func ptr(v float64) *float64 { return &v }
