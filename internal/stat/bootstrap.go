package stat

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	gonum "gonum.org/v1/gonum/stat"
)

// The defaults of a zero Bootstrap.
const (
	DefaultResamples = 2000
	DefaultLevel     = 0.95
)

// A Bootstrap draws resamples of items with replacement, as many as there are
// items. The same seed and number of items draw the same resamples.
//
// Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993),
// chapters 13 (percentile interval) and 16 (hypothesis tests).
type Bootstrap struct {
	Resamples int     // 0: DefaultResamples
	Level     float64 // of the interval, in (0, 1); 0: DefaultLevel
	Seed      uint64
}

// Mean is the mean of values with its percentile interval.
func (b Bootstrap) Mean(values []float64) Estimate {
	if len(values) == 0 {
		return Estimate{}
	}
	b = b.WithDefaults()
	means := b.resampledMeans(values)
	slices.Sort(means)
	tail := (1 - b.Level) / 2
	return Estimate{
		Value:  Mean(values),
		StdErr: stdErr(values),
		Low:    gonum.Quantile(tail, gonum.Empirical, means, nil),
		High:   gonum.Quantile(1-tail, gonum.Empirical, means, nil),
		N:      len(values),
	}
}

// A Difference is the mean of paired differences, with the two-sided p value
// of the hypothesis that it is 0.
type Difference struct {
	Estimate
	P float64
}

// PairedDifference compares two runs on the same items: x[i] and y[i] are the
// scores of item i, and the figure is the mean of x[i] - y[i]. Items are
// resampled as pairs, so that what makes an item hard for both cancels out.
// P is the share of resampled means that lie as far from the observed mean as
// that lies from 0, the observed sample counted among them.
// It panics when the lengths differ.
func (b Bootstrap) PairedDifference(x, y []float64) Difference {
	pairUp(x, y)
	deltas := make([]float64, len(x))
	for i := range x {
		deltas[i] = x[i] - y[i]
	}
	return Difference{Estimate: b.Mean(deltas), P: b.WithDefaults().pValue(deltas)}
}

// pValue tests that the mean of values is 0 by resampling the values shifted
// to that mean.
func (b Bootstrap) pValue(values []float64) float64 {
	observed := Mean(values)
	if observed == 0 {
		return 1
	}
	extreme := 1
	for _, m := range b.resampledMeans(values) {
		if math.Abs(m-observed) >= math.Abs(observed) {
			extreme++
		}
	}
	return float64(extreme) / float64(b.Resamples+1)
}

// resampledMeans is the mean of each resample, in the order drawn.
func (b Bootstrap) resampledMeans(values []float64) []float64 {
	random := rand.NewPCG(b.Seed, 0)
	means := make([]float64, b.Resamples)
	for i := range means {
		var sum float64
		for range values {
			sum += values[draw(random, len(values))]
		}
		means[i] = sum / float64(len(values))
	}
	return means
}

// draw is an index below n. The high half of a product, rather than
// rand.IntN, because the way from bits to index must never change.
func draw(random *rand.PCG, n int) int {
	high, _ := bits.Mul64(random.Uint64(), uint64(n))
	return int(high)
}

// WithDefaults is b with its zero fields filled in.
func (b Bootstrap) WithDefaults() Bootstrap {
	if b.Resamples == 0 {
		b.Resamples = DefaultResamples
	}
	if b.Level == 0 {
		b.Level = DefaultLevel
	}
	return b
}

// Validate refuses what WithDefaults doesn't make good.
func (b Bootstrap) Validate() error {
	if b.Resamples < 0 || b.Level < 0 || b.Level >= 1 {
		return fmt.Errorf("bootstrap with %d resamples at level %g: want at least 1 resample and a level between 0 and 1",
			b.Resamples, b.Level)
	}
	return nil
}

// String describes the interval in words, without the seed.
func (b Bootstrap) String() string {
	b = b.WithDefaults()
	return fmt.Sprintf("%g%% percentile bootstrap, %d resamples", 100*b.Level, b.Resamples)
}
