package stat_test

import (
	"math"
	"sort"
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

// nDCG lies in [0, 1], is 1 for the best order, and never falls when a better
// item moves ahead of a worse one.
func TestNDCGLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		gains := values(n).Draw(t, "gains")
		k := rapid.IntRange(1, 40).Draw(t, "k")
		before, ok := stat.NDCG(gains, gains, k)
		if !ok {
			t.Skip("no gain")
		}
		if before < 0 || before > 1 {
			t.Fatalf("nDCG = %v", before)
		}
		i := rapid.IntRange(0, n-1).Draw(t, "i")
		for j := i + 1; j < n; j++ {
			if gains[j] > gains[i] {
				gains[i], gains[j] = gains[j], gains[i]
			}
		}
		if after, _ := stat.NDCG(gains, gains, k); after < before-1e-12 {
			t.Fatalf("nDCG fell from %v to %v", before, after)
		}
		sort.Sort(sort.Reverse(sort.Float64Slice(gains)))
		if best, _ := stat.NDCG(gains, gains, k); best != 1 {
			t.Fatalf("nDCG of the best order = %v", best)
		}
	})
}
