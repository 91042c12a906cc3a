package stat_test

import (
	"math"
	"testing"

	gonum "gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"alignctl/internal/stat"
)

func TestRanksShareTheAverageUnderTies(t *testing.T) {
	got := stat.Ranks([]float64{3, 1, 3, 2, 3})
	want := []float64{4, 1, 4, 2, 4}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("ranks = %v, want %v", got, want)
		}
	}
}

func TestSpearman(t *testing.T) {
	tests := []struct {
		name string
		x, y []float64
		rho  float64
		ok   bool
	}{
		{"same order", []float64{1, 2, 3}, []float64{10, 20, 30}, 1, true},
		{"reversed", []float64{1, 2, 3}, []float64{3, 2, 1}, -1, true},
		// scipy.stats.spearmanr([1,2,3,4,5], [5,6,7,8,7]).
		{"ties", []float64{1, 2, 3, 4, 5}, []float64{5, 6, 7, 8, 7}, 0.82078268166812329, true},
		{"constant", []float64{1, 2, 3}, []float64{4, 4, 4}, 0, false},
		{"one pair", []float64{1}, []float64{1}, 0, false},
		{"none", nil, nil, 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rho, ok := stat.Spearman(test.x, test.y)
			if ok != test.ok || math.Abs(rho-test.rho) > 1e-15 {
				t.Errorf("Spearman = %v, %v, want %v, %v", rho, ok, test.rho, test.ok)
			}
		})
	}
}

// values draws scores with many ties, as P@k has.
func values(n int) *rapid.Generator[[]float64] {
	return rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 12), func(i int) float64 { return float64(i) / 12 }), n, n)
}

// Spearman is Pearson on average ranks, symmetric, within [-1, 1], and deaf to
// any rising transformation.
func TestSpearmanLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "n")
		x, y := values(n).Draw(t, "x"), values(n).Draw(t, "y")
		rho, ok := stat.Spearman(x, y)
		if !ok {
			t.Skip("a constant side")
		}
		if rho < -1 || rho > 1 {
			t.Fatalf("rho = %v", rho)
		}
		if want := gonum.Correlation(stat.Ranks(x), stat.Ranks(y), nil); math.Abs(rho-want) > 1e-12 {
			t.Fatalf("rho = %v, Pearson on ranks %v", rho, want)
		}
		if swapped, _ := stat.Spearman(y, x); swapped != rho {
			t.Fatalf("rho = %v, swapped %v", rho, swapped)
		}
		stretched := make([]float64, n)
		for i, v := range x {
			stretched[i] = math.Exp(v) + 7
		}
		if same, _ := stat.Spearman(stretched, y); same != rho {
			t.Fatalf("rho = %v, stretched %v", rho, same)
		}
	})
}

// Ranks sum to n(n+1)/2 and keep the order of the values.
func TestRanksLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		x := values(n).Draw(t, "x")
		ranks := stat.Ranks(x)
		var sum float64
		for i := range ranks {
			sum += ranks[i]
			for j := range ranks {
				if (x[i] < x[j]) != (ranks[i] < ranks[j]) {
					t.Fatalf("ranks %v don't keep the order of %v", ranks, x)
				}
			}
		}
		if sum != float64(n*(n+1))/2 {
			t.Fatalf("ranks %v sum to %v", ranks, sum)
		}
	})
}

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
