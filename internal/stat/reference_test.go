package stat_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"alignctl/internal/stat"
)

// reference runs a test for each input of a file that tests/reference/figures.py wrote.
func reference[C any](t *testing.T, name string, test func(t *testing.T, c C)) {
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases struct{ Random, Edge []C }
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(cases.Random) < 50 || len(cases.Edge) < 20 {
		t.Errorf("%s: %d random and %d edge inputs, want 50 and 20", name, len(cases.Random), len(cases.Edge))
	}
	for kind, some := range map[string][]C{"random": cases.Random, "edge": cases.Edge} {
		for i, c := range some {
			t.Run(fmt.Sprintf("%s_%d", kind, i), func(t *testing.T) { test(t, c) })
		}
	}
}

// same reports a figure that isn't the wanted one, to twelve digits.
func same(t *testing.T, name string, got, want float64) {
	t.Helper()
	if !near(got, want) {
		t.Errorf("%s = %.17g, want %.17g", name, got, want)
	}
}

// sameOrNil is same for figures that may be undefined.
func sameOrNil(t *testing.T, name string, got, want *float64) {
	t.Helper()
	if (got == nil) != (want == nil) {
		t.Errorf("%s is undefined: %t, want %t", name, got == nil, want == nil)
	} else if got != nil {
		same(t, name, *got, *want)
	}
}

func near(got, want float64) bool {
	return math.Abs(got-want) <= 1e-12*max(1, math.Abs(want)) || math.Abs(got-want) <= 1e-9*math.Abs(want)
}

// defined is a figure, or nil where it is undefined.
func defined(v float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &v
}

func TestSpearmanReference(t *testing.T) {
	type input struct {
		X, Y []float64
		Rho  *float64
	}
	reference(t, "spearman", func(t *testing.T, c input) {
		sameOrNil(t, "rho", defined(stat.Spearman(c.X, c.Y)), c.Rho)
	})
}

func TestNDCGReference(t *testing.T) {
	type input struct {
		Gains, All []float64
		K          int
		NDCG       *float64
	}
	reference(t, "ndcg", func(t *testing.T, c input) {
		sameOrNil(t, "ndcg", defined(stat.NDCG(c.Gains, c.All, c.K)), c.NDCG)
	})
}

func TestWilcoxonReference(t *testing.T) {
	type input struct {
		X, Y        []float64
		N           int
		Plus, Minus float64
		Exact       bool
		P, Effect   *float64
	}
	reference(t, "wilcoxon", func(t *testing.T, c input) {
		got := stat.Wilcoxon(c.X, c.Y)
		if got.N != c.N || got.Plus != c.Plus || got.Minus != c.Minus || got.Exact != c.Exact {
			t.Errorf("Wilcoxon = %+v, want %+v", got, c)
		}
		sameOrNil(t, "p", got.P, c.P)
		sameOrNil(t, "effect", got.Effect, c.Effect)
	})
}

func TestMcNemarReference(t *testing.T) {
	type input struct {
		Gained, Lost int
		P            float64
	}
	reference(t, "mcnemar", func(t *testing.T, c input) { same(t, "p", stat.McNemar(c.Gained, c.Lost), c.P) })
}

func TestHolmReference(t *testing.T) {
	type input struct{ P, Holm []*float64 }
	reference(t, "holm", func(t *testing.T, c input) {
		for i, got := range stat.Holm(c.P) {
			sameOrNil(t, fmt.Sprintf("p %d", i), got, c.Holm[i])
		}
	})
}

func TestMinimumDetectableReference(t *testing.T) {
	type input struct {
		StdErr       float64
		N            int
		Alpha, Power float64
		Detectable   float64
	}
	reference(t, "detectable", func(t *testing.T, c input) {
		same(t, "effect", stat.MinimumDetectable(c.StdErr, c.N, c.Alpha, c.Power), c.Detectable)
	})
}

