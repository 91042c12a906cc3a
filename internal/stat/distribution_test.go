package stat_test

import (
	"encoding/csv"
	"errors"
	"math"
	"os"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"alignctl/internal/stat"
)

// shares makes a distribution of weights that have one.
func shares(t rapid.TB, weights ...float64) stat.Distribution {
	t.Helper()
	d, err := stat.NewDistribution(weights)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A question is two distributions over the codes of a scale.
type question struct{ human, model []float64 }

// readQuestions fills in the codes that the file leaves out: nobody chose them.
func readQuestions(t *testing.T, path string) map[string]question {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	questions := map[string]question{}
	for _, row := range rows[1:] {
		figures := make([]float64, len(row))
		for i, cell := range row[1:] {
			if figures[i+1], err = strconv.ParseFloat(cell, 64); err != nil {
				t.Fatal(err)
			}
		}
		least, most, code := int(figures[1]), int(figures[2]), int(figures[3])
		q, known := questions[row[0]]
		if !known {
			q = question{make([]float64, most-least+1), make([]float64, most-least+1)}
			questions[row[0]] = q
		}
		q.human[code-least], q.model[code-least] = figures[4], figures[5]
	}
	return questions
}

// Distances are over positions of the whole scale, not over values of shares
// nor over the codes that were observed; divergence, distance and base are
// apart; rounding makes no NaN.
func TestDistancesByDefinition(t *testing.T) {
	questions := readQuestions(t, "testdata/distances.csv")
	tests := []struct {
		question        string
		emd, normalised float64
		bits, nats      [2]float64 // JS distance and divergence
	}{
		{"QA", 2, 0.666667, [2]float64{1, 1}, [2]float64{0.832555, 0.693147}},
		{"QB", 1, 0.333333, [2]float64{0.391868, 0.153561}, [2]float64{0.326252, 0.106440}},
		{"QC", 4.5, 0.5, [2]float64{1, 1}, [2]float64{0.832555, 0.693147}},
		{"QD", 0, 0, [2]float64{}, [2]float64{}},
	}
	var sum float64
	for _, test := range tests {
		q := questions[test.question]
		human, model := shares(t, q.human...), shares(t, q.model...)
		normalised, ok := stat.NormalisedEMD(human, model)
		got := []float64{stat.EMD(human, model), normalised,
			stat.JSDistance(human, model, stat.Bits), stat.JSDivergence(human, model, stat.Bits),
			stat.JSDistance(human, model, stat.Nats), stat.JSDivergence(human, model, stat.Nats)}
		want := []float64{test.emd, test.normalised, test.bits[0], test.bits[1], test.nats[0], test.nats[1]}
		for i := range want {
			if !ok || !(math.Abs(got[i]-want[i]) < 5e-7) {
				t.Errorf("%s: distances %v, want %v", test.question, got, want)
			}
		}
		sum += normalised
	}
	if mean := sum / 4; math.Abs(mean-0.375) > 1e-12 {
		t.Errorf("mean of EMD/(n-1) = %v, want 0.375", mean)
	}
}

func TestNewDistribution(t *testing.T) {
	if got := shares(t, 0.48, 0.5); got[0]+got[1] != 1 {
		t.Errorf("shares of 0.48 and 0.5 sum to %v", got[0]+got[1])
	}
	for _, missing := range [][]float64{nil, {0}, {0, 0, 0}} {
		if _, err := stat.NewDistribution(missing); !errors.Is(err, stat.ErrNoAnswers) {
			t.Errorf("distribution of %v: %v, want no answers", missing, err)
		}
	}
	for _, bad := range [][]float64{{1, -1}, {math.NaN(), 1}, {1, math.Inf(1)}} {
		if d, err := stat.NewDistribution(bad); err == nil || errors.Is(err, stat.ErrNoAnswers) {
			t.Errorf("distribution of %v: %v, %v, want a refusal", bad, d, err)
		}
	}
}

func TestDistancesAtTheirLimits(t *testing.T) {
	one := shares(t, 3)
	if d, ok := stat.NormalisedEMD(one, one); ok {
		t.Errorf("normalised EMD of one option = %v, want undefined", d)
	}
	if kl := stat.KL(shares(t, 1, 1), shares(t, 1, 0), 0, stat.Bits); !math.IsInf(kl, 1) {
		t.Errorf("KL from an option that q lacks, without epsilon = %v", kl)
	}
	if kl := stat.KL(shares(t, 1, 0), shares(t, 1, 1), 0, stat.Bits); kl != 1 {
		t.Errorf("KL of a certain answer from a coin = %v bits", kl)
	}
	if kl := stat.KL(shares(t, 7, 9), shares(t, math.Nextafter(7, 8), 9), 0, stat.Nats); kl != 0 {
		t.Errorf("KL of all but equal distributions = %v, want what rounding leaves of it cut off", kl)
	}
	tiny := stat.Distribution{1, math.SmallestNonzeroFloat64}
	if js := stat.JSDivergence(tiny, stat.Distribution{1, 0}, stat.Bits); !(js < 1e-300) {
		t.Errorf("JS divergence from a share of next to nothing = %v", js)
	}
}

// distributions draws pairs over the same options, many of which are empty.
func distributions(t *rapid.T) (p, q stat.Distribution) {
	n := rapid.IntRange(2, 12).Draw(t, "n")
	weights := rapid.SliceOfN(rapid.Map(rapid.IntRange(-3, 9), func(i int) float64 { return float64(max(0, i)) }), n, n).
		Filter(func(w []float64) bool { return stat.Mean(w) > 0 })
	return shares(t, weights.Draw(t, "p")...), shares(t, weights.Draw(t, "q")...)
}

// divergences are the measures that are symmetric, 0 for equal distributions
// and at most what is said.
var divergences = []struct {
	name string
	of   func(p, q stat.Distribution) float64
	most float64
}{
	{"normalised EMD", func(p, q stat.Distribution) float64 { d, _ := stat.NormalisedEMD(p, q); return d }, 1},
	{"JS divergence in bits", func(p, q stat.Distribution) float64 { return stat.JSDivergence(p, q, stat.Bits) }, 1},
	{"JS divergence in nats", func(p, q stat.Distribution) float64 { return stat.JSDivergence(p, q, stat.Nats) }, math.Ln2},
	{"JS distance in bits", func(p, q stat.Distribution) float64 { return stat.JSDistance(p, q, stat.Bits) }, 1},
	{"total variation", stat.TotalVariation, 1},
	{"1 - cosine", func(p, q stat.Distribution) float64 { return 1 - stat.Cosine(p, q) }, 1},
}

func TestDivergenceLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := distributions(t)
		for _, d := range divergences {
			got := d.of(p, q)
			if !(got >= 0 && got <= d.most) {
				t.Fatalf("%s of %v and %v = %v", d.name, p, q, got)
			}
			if back := d.of(q, p); back != got {
				t.Fatalf("%s of %v and %v = %v, turned round %v", d.name, p, q, got, back)
			}
			if self := d.of(p, p); !(self >= 0 && self <= 1e-15) {
				t.Fatalf("%s of %v and itself = %v", d.name, p, self)
			}
		}
		if kl := stat.KL(p, q, 1e-9, stat.Nats); kl < 0 || stat.KL(p, p, 1e-9, stat.Nats) != 0 {
			t.Fatalf("KL of %v and %v = %v", p, q, kl)
		}
	})
}

