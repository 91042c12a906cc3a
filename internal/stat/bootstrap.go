package stat

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// The defaults of a zero Bootstrap.
const (
	DefaultResamples = 2000
	DefaultLevel     = 0.95
)

// A Bootstrap draws resamples of clusters with replacement, as many as there
// are clusters. The same seed and number of clusters draw the same resamples,
// whatever is computed of them.
//
// Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993),
// chapters 13 and 14 (intervals) and 16 (hypothesis tests).
type Bootstrap struct {
	Resamples int     // 0: DefaultResamples
	Level     float64 // of the interval, in (0, 1); 0: DefaultLevel
	Seed      uint64
	Interval  Interval // "": Percentile
}

// An Estimate is a figure with its uncertainty. StdErr, Low and High are nil
// where the resamples don't differ: one cluster says nothing of others, and
// clusters that are all the same would claim a certainty that none has.
type Estimate struct {
	Value  float64
	StdErr *float64 // standard error of the value
	Low    *float64 // ends of the confidence interval; nil, too, where BCa isn't defined
	High   *float64
	N      int // clusters that the figure rests on; where it is 0, Value says nothing
}

// Means gives each sample's mean with its interval. Samples of one call that
// have as many clusters share the work of drawing.
func (b Bootstrap) Means(samples ...Sample) []Estimate {
	estimates, _ := b.estimates(newMean, samples)
	return estimates
}

// Medians gives each sample's median with its interval.
func (b Bootstrap) Medians(samples ...Sample) []Estimate {
	estimates, _ := b.estimates(newMedian, samples)
	return estimates
}

// A Difference is the mean of paired differences.
type Difference struct {
	Estimate
	// P is the two-sided p value of the hypothesis that the mean is 0: the
	// share of resampled means that lie as far from the observed mean as that
	// lies from 0, the observed sample counted among them. nil as StdErr is.
	P *float64
	// Detectable is how far from 0 the mean would have to lie for a test at
	// the interval's level to find it with a power of DefaultPower. nil as
	// StdErr is.
	Detectable *float64
}

// Differences compares two runs on the same items by the mean of x[i] - y[i].
// Items are resampled as pairs, so that what makes an item hard for both
// cancels out. It panics when the lengths of a pair differ.
func (b Bootstrap) Differences(pairs ...Pairs) []Difference {
	deltas := make([]Sample, len(pairs))
	for i, p := range pairs {
		deltas[i] = p.differences()
	}
	differences := make([]Difference, len(pairs))
	estimates, resampled := b.estimates(newMean, deltas)
	for i, e := range estimates {
		differences[i].Estimate = e
		if e.StdErr != nil {
			differences[i].P = ptr(pValue(e.Value, resampled[i]))
			differences[i].Detectable = ptr(MinimumDetectable(*e.StdErr, e.N, 1-b.WithDefaults().Level, DefaultPower))
		}
	}
	return differences
}

// estimates gives each sample's estimate, and its resampled figures in order.
func (b Bootstrap) estimates(newFigure func(Sample) figure, samples []Sample) ([]Estimate, [][]float64) {
	b = b.WithDefaults()
	figures := make([]figure, len(samples))
	for i, s := range samples {
		figures[i] = newFigure(s)
	}
	estimates := make([]Estimate, len(samples))
	resampled := b.resample(figures)
	for i, f := range figures {
		slices.Sort(resampled[i])
		estimates[i] = b.estimate(f, resampled[i])
	}
	return estimates, resampled
}

// estimate sums up a figure and its sorted resamples.
func (b Bootstrap) estimate(f figure, sorted []float64) Estimate {
	n := f.clusters()
	if n == 0 {
		return Estimate{}
	}
	e := Estimate{Value: observed(f), N: n}
	if !spread(sorted) {
		return e
	}
	e.StdErr = ptr(f.stdErr(sorted))
	if lower, upper, ok := b.tails(f, sorted); ok {
		e.Low, e.High = ptr(quantile(sorted, lower)), ptr(quantile(sorted, upper))
	}
	return e
}

