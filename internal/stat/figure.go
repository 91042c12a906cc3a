package stat

import (
	"cmp"
	"math"
	"slices"
)

// A figure is a statistic of a sample in which a cluster may count more than
// once, or not at all.
type figure interface {
	clusters() int
	// of is the figure where cluster c counts weights[c] times. The weights
	// aren't all 0.
	of(weights []int32) float64
	// without is the figure of all clusters but one.
	without(cluster int) float64
	// stdErr is the figure's standard error, given its resamples.
	stdErr(resampled []float64) float64
}

// A mean is the mean of all values: the sum of the clusters' sums by the sum
// of their sizes.
type mean struct {
	sums  []float64
	sizes []int
	sum   float64
	size  int
}

func newMean(s Sample) figure {
	of, n := s.clusters()
	m := mean{sums: make([]float64, n), sizes: make([]int, n), size: len(of)}
	for i, v := range s.Values {
		m.sums[of[i]] += v
		m.sizes[of[i]]++
		m.sum += v
	}
	return m
}

func (m mean) clusters() int { return len(m.sums) }

func (m mean) of(weights []int32) float64 {
	var sum float64
	var size int
	for c, w := range weights {
		sum += float64(float64(w) * m.sums[c])
		size += int(w) * m.sizes[c]
	}
	return sum / float64(size)
}

func (m mean) without(cluster int) float64 {
	return (m.sum - m.sums[cluster]) / float64(m.size-m.sizes[cluster])
}

// stdErr is that of a ratio of sums over clusters. Where each value stands
// alone it is sd / sqrt(n).
//
// Source: Cochran, Sampling Techniques (1977), section 6.3.
func (m mean) stdErr([]float64) float64 {
	n, size := float64(len(m.sums)), float64(m.size)
	center := m.sum / size
	var squares float64
	for c, sum := range m.sums {
		rest := sum - float64(center*float64(m.sizes[c]))
		squares += float64(rest * rest)
	}
	return math.Sqrt(squares*n/(n-1)) / size
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

func (m median) of(weights []int32) float64 {
	var size int32
	for _, c := range m.cluster {
		size += weights[c]
	}
	below := m.at((size-1)/2, weights)
	return (below + m.at(size/2, weights)) / 2
}

// at is the value in a place, counted from 0 and from the smallest.
func (m median) at(place int32, weights []int32) float64 {
	for i, c := range m.cluster {
		if place -= weights[c]; place < 0 {
			return m.sorted[i]
		}
	}
	panic("stat: no such place")
}

func (m median) without(cluster int) float64 {
	weights := ones(m.n)
	weights[cluster] = 0
	return m.of(weights)
}

func (m median) stdErr(resampled []float64) float64 { return sd(resampled) }

// ones are the weights of the sample itself.
func ones(n int) []int32 { return slices.Repeat([]int32{1}, n) }
