package rl

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// golden is testdata/ppo.json: rollouts of three answers, padded to six tokens.
type golden struct {
	Old       [][]float64  `json:"old_logprobs"`
	Ref       [][]float64  `json:"ref_logprobs"`
	New       [][]float64  `json:"new_logprobs"`
	OldValues [][]float64  `json:"old_values"`
	NewValues [][]float64  `json:"new_values"`
	Scores    []float64    `json:"scores"`
	Lengths   []int        `json:"lengths"`
	Cases     []goldenCase `json:"cases"`
}

type goldenCase struct {
	Estimator   string      `json:"kl_estimator"`
	Coefficient float64     `json:"kl_coef"`
	Gamma       float64     `json:"gamma"`
	Lambda      float64     `json:"lam"`
	Whiten      bool        `json:"whiten_advantages"`
	Clip        float64     `json:"cliprange"`
	ValueClip   float64     `json:"cliprange_value"`
	ValueCoef   float64     `json:"vf_coef"`
	KL          [][]float64 `json:"kl"`
	Rewards     [][]float64 `json:"rewards"`
	Raw         [][]float64 `json:"raw_advantages"`
	Returns     [][]float64 `json:"returns"`
	Advantages  [][]float64 `json:"advantages"`
	Ratio       [][]float64 `json:"ratio"`
	PolicyLoss  float64     `json:"pg_loss"`
	ValueLoss   float64     `json:"vf_loss"`
	Loss        float64     `json:"loss"`
	PolicyClip  float64     `json:"pg_clipfrac"`
	ValueClips  float64     `json:"vf_clipfrac"`
	ApproxKL    float64     `json:"approx_kl"`
	GradNew     [][]float64 `json:"grad_new_logprobs"`
	GradValues  [][]float64 `json:"grad_new_values"`
}

func readGolden(t *testing.T) map[string]golden {
	t.Helper()
	raw, err := os.ReadFile("testdata/ppo.json")
	if err != nil {
		t.Fatal(err)
	}
	var g map[string]golden
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// answers cuts padded rows to the answers' lengths.
func (g golden) answers(rows [][]float64) [][]float64 {
	cut := make([][]float64, len(rows))
	for i, row := range rows {
		cut[i] = row[:g.Lengths[i]]
	}
	return cut
}

func near(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
}

// From log-probabilities, values and scores to advantages, as TRL.
func TestAdvantagesGolden(t *testing.T) {
	for precision, g := range readGolden(t) {
		for _, c := range g.Cases {
			what := precision + " " + c.Estimator + " "
			old, ref, values := g.answers(g.Old), g.answers(g.Ref), g.answers(g.OldValues)
			advantages := make([][]float64, len(old))
			for i := range old {
				kl, err := KL(c.Estimator, old[i], ref[i])
				if err != nil {
					t.Fatal(err)
				}
				near(t, what+"kl", kl, g.answers(c.KL)[i])
				rewards := Rewards(kl, c.Coefficient, g.Scores[i])
				near(t, what+"rewards", rewards, g.answers(c.Rewards)[i])
				var returns []float64
				advantages[i], returns = GAE{Gamma: c.Gamma, Lambda: c.Lambda}.Estimate(rewards, values[i])
				near(t, what+"returns", returns, g.answers(c.Returns)[i])
			}
			near(t, what+"raw advantages", advantages, g.answers(c.Raw))
			if c.Whiten {
				Whiten(advantages)
			}
			near(t, what+"advantages", advantages, g.answers(c.Advantages))
		}
	}
}

// With gamma and lambda 1 an advantage is what came minus what was expected.
func TestGAESumsRewards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Float64Range(-5, 5), 2, 40).Draw(t, "numbers")
		rewards, values := numbers[:len(numbers)/2], numbers[len(numbers)/2:][:len(numbers)/2]
		advantages, returns := GAE{Gamma: 1, Lambda: 1}.Estimate(rewards, values)
		left := 0.0
		for i := len(rewards) - 1; i >= 0; i-- {
			left += rewards[i]
			if math.Abs(advantages[i]-(left-values[i])) > 1e-9 || math.Abs(returns[i]-left) > 1e-9 {
				t.Fatalf("token %d: advantage %g, return %g; want %g, %g", i, advantages[i], returns[i], left-values[i], left)
			}
		}
	})
}

func TestWhiten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.SliceOfN(rapid.Float64Range(-100, 100), 2, 30).Draw(t, "row")
		rows := [][]float64{row, {row[0] + 1}}
		Whiten(rows)
		mean, variance, _ := spread(rows)
		if math.Abs(mean) > 1e-6 || math.Abs(variance-1) > 1e-3 {
			t.Fatalf("mean %g, variance %g", mean, variance)
		}
	})
	lone := [][]float64{{3}}
	Whiten(lone)
	near(t, "lone number", lone, [][]float64{{3}})
	equal := [][]float64{{2, 2}, {2}}
	Whiten(equal)
	near(t, "equal numbers", equal, [][]float64{{0, 0}, {0}})
}

func TestGroupAdvantages(t *testing.T) {
	scores := []float64{1, 3, 2, 2, -1, 0}
	got, err := Group{Size: 2}.Advantages(scores)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "unscaled", got, []float64{-1, 1, 0, 0, -0.5, 0.5})
	if got, err = (Group{Size: 2, Scale: true}).Advantages(scores); err != nil {
		t.Fatal(err)
	}
	// The unbiased deviation of two numbers is their distance over the root of 2.
	wide, narrow := 1/(math.Sqrt2+1e-4), 0.5/(math.Sqrt2/2+1e-4)
	near(t, "scaled", got, []float64{-wide, wide, 0, 0, -narrow, narrow})
	for _, size := range []int{0, 1, 4} {
		if _, err := (Group{Size: size}).Advantages(scores); err == nil {
			t.Errorf("groups of %d in 6 answers passed", size)
		}
	}
}

func TestAdaptiveKL(t *testing.T) {
	a := AdaptiveKL{Target: 6, Horizon: 100}
	near(t, "on target", a.Next(0.2, 6, 10), 0.2)
	near(t, "far above", a.Next(0.2, 60, 10), 0.2*1.02)
	near(t, "far below", a.Next(0.2, -1, 10), 0.2*0.98)
	near(t, "a bit above", a.Next(0.2, 6.6, 10), 0.2*1.01)
}

func TestUnknownEstimator(t *testing.T) {
	if _, err := KL("k2", []float64{0}, []float64{0}); err == nil {
		t.Error("k2 passed")
	}
}

// Scores seen in parts have the moments of all of them.
func TestMoments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scores := rapid.SliceOfN(rapid.Float64Range(-10, 10), 2, 30).Draw(t, "scores")
		cut := rapid.IntRange(1, len(scores)-1).Draw(t, "cut")
		var m Moments
		m.Add(scores[:cut])
		m.Add(scores[cut:])
		mean, variance, _ := spread([][]float64{scores})
		want := math.Sqrt(variance)
		if m.Variance == 0 {
			want = 1
		}
		if math.Abs(m.Mean-mean) > 1e-9 || math.Abs(m.Deviation()-want) > 1e-6 {
			t.Fatalf("mean %g, deviation %g; want %g, %g", m.Mean, m.Deviation(), mean, want)
		}
	})
}
