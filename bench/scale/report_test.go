//go:build linux

package main

import (
	"math"
	"testing"
)

func TestSlopeIsTheExponent(t *testing.T) {
	x := []float64{1e6, 5e6, 25e6}
	for _, want := range []float64{0, 0.5, 1, 2} {
		y := make([]float64, len(x))
		for i := range x {
			y[i] = 3 * math.Pow(x[i], want)
		}
		if got, ok := slope(x, y); !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("y = 3 x^%g: exponent %g, %v", want, got, ok)
		}
	}
	if _, ok := slope(x, []float64{0, 1, 2}); ok {
		t.Error("a y of 0 has an exponent")
	}
	if _, ok := slope(x[:1], x[:1]); ok {
		t.Error("one size has an exponent")
	}
}
