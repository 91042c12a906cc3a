package stat_test

import (
	"math"
	"testing"

	gonum "gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"alignctl/internal/stat"
)

// The interval holds the mean, lies within the data, is the same for the same
// seed, and moves with a shift of the data.
func TestBootstrapLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := values(rapid.IntRange(1, 60).Draw(t, "n")).Draw(t, "x")
		b := stat.Bootstrap{Resamples: 400, Seed: rapid.Uint64().Draw(t, "seed")}
		got := b.Mean(x)
		if again := b.Mean(x); again != got {
			t.Fatalf("same seed gave %v, then %v", got, again)
		}
		low, high := x[0], x[0]
		shifted := make([]float64, len(x))
		for i, v := range x {
			low, high = min(low, v), max(high, v)
			shifted[i] = v + 1
		}
		const eps = 1e-12
		if got.Low < low-eps || got.High > high+eps || got.Low > got.High {
			t.Fatalf("interval %v outside of data [%v, %v]", got, low, high)
		}
		moved := b.Mean(shifted)
		if math.Abs(moved.Low-got.Low-1) > eps || math.Abs(moved.High-got.High-1) > eps {
			t.Fatalf("interval %v, of data + 1 %v", got, moved)
		}
		if got.N != len(x) || got.Value != stat.Mean(x) {
			t.Fatalf("estimate %v of %v", got, x)
		}
	})
}

// Swapping the runs turns the difference round; comparing a run with itself
// finds nothing.
func TestPairedDifferenceLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		x, y := values(n).Draw(t, "x"), values(n).Draw(t, "y")
		b := stat.Bootstrap{Resamples: 300, Seed: 7}
		forth, back := b.PairedDifference(x, y), b.PairedDifference(y, x)
		if forth.Value != -back.Value || forth.P != back.P {
			t.Fatalf("difference %v, swapped %v", forth, back)
		}
		if forth.P <= 0 || forth.P > 1 {
			t.Fatalf("p = %v", forth.P)
		}
		same := b.PairedDifference(x, x)
		if same.Value != 0 || same.Low != 0 || same.High != 0 || same.P != 1 {
			t.Fatalf("a run against itself: %v", same)
		}
	})
}

// A gain that every item shares is found although the items themselves
// scatter far more than the gain: the reason to pair.
func TestPairedDifferenceFindsASmallSharedGain(t *testing.T) {
	var before, after []float64
	for i := range 100 {
		score := float64(i%10) / 10
		before = append(before, score)
		after = append(after, score+0.02+0.01*float64(i%2))
	}
	b := stat.Bootstrap{Seed: 1}
	got := b.PairedDifference(after, before)
	if got.Low <= 0 || got.P > 0.01 {
		t.Errorf("difference %+v, want an interval above 0", got)
	}
	if first, second := b.Mean(before), b.Mean(after); second.Low > first.High {
		t.Errorf("unpaired intervals %+v and %+v don't overlap: the example shows nothing", first, second)
	}
}

// The percentile interval of a mean covers the truth about as often as it
// says, and the standard error is the textbook's.
func TestBootstrapCoverage(t *testing.T) {
	const samples, n = 300, 50
	covered := 0
	for s := range samples {
		x := make([]float64, n)
		for i := range x { // a fixed, well mixed sequence in [0, 1), mean 1/2
			_, x[i] = math.Modf(float64(s*n+i+1) * math.Phi * 1e3)
			x[i] = math.Mod(x[i]*9973, 1)
		}
		got := stat.Bootstrap{Resamples: 500, Seed: uint64(s)}.Mean(x)
		if got.Low <= 0.5 && 0.5 <= got.High {
			covered++
		}
		if want := gonum.StdErr(gonum.StdDev(x, nil), n); math.Abs(got.StdErr-want) > 1e-12 {
			t.Fatalf("stderr = %v, want %v", got.StdErr, want)
		}
	}
	if share := float64(covered) / samples; share < 0.90 || share > 0.99 {
		t.Errorf("coverage of the 95%% interval = %v", share)
	}
}

// The draws are part of the published figures: they must never change.
func TestBootstrapIsFixedByItsSeed(t *testing.T) {
	x := []float64{0, 0.2, 0.2, 0.4, 0.6, 1}
	got := stat.Bootstrap{Resamples: 1000, Seed: 42}.Mean(x)
	want := stat.Estimate{Value: 0.39999999999999997, StdErr: 0.1460593486680443, Low: 0.16666666666666666, High: 0.6666666666666666, N: 6}
	if got != want {
		t.Errorf("estimate = %#v, want %#v", got, want)
	}
}
