package stat_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"alignctl/internal/stat"
)

// Swapping the sides turns the effect round and leaves p as it is; the order
// of the pairs says nothing; p lies in (0, 1] and the effect in [-1, 1].
func TestWilcoxonLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(t, "n")
		x, y := values(n).Draw(t, "x"), values(n).Draw(t, "y")
		forth, back := stat.Wilcoxon(x, y), stat.Wilcoxon(y, x)
		if forth.N == 0 {
			t.Skip("no pair differs")
		}
		if !(*forth.P > 0 && *forth.P <= 1) || math.Abs(*forth.Effect) > 1 {
			t.Fatalf("p = %v, effect %v", *forth.P, *forth.Effect)
		}
		if *back.P != *forth.P || *back.Effect != -*forth.Effect || back.Plus != forth.Minus {
			t.Fatalf("%+v, swapped %+v", forth, back)
		}
		if ranks := float64(forth.N*(forth.N+1)) / 2; forth.Plus+forth.Minus != ranks {
			t.Fatalf("rank sums %v and %v, want a total of %v", forth.Plus, forth.Minus, ranks)
		}
		order := rapid.Permutation(indices(n)).Draw(t, "order")
		if moved := stat.Wilcoxon(ordered(x, order), ordered(y, order)); *moved.P != *forth.P {
			t.Fatalf("p = %v, in another order %v", *forth.P, *moved.P)
		}
	})
}

// Differences of tenths tie although their floats differ: the outcome is that
// of the same scores in whole numbers.
func TestWilcoxonSeesThroughRounding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 70).Draw(t, "n")
		whole := rapid.SliceOfN(rapid.IntRange(0, 10), 2*n, 2*n).Draw(t, "tenths")
		var x, y, wholeX, wholeY []float64
		for i := range n {
			a, b := whole[2*i], whole[2*i+1]
			x, y = append(x, float64(a)/10), append(y, float64(b)/10)
			wholeX, wholeY = append(wholeX, float64(a)), append(wholeY, float64(b))
		}
		got, want := stat.Wilcoxon(x, y), stat.Wilcoxon(wholeX, wholeY)
		if got.N != want.N || got.Plus != want.Plus || got.N > 0 && *got.P != *want.P {
			t.Fatalf("%+v, of whole numbers %+v", got, want)
		}
	})
}

// The normal approximation takes over where the exact count ends without a
// jump.
func TestWilcoxonApproximationMeetsTheExactCount(t *testing.T) {
	var x []float64
	for i := range stat.ExactPairs {
		x = append(x, float64(i+1)*[]float64{1, 1, -1}[i%3])
	}
	exact := stat.Wilcoxon(x, make([]float64, len(x)))
	x = append(x, -0.1) // a pair that moves little
	normal := stat.Wilcoxon(x, make([]float64, len(x)))
	if !exact.Exact || normal.Exact || math.Abs(*exact.P-*normal.P) > 0.002 {
		t.Errorf("p = %v for 50 pairs, %v for 51", *exact.P, *normal.P)
	}
}

// Corrected p values are at least the raw ones, at most the number of tests
// times these (Bonferroni) and 1, and in the same order.
func TestHolmLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Ptr(rapid.Float64Range(0, 1), true), 0, 20).Draw(t, "p")
		corrected := stat.Holm(p)
		for i := range p {
			if (p[i] == nil) != (corrected[i] == nil) {
				t.Fatalf("test %d: nil made %v", i, corrected[i])
			}
			if p[i] == nil {
				continue
			}
			if *corrected[i] < *p[i] || *corrected[i] > min(1, float64(len(p))**p[i]) {
				t.Fatalf("test %d: %v corrected to %v", i, *p[i], *corrected[i])
			}
			for j := range p {
				if p[j] != nil && *p[i] <= *p[j] && *corrected[i] > *corrected[j] {
					t.Fatalf("%v <= %v, corrected %v > %v", *p[i], *p[j], *corrected[i], *corrected[j])
				}
			}
		}
	})
}

// A pair of turns that balance says nothing; each one more says more.
func TestMcNemarLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gained, lost := rapid.IntRange(0, 300).Draw(t, "gained"), rapid.IntRange(0, 300).Draw(t, "lost")
		p := stat.McNemar(gained, lost)
		if !(p >= 0 && p <= 1) || p != stat.McNemar(lost, gained) {
			t.Fatalf("p = %v, turned round %v", p, stat.McNemar(lost, gained))
		}
		if gained == lost && p != 1 {
			t.Fatalf("p = %v for %d each way", p, gained)
		}
		if gained >= lost && stat.McNemar(gained+1, lost) > p+1e-12 {
			t.Fatalf("p rises from %v to %v", p, stat.McNemar(gained+1, lost))
		}
	})
}

func TestMinimumDetectableFallsWithPairs(t *testing.T) {
	last := math.Inf(1)
	for _, n := range []int{2, 3, 10, 50, 221, 12000} {
		got := stat.MinimumDetectable(1/math.Sqrt(float64(n)), n, 0.05, stat.DefaultPower)
		if !(got > 0 && got < last) {
			t.Errorf("effect to be found with %d pairs = %v, with fewer %v", n, got, last)
		}
		last = got
	}
}