// resample gives the resampled values of each figure, in the order drawn. A
// resample has a generator of its own, so that neither the number of
// processors nor the company of other figures moves a bit.
func (b Bootstrap) resample(figures []figure) [][]float64 {
	values := make([][]float64, len(figures))
	alike := map[int][]resampled{} // by the number of clusters: the same draws are for all
	for i, f := range figures {
		values[i] = make([]float64, b.Resamples)
		alike[f.clusters()] = append(alike[f.clusters()], resampled{f, values[i]})
	}
	delete(alike, 0)
	workers := runtime.GOMAXPROCS(0)
	var work sync.WaitGroup
	for _, some := range alike {
		for worker := range workers {
			work.Go(func() { b.fill(some, worker, workers) })
		}
	}
	work.Wait()
	return values
}

// A resampled is a figure and its values.
type resampled struct {
	figure
	values []float64 // of each resample
}

// fill computes a worker's share of the values.
func (b Bootstrap) fill(alike []resampled, worker, workers int) {
	weights := make([]weight, alike[0].clusters())
	for r := worker * lanes; r < b.Resamples; r += workers * lanes {
		b.draw(r, weights)
		for _, f := range alike {
			values := f.of(weights)
			copy(f.values[r:], values[:])
		}
	}
}

// draw counts how often each lane's resample has each cluster; they are numbered
// from one on. An index is the high half of a product, rather than rand.IntN,
// because the way from bits to index must never change.
func (b Bootstrap) draw(resample int, weights []weight) {
	clear(weights)
	n := uint64(len(weights))
	for lane := range lanes {
		random := rand.NewPCG(b.Seed, uint64(resample+lane))
		for range weights {
			index, _ := bits.Mul64(random.Uint64(), n)
			weights[index][lane]++
		}
	}
}

// pValue tests the hypothesis that a figure is 0 by its resamples, shifted so
// that it is.
func pValue(observed float64, sorted []float64) float64 {
	extreme := 1
	far := math.Abs(observed) - slack(sorted)
	for _, m := range sorted {
		if math.Abs(m-observed) >= far {
			extreme++
		}
	}
	return float64(extreme) / float64(len(sorted)+1)
}

// spread says whether figures differ by more than rounding.
func spread(sorted []float64) bool { return sorted[len(sorted)-1]-sorted[0] > slack(sorted) }

// slack is the most by which two of the figures may differ that rounding alone
// sets apart.
func slack(sorted []float64) float64 {
	const relative = 1e-10
	return relative * max(math.Abs(sorted[0]), math.Abs(sorted[len(sorted)-1]))
}

// WithDefaults is b with its zero fields filled in.
func (b Bootstrap) WithDefaults() Bootstrap {
	if b.Resamples == 0 {
		b.Resamples = DefaultResamples
	}
	if b.Level == 0 {
		b.Level = DefaultLevel
	}
	if b.Interval == "" {
		b.Interval = Percentile
	}
	return b
}

// Validate refuses what WithDefaults doesn't make good.
func (b Bootstrap) Validate() error {
	if b.Resamples < 0 || b.Level < 0 || b.Level >= 1 {
		return fmt.Errorf("bootstrap with %d resamples at level %g: want at least 1 resample and a level between 0 and 1",
			b.Resamples, b.Level)
	}
	if b = b.WithDefaults(); !slices.Contains(Intervals(), b.Interval) {
		return fmt.Errorf("bootstrap with interval %q: want one of %q", b.Interval, Intervals())
	}
	return nil
}

// String describes the interval in words, without the seed.
func (b Bootstrap) String() string {
	b = b.WithDefaults()
	return fmt.Sprintf("%g%% %s bootstrap, %d resamples", 100*b.Level, b.Interval, b.Resamples)
}