func TestDistancesReference(t *testing.T) {
	type input struct {
		P, Q             []float64
		EMD              float64
		EMDNorm          *float64 `json:"emd_norm"`
		Cosine           float64
		TotalVariation   float64   `json:"total_variation"`
		JSDivergenceBits float64   `json:"js_divergence_bits"`
		JSDivergenceNats float64   `json:"js_divergence_nats"`
		JSDistanceBits   float64   `json:"js_distance_bits"`
		JSDistanceNats   float64   `json:"js_distance_nats"`
		KLBits           []float64 `json:"kl_bits"`
		KLNats           []float64 `json:"kl_nats"`
	}
	reference(t, "distances", func(t *testing.T, c input) {
		p, q := shares(t, c.P...), shares(t, c.Q...)
		same(t, "EMD", stat.EMD(p, q), c.EMD)
		sameOrNil(t, "EMD/(n-1)", defined(stat.NormalisedEMD(p, q)), c.EMDNorm)
		same(t, "cosine", stat.Cosine(p, q), c.Cosine)
		same(t, "total variation", stat.TotalVariation(p, q), c.TotalVariation)
		same(t, "JS divergence in bits", stat.JSDivergence(p, q, stat.Bits), c.JSDivergenceBits)
		same(t, "JS divergence in nats", stat.JSDivergence(p, q, stat.Nats), c.JSDivergenceNats)
		// Of a divergence that is rounding alone the root is noise of 1e-8.
		if math.Abs(stat.JSDistance(p, q, stat.Bits)-c.JSDistanceBits) > 1e-8 ||
			math.Abs(stat.JSDistance(p, q, stat.Nats)-c.JSDistanceNats) > 1e-8 {
			t.Errorf("JS distance = %v bits, %v nats", stat.JSDistance(p, q, stat.Bits), stat.JSDistance(p, q, stat.Nats))
		}
		for i, epsilon := range []float64{1e-12, 1e-9, 1e-3} {
			same(t, "KL in bits", stat.KL(p, q, epsilon, stat.Bits), c.KLBits[i])
			same(t, "KL in nats", stat.KL(p, q, epsilon, stat.Nats), c.KLNats[i])
		}
	})
}

// An estimated is what is expected of an Estimate by each interval.
type estimated struct {
	Value           float64
	N               int
	StdErr          *float64
	Percentile, BCa *[2]float64
}

func (want estimated) check(t *testing.T, figure string, got stat.Estimate, interval *[2]float64) {
	t.Helper()
	if got.N != want.N {
		t.Errorf("%s rests on %d clusters, want %d", figure, got.N, want.N)
	}
	same(t, figure, got.Value, want.Value)
	sameOrNil(t, figure+"'s standard error", got.StdErr, want.StdErr)
	var low, high *float64
	if interval != nil {
		low, high = &interval[0], &interval[1]
	}
	sameOrNil(t, figure+"'s lower end", got.Low, low)
	sameOrNil(t, figure+"'s upper end", got.High, high)
}

func TestBootstrapReference(t *testing.T) {
	type input struct {
		Values       []float64
		Clusters     []string
		Resamples    int
		Level        float64
		Seed         uint64
		Mean, Median estimated
		P            *float64
	}
	reference(t, "bootstrap", func(t *testing.T, c input) {
		b := stat.Bootstrap{Resamples: c.Resamples, Level: c.Level, Seed: c.Seed}
		sample := stat.Sample{Values: c.Values, Clusters: c.Clusters}
		c.Mean.check(t, "mean", b.Means(sample)[0], c.Mean.Percentile)
		c.Median.check(t, "median", b.Medians(sample)[0], c.Median.Percentile)
		difference := b.Differences(stat.Pairs{X: c.Values, Y: make([]float64, len(c.Values)), Clusters: c.Clusters})[0]
		sameOrNil(t, "p", difference.P, c.P)
		b.Interval = stat.BCa
		c.Mean.check(t, "mean by BCa", b.Means(sample)[0], c.Mean.BCa)
		c.Median.check(t, "median by BCa", b.Medians(sample)[0], c.Median.BCa)
	})
}
