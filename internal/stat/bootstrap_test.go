package stat_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gonum "gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"alignctl/internal/stat"
)

// mean is the estimate of the mean of values that stand alone.
func mean(b stat.Bootstrap, values []float64) stat.Estimate {
	return b.Means(stat.Sample{Values: values})[0]
}

func difference(b stat.Bootstrap, x, y []float64) stat.Difference {
	return b.Differences(stat.Pairs{X: x, Y: y})[0]
}

// The interval lies within the data, is the same for the same seed, and moves
// with a shift of the data.
func TestBootstrapLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := values(rapid.IntRange(2, 60).Draw(t, "n")).Draw(t, "x")
		b := stat.Bootstrap{Resamples: 400, Seed: rapid.Uint64().Draw(t, "seed"),
			Interval: rapid.SampledFrom(stat.Intervals()).Draw(t, "interval")}
		got := mean(b, x)
		if diff := cmp.Diff(got, mean(b, x)); diff != "" {
			t.Fatalf("the same seed gave another estimate: %s", diff)
		}
		if got.N != len(x) || got.Value != stat.Mean(x) {
			t.Fatalf("estimate %+v of %v", got, x)
		}
		if got.Low == nil {
			t.Skip("no interval")
		}
		shifted := make([]float64, len(x))
		for i, v := range x {
			shifted[i] = v + 1
		}
		const eps = 1e-9
		if *got.Low < slices.Min(x)-eps || *got.High > slices.Max(x)+eps || *got.Low > *got.High {
			t.Fatalf("interval [%v, %v] of %v", *got.Low, *got.High, x)
		}
		moved := mean(b, shifted)
		if math.Abs(*moved.Low-*got.Low-1) > eps || math.Abs(*moved.High-*got.High-1) > eps {
			t.Fatalf("interval [%v, %v], of data + 1 [%v, %v]", *got.Low, *got.High, *moved.Low, *moved.High)
		}
	})
}

// What resampling can't tell is nil, never 0.
func TestEstimateWithoutSpread(t *testing.T) {
	tests := map[string]stat.Sample{
		"one value":             {Values: []float64{0.4}},
		"one cluster":           {Values: []float64{0, 0.4, 1}, Clusters: []string{"sea", "sea", "sea"}},
		"all values the same":   {Values: []float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}},
		"all zero":              {Values: make([]float64, 100)},
		"all clusters the same": {Values: []float64{0, 1, 1, 0}, Clusters: []string{"sea", "sea", "sun", "sun"}},
	}
	for name, sample := range tests {
		for _, interval := range stat.Intervals() {
			b := stat.Bootstrap{Interval: interval}
			got := append(b.Means(sample), b.Medians(sample)...)
			d := b.Differences(stat.Pairs{X: sample.Values, Y: make([]float64, len(sample.Values)), Clusters: sample.Clusters})[0]
			for _, e := range append(got, d.Estimate) {
				if e.Value != stat.Mean(sample.Values) && e.Value != stat.Median(sample.Values) || e.N == 0 {
					t.Errorf("%s: estimate %+v", name, e)
				}
				if e.StdErr != nil || e.Low != nil || e.High != nil {
					t.Errorf("%s: %s interval of %v isn't nil", name, interval, e.Value)
				}
			}
			if d.P != nil || d.Detectable != nil {
				t.Errorf("%s: p value isn't nil", name)
			}
		}
	}
	if got := mean(stat.Bootstrap{}, nil); got != (stat.Estimate{}) {
		t.Errorf("estimate of nothing = %+v", got)
	}
}

// Swapping the runs turns the difference round; comparing a run with itself
// finds nothing.
func TestDifferenceLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "n")
		x, y := values(n).Draw(t, "x"), values(n).Draw(t, "y")
		b := stat.Bootstrap{Resamples: 300, Seed: 7}
		forth, back := difference(b, x, y), difference(b, y, x)
		if self := difference(b, x, x); self.Value != 0 || self.P != nil {
			t.Fatalf("a run against itself: %+v", self)
		}
		if forth.P == nil {
			t.Skip("no spread")
		}
		if forth.Value != -back.Value || *forth.P != *back.P || *forth.StdErr != *back.StdErr {
			t.Fatalf("difference %+v, swapped %+v", forth, back)
		}
		if *forth.P <= 0 || *forth.P > 1 || *forth.Detectable <= *forth.StdErr {
			t.Fatalf("p = %v, detectable %v, standard error %v", *forth.P, *forth.Detectable, *forth.StdErr)
		}
	})
}

// A gain that every item shares is found although the items themselves
// scatter far more than the gain: the reason to pair.
func TestDifferencesFindASmallSharedGain(t *testing.T) {
	var before, after []float64
	for i := range 100 {
		score := float64(i%10) / 10
		before = append(before, score)
		after = append(after, score+0.02+0.01*float64(i%2))
	}
	b := stat.Bootstrap{Seed: 1}
	got := difference(b, after, before)
	if *got.Low <= 0 || *got.P > 0.01 {
		t.Errorf("difference %v in [%v, %v], p %v, want an interval above 0", got.Value, *got.Low, *got.High, *got.P)
	}
	if first, second := mean(b, before), mean(b, after); *second.Low > *first.High {
		t.Errorf("unpaired intervals don't overlap: the example shows nothing")
	}
}