// EMD and JS distance keep the triangle inequality; EMD lies between the total
// variation and n - 1 times it.
func TestMetricLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := distributions(t)
		weights := rapid.SliceOfN(rapid.Float64Range(0.01, 1), len(p), len(p)).Draw(t, "r")
		r := shares(t, weights...)
		const eps = 1e-7 // of the root of a divergence near 0
		if stat.EMD(p, q) > stat.EMD(p, r)+stat.EMD(r, q)+eps {
			t.Fatalf("EMD by way of %v is shorter", r)
		}
		distance := func(a, b stat.Distribution) float64 { return stat.JSDistance(a, b, stat.Bits) }
		if distance(p, q) > distance(p, r)+distance(r, q)+eps {
			t.Fatalf("JS distance by way of %v is shorter", r)
		}
		emd, tv := stat.EMD(p, q), stat.TotalVariation(p, q)
		if emd < tv-eps || emd > tv*float64(len(p)-1)+eps {
			t.Fatalf("EMD %v, total variation %v", emd, tv)
		}
	})
}

// The order of the options is EMD's whole point: turning it round changes
// nothing, another order does. The other measures are deaf to order.
func TestPermutedOptions(t *testing.T) {
	p, q := shares(t, 1, 0, 0), shares(t, 0, 0, 1)
	swapped := func(d stat.Distribution) stat.Distribution { return stat.Distribution{d[0], d[2], d[1]} }
	if before, after := stat.EMD(p, q), stat.EMD(swapped(p), swapped(q)); before != 2 || after != 1 {
		t.Errorf("EMD = %v, and with two options swapped %v, want 2 and 1", before, after)
	}
	rapid.Check(t, func(t *rapid.T) {
		p, q := distributions(t)
		order := rapid.Permutation(indices(len(p))).Draw(t, "order")
		for _, d := range divergences[1:] {
			if got, want := d.of(ordered(p, order), ordered(q, order)), d.of(p, q); math.Abs(got-want) > 1e-7 {
				t.Fatalf("%s = %v, in another order %v", d.name, want, got)
			}
		}
		for i := range order {
			order[i] = len(order) - 1 - i
		}
		if got, want := stat.EMD(ordered(p, order), ordered(q, order)), stat.EMD(p, q); math.Abs(got-want) > 1e-12 {
			t.Fatalf("EMD = %v, turned round %v", want, got)
		}
	})
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func ordered(d stat.Distribution, order []int) stat.Distribution {
	moved := make(stat.Distribution, len(d))
	for i, place := range order {
		moved[i] = d[place]
	}
	return moved
}
