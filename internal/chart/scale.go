package chart

import (
	"math"
	"strconv"
	"strings"
)

// A scale maps numbers to pixels.
type scale struct {
	low, high float64 // numbers
	from, to  float64 // pixels
}

func (s scale) at(v float64) float64 {
	return s.from + (min(max(v, s.low), s.high)-s.low)/(s.high-s.low)*(s.to-s.from)
}

// over is the scale of an axis over some numbers; ok false where none is finite.
func (a Axis) over(from, to float64, values ...float64) (s scale, ok bool) {
	s = scale{low: math.Inf(1), high: math.Inf(-1), from: from, to: to}
	for _, v := range values {
		if finite(v) {
			s.low, s.high = min(s.low, v), max(s.high, v)
		}
	}
	if ok = s.low <= s.high; !ok {
		return s, false
	}
	if a.Zero {
		s.low, s.high = min(s.low, 0), max(s.high, 0)
	}
	if a.Min < a.Max {
		s.low, s.high = a.Min, a.Max
	} else {
		s.widen()
	}
	return s, true
}

// widen moves the ends of a scale to numbers that are good to read.
func (s *scale) widen() {
	if s.high == s.low {
		half := math.Abs(s.low) / 10
		if half == 0 {
			half = 1
		}
		s.low, s.high = s.low-half, s.high+half
	}
	step := niceStep((s.high - s.low) / 5)
	if low, high := math.Floor(s.low/step)*step, math.Ceil(s.high/step)*step; finite(low) && finite(high) {
		s.low, s.high = low, high
	}
}

// niceStep is the next of 1, 2 and 5 times a power of ten.
func niceStep(rough float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if rough <= m*power*1.0001 {
			return m * power
		}
	}
	return 10 * power
}

// ticks are about n good numbers on the scale, and how to write them.
func (s scale) ticks(n int) (at []float64, label func(float64) string) {
	step := niceStep((s.high - s.low) / float64(n))
	if !finite(step) || step <= 0 || s.low+step == s.low {
		return []float64{s.low, s.high}, Number
	}
	for i := math.Ceil(s.low/step - 1e-6); i*step <= s.high+step*1e-6 && len(at) <= 4*n; i++ {
		at = append(at, i*step)
	}
	digits := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	return at, func(v float64) string {
		if digits > 6 || math.Abs(v) >= 1e7 {
			return Number(v)
		}
		return fixed(v, digits)
	}
}

// Number is a number in four digits, with a true minus; "–" of a missing one.
func Number(v float64) string {
	if !finite(v) {
		return "–"
	}
	if a := math.Abs(v); a >= 1e7 || a < 1e-4 && a > 0 {
		return minus(strconv.FormatFloat(v, 'e', 2, 64))
	}
	return fixed(v, decimals(math.Abs(v)))
}

// decimals is how many a number of this size is written with.
func decimals(size float64) int {
	switch {
	case size >= 1000:
		return 0
	case size >= 100:
		return 1
	case size >= 10:
		return 2
	}
	return 3
}

func fixed(v float64, decimals int) string { return minus(strconv.FormatFloat(v, 'f', decimals, 64)) }

func minus(number string) string {
	if strings.Trim(number, "-0.") == "" {
		number = strings.TrimPrefix(number, "-")
	}
	return strings.Replace(number, "-", "−", 1)
}