// Clusters of one item each are the items; copies of the items within their
// clusters add no certainty, which they would as items of their own.
func TestClusters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := values(rapid.IntRange(2, 30).Draw(t, "n")).Draw(t, "x")
		var names, twiceNames []string
		var twice []float64
		for i, v := range x {
			name := fmt.Sprint(i)
			names = append(names, name)
			twice, twiceNames = append(twice, v, v), append(twiceNames, name, name)
		}
		b := stat.Bootstrap{Resamples: 200, Seed: 5, Interval: rapid.SampledFrom(stat.Intervals()).Draw(t, "interval")}
		got := b.Means(stat.Sample{Values: x}, stat.Sample{Values: x, Clusters: names},
			stat.Sample{Values: twice, Clusters: twiceNames}, stat.Sample{Values: twice})
		if diff := cmp.Diff(got[0], got[1]); diff != "" {
			t.Fatalf("clusters of one: %s", diff)
		}
		if got[0].StdErr == nil {
			t.Skip("no spread")
		}
		if math.Abs(*got[2].StdErr-*got[0].StdErr) > 1e-12 || got[2].N != len(x) {
			t.Fatalf("items %+v, twice in their clusters %+v", got[0], got[2])
		}
		if *got[3].StdErr >= *got[0].StdErr {
			t.Fatalf("copies as items: standard error %v, of the items %v", *got[3].StdErr, *got[0].StdErr)
		}
	})
}

// A sample's estimate doesn't depend on what else is estimated, nor on the
// number of processors.
func TestSharedDraws(t *testing.T) {
	x, y := []float64{0, 0.2, 0.4, 1}, []float64{1, 1, 0, 0.5, 0.25}
	b := stat.Bootstrap{Seed: 3}
	together := b.Means(stat.Sample{Values: x}, stat.Sample{Values: x}, stat.Sample{Values: y}, stat.Sample{}, stat.Sample{Values: x})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	want := []stat.Estimate{mean(b, x), mean(b, x), mean(b, y), {}, mean(b, x)}
	if diff := cmp.Diff(want, together); diff != "" {
		t.Errorf("estimates together (-alone +together):\n%s", diff)
	}
}

// The intervals of a mean cover the truth about as often as they say, and the
// standard error is the textbook's.
func TestBootstrapCoverage(t *testing.T) {
	for _, interval := range stat.Intervals() {
		const samples, n = 300, 50
		covered := 0
		for s := range samples {
			x := make([]float64, n)
			for i := range x { // a fixed, well mixed sequence in [0, 1), mean 1/2
				_, x[i] = math.Modf(float64(s*n+i+1) * math.Phi * 1e3)
				x[i] = math.Mod(x[i]*9973, 1)
			}
			got := mean(stat.Bootstrap{Resamples: 500, Seed: uint64(s), Interval: interval}, x)
			if *got.Low <= 0.5 && 0.5 <= *got.High {
				covered++
			}
			if want := gonum.StdErr(gonum.StdDev(x, nil), n); math.Abs(*got.StdErr-want) > 1e-12 {
				t.Fatalf("stderr = %v, want %v", *got.StdErr, want)
			}
		}
		if share := float64(covered) / samples; share < 0.90 || share > 0.99 {
			t.Errorf("coverage of the 95%% %s interval = %v", interval, share)
		}
	}
}

// A share near 0 has an interval that reaches further up than down. BCa sees
// more of that than the percentiles do.
func TestBCaLeansWithTheSkew(t *testing.T) {
	x := make([]float64, 60)
	x[0], x[1], x[2] = 1, 1, 1
	percentile := mean(stat.Bootstrap{Resamples: 4000}, x)
	bca := mean(stat.Bootstrap{Resamples: 4000, Interval: stat.BCa}, x)
	if *bca.High <= *percentile.High || *bca.Low < *percentile.Low {
		t.Errorf("BCa [%v, %v], percentile [%v, %v]", *bca.Low, *bca.High, *percentile.Low, *percentile.High)
	}
}

// The draws are part of the published figures: they must never change.
func TestBootstrapIsFixedByItsSeed(t *testing.T) {
	x := []float64{0, 0.2, 0.2, 0.4, 0.6, 1}
	got := mean(stat.Bootstrap{Resamples: 1000, Seed: 42}, x)
	want := [4]float64{0.39999999999999997, 0.1460593486680443, 0.16666666666666666, 0.6666666666666666}
	if figures := [4]float64{got.Value, *got.StdErr, *got.Low, *got.High}; figures != want {
		t.Errorf("estimate = %v, want %v", figures, want)
	}
}

func TestBootstrapValidate(t *testing.T) {
	tests := []struct {
		b    stat.Bootstrap
		want string
	}{
		{stat.Bootstrap{}, ""},
		{stat.Bootstrap{Interval: stat.BCa}, ""},
		{stat.Bootstrap{Resamples: -1}, "at least 1 resample"},
		{stat.Bootstrap{Level: 1}, "a level between 0 and 1"},
		{stat.Bootstrap{Interval: "bca"}, `one of ["percentile" "BCa"]`},
	}
	for _, test := range tests {
		err := test.b.Validate()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("Validate(%+v) = %v, want %q", test.b, err, test.want)
		}
	}
}

// Ten metrics of 12,000 cues, 10,000 resamples.
func BenchmarkBootstrap(b *testing.B) {
	samples := make([]stat.Sample, 10)
	for m := range samples {
		for i := range 12_000 {
			samples[m].Values = append(samples[m].Values, float64((i*7919+m)%(m+6))/float64(m+5))
		}
	}
	for _, interval := range stat.Intervals() {
		b.Run(string(interval), func(b *testing.B) {
			for b.Loop() {
				stat.Bootstrap{Resamples: 10_000, Seed: 42, Interval: interval}.Means(samples...)
			}
		})
	}
}
