// Package stat holds the statistics that an evaluation publishes: bootstrap
// intervals over items, paired tests, rank correlation and gain, and distances
// between distributions of answers.
//
// Everything here gives the same bits on every machine: generators are fixed
// by the seed alone, sums run in the order of the input, and products are
// rounded before they are added (Go may otherwise fuse the two on some
// processors), because the figures end in tables whose content is digested.
package stat

import "math"

// An Estimate is a figure with its uncertainty.
type Estimate struct {
	Value  float64
	StdErr float64 // standard error of the mean, sd / sqrt(n); 0 for one value
	Low    float64 // ends of the confidence interval
	High   float64
	N      int // number of values that the figure rests on
}

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

// stdErr is the standard error of the mean, from the unbiased variance.
func stdErr(values []float64) float64 {
	n := len(values)
	if n < 2 {
		return 0
	}
	mean := Mean(values)
	var squares float64
	for _, v := range values {
		squares += float64((v - mean) * (v - mean))
	}
	return math.Sqrt(squares / float64(n-1) / float64(n))
}

// pairUp refuses what isn't paired.
func pairUp(x, y []float64) {
	if len(x) != len(y) {
		panic("stat: paired samples of different lengths")
	}
}

func ptr(v float64) *float64 { return &v }
