package stat

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// An Interval says how a confidence interval is read off the resamples.
type Interval string

// The intervals.
const (
	// Percentile cuts the same share off both ends.
	Percentile Interval = "percentile"
	// BCa corrects the ends for bias and for a spread that changes with the
	// value (acceleration), which shares near 0 or 1 have. It isn't defined
	// where all resamples lie on one side of the figure, nor where leaving out
	// a cluster never moves it.
	BCa Interval = "BCa"
)

// Intervals are all of them.
func Intervals() []Interval { return []Interval{Percentile, BCa} }

// tails are the shares of the sorted resamples that lie below the lower and
// the upper end.
func (b Bootstrap) tails(f figure, sorted []float64) (lower, upper float64, ok bool) {
	tail := (1 - b.Level) / 2
	if b.Interval == Percentile {
		return tail, 1 - tail, true
	}
	bias := distuv.UnitNormal.Quantile(shareBelow(observed(f), sorted))
	left := jackknife(f)
	if math.IsInf(bias, 0) || !spread(left) {
		return 0, 0, false
	}
	acceleration := accelerate(left)
	move := func(z float64) float64 {
		return distuv.UnitNormal.CDF(bias + (bias+z)/(1-acceleration*(bias+z)))
	}
	z := distuv.UnitNormal.Quantile(tail)
	return move(z), move(-z), true
}

// shareBelow is the share of resamples below the figure; those equal to it
// count half.
func shareBelow(observed float64, sorted []float64) float64 {
	equal := slack(sorted)
	var halves int
	for _, m := range sorted {
		if m < observed-equal {
			halves++
		}
		if m <= observed+equal {
			halves++
		}
	}
	return float64(halves) / float64(2*len(sorted))
}

// jackknife gives the figure with each cluster left out in turn, sorted.
func jackknife(f figure) []float64 {
	values := make([]float64, f.clusters())
	for c := range values {
		values[c] = f.without(c)
	}
	slices.Sort(values)
	return values
}

// accelerate is how fast the standard error changes with the figure, on a
// normal scale: a sixth of the skewness of the jackknife values, turned round.
//
// Source: Efron, Better Bootstrap Confidence Intervals (1987), section 4.
func accelerate(jackknifed []float64) float64 {
	center := Mean(jackknifed)
	var squares, cubes float64
	for _, v := range jackknifed {
		pull := center - v
		squares += float64(pull * pull)
		cubes += float64(float64(pull*pull) * pull)
	}
	return cubes / (6 * squares * math.Sqrt(squares))
}
