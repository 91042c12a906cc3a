package stat

import (
	"cmp"
	"math"
	"slices"
)

// lanes is how many resamples are computed side by side: in a sum an addition
// waits for the one before it, and four sums wait together.
const lanes = 4

// A weight is how often each lane's resample has a cluster: a whole number, kept
// as what it is multiplied with.
type weight [lanes]float64

// A figure is a statistic of a sample in which a cluster may count more than
// once, or not at all.
type figure interface {
	clusters() int
	// of are the figures of resamples that have cluster c weights[c] times. No
	// resample is empty.
	of(weights []weight) [lanes]float64
	// without is the figure of all clusters but one.
	without(cluster int) float64
	// stdErr is the figure's standard error, given its resamples.
	stdErr(resampled []float64) float64
}

// observed is the figure of the sample itself.
func observed(f figure) float64 { return f.of(ones(f.clusters()))[0] }

// A mean is the mean of all values: the sum of the clusters' sums by the sum
// of their sizes.
type mean struct {
	sums  []float64
	sizes []float64 // whole numbers; nil where each value stands alone
	sum   float64
	size  float64
}

func newMean(s Sample) figure {
	of, n := s.clusters()
	m := mean{sums: make([]float64, n), size: float64(len(of))}
	if n < len(of) {
		m.sizes = make([]float64, n)
	}
	for i, v := range s.Values {
		m.sums[of[i]] += v
		m.sum += v
		if m.sizes != nil {
			m.sizes[of[i]]++
		}
	}
	return m
}

func (m mean) clusters() int { return len(m.sums) }

func (m mean) of(weights []weight) [lanes]float64 {
	sums := weigh(m.sums, weights)
	sizes := [lanes]float64{m.size, m.size, m.size, m.size}
	if m.sizes != nil {
		sizes = weigh(m.sizes, weights)
	}
	for lane := range sums {
		sums[lane] /= sizes[lane]
	}
	return sums
}

// weigh gives the weighted sum of values in each lane. Four variables, because
// an array would not stay in registers.
func weigh(values []float64, weights []weight) [lanes]float64 {
	var a, b, c, d float64
	values = values[:len(weights)]
	for i := range weights {
		w, v := &weights[i], values[i]
		a += float64(w[0] * v)
		b += float64(w[1] * v)
		c += float64(w[2] * v)
		d += float64(w[3] * v)
	}
	return [lanes]float64{a, b, c, d}
}

// sizeOf is how many values a cluster has.
func (m mean) sizeOf(cluster int) float64 {
	if m.sizes == nil {
		return 1
	}
	return m.sizes[cluster]
}

func (m mean) without(cluster int) float64 {
	return (m.sum - m.sums[cluster]) / (m.size - m.sizeOf(cluster))
}

// stdErr is that of a ratio of sums over clusters. Where each value stands
// alone it is sd / sqrt(n).
//
// Source: Cochran, Sampling Techniques (1977), section 6.3.
func (m mean) stdErr([]float64) float64 {
	n := float64(len(m.sums))
	center := m.sum / m.size
	var squares float64
	for c, sum := range m.sums {
		rest := sum - float64(center*m.sizeOf(c))
		squares += float64(rest * rest)
	}
	return math.Sqrt(squares*n/(n-1)) / m.size
}

// A median is the median of all values.
type median struct {
	sorted  []float64
	cluster []int // of each value
	n       int   // clusters
}

func newMedian(s Sample) figure {
	of, n := s.clusters()
	order := make([]int, len(s.Values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(s.Values[i], s.Values[j]) })
	m := median{n: n}
	for _, i := range order {
		m.sorted = append(m.sorted, s.Values[i])
		m.cluster = append(m.cluster, of[i])
	}
	return m
}

func (m median) clusters() int { return m.n }

func (m median) of(weights []weight) (values [lanes]float64) {
	for lane := range values {
		values[lane] = m.in(lane, weights)
	}
	return values
}

// in is the median of a lane's resample.
func (m median) in(lane int, weights []weight) float64 {
	var size float64
	for _, c := range m.cluster {
		size += weights[c][lane]
	}
	// at is the value in a place, counted from 0 and from the smallest.
	at := func(place float64) float64 {
		for i, c := range m.cluster {
			if place -= weights[c][lane]; place < 0 {
				return m.sorted[i]
			}
		}
		panic("stat: no such place")
	}
	return (at(math.Floor((size-1)/2)) + at(math.Floor(size/2))) / 2
}

func (m median) without(cluster int) float64 {
	weights := ones(m.n)
	weights[cluster] = weight{}
	return m.in(0, weights)
}

func (m median) stdErr(resampled []float64) float64 { return sd(resampled) }

// ones are the weights of the sample itself.
func ones(n int) []weight { return slices.Repeat([]weight{{1, 1, 1, 1}}, n) }
