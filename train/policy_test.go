package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"alignctl/lake"
	"alignctl/train/lm"
	"alignctl/train/reward"
)

// vowels is a reward that a model without knowledge can earn: the share of the
// letter a in an answer.
type vowels struct{}

func (vowels) Score(_ context.Context, samples []reward.Sample) ([]reward.Score, error) {
	scores := make([]reward.Score, len(samples))
	for i, s := range samples {
		n := float64(max(1, len([]rune(s.Completion))))
		scores[i].Reward = float64(strings.Count(s.Completion, "a")) / n
		scores[i].Parts = []reward.Part{{Name: "vowels", Value: scores[i].Reward}}
	}
	return scores, nil
}

// policyBench is a small new model with questions for it.
type policyBench struct {
	lake    *lake.Lake
	folder  string
	encoder *lm.Encoder
	asked   []*question
}

func newPolicyBench(t *testing.T) *policyBench {
	t.Helper()
	b := &policyBench{lake: tinyLake(t, wordExamples(16))}
	b.folder = scratchModel(t, b.lake)
	var err error
	if b.encoder, err = lm.LoadEncoder(b.folder, 0); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		q, err := render(b.encoder, reward.Question{Sample: reward.Sample{ExampleID: fmt.Sprint(i)},
			Messages: []reward.Message{{Role: "user", Content: fmt.Sprintf("cue %d", i)}}})
		if err != nil {
			t.Fatal(err)
		}
		b.asked = append(b.asked, q)
	}
	return b
}

func testPolicy() PolicyOptions {
	o := defaultPolicy()
	o.Rollouts, o.MaxNewTokens, o.Lanes = 16, 12, 16
	return o
}

func (b *policyBench) setup(o PolicyOptions) policySetup {
	return policySetup{options: o, seed: 7, batch: 8, accumulate: 2, asks: o.Rollouts, draws: 1,
		order: questionOrder{list: b.asked, seed: 7},
		shape: answerShape{prompt: questions{list: b.asked}.longest(), rows: 8, most: o.MaxNewTokens + 1}}
}

func (b *policyBench) load(t *testing.T, full bool) *lm.Model {
	t.Helper()
	options := lm.Options{Backend: "go", Trainable: lm.TrainLoRA,
		LoRA: lm.LoRAConfig{Rank: 4, Alpha: 8, Targets: []string{lm.AllLinear}}}
	if full {
		options = lm.Options{Backend: "go", Trainable: lm.TrainFull}
	}
	m, err := lm.Load(t.Context(), b.folder, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func (b *policyBench) ppo(t *testing.T, full bool, change func(*PPOOptions)) *policyTrainer {
	t.Helper()
	o := DefaultPPO()
	o.PolicyOptions = testPolicy()
	if change != nil {
		change(&o)
	}
	setup := b.setup(o.PolicyOptions)
	setup.valued, setup.warmup = true, o.ValueWarmup
	return b.trainer(t, full, setup, o.newLoss)
}

func (b *policyBench) grpo(t *testing.T, change func(*GRPOOptions)) *policyTrainer {
	t.Helper()
	o := DefaultGRPO()
	o.PolicyOptions = testPolicy()
	o.Group = 4
	if change != nil {
		change(&o)
	}
	setup := b.setup(o.PolicyOptions)
	setup.asks, setup.draws = o.Rollouts/o.Group, o.Group
	return b.trainer(t, false, setup, o.newLoss)
}

func (b *policyBench) trainer(
	t *testing.T, full bool, setup policySetup, method func(*policyModel, *policyState) policyLoss,
) *policyTrainer {
	t.Helper()
	p, err := newPolicyTrainer(b.load(t, full), b.encoder, vowels{}, setup,
		StepperOptions{Optimizer: DefaultAdamW(), Clip: 1, Value: 1}, method)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *policyTrainer) mustStep(t *testing.T, step int, rate float64) map[string]float64 {
	t.Helper()
	done, err := p.step(t.Context(), step, rate)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]float64{}
	for _, m := range done.metrics() {
		named[m.name] = m.value
	}
	return named
}

// Before anything is learnt the policy is the reference and the policy that drew:
// KL is 0 and the ratio 1, to the last bit; nothing is clipped.
func TestPolicyStartsAtTheReference(t *testing.T) {
	b := newPolicyBench(t)
	for name, p := range map[string]*policyTrainer{"ppo": b.ppo(t, false, nil), "ppo full": b.ppo(t, true, nil), "grpo": b.grpo(t, nil)} {
		m := p.mustStep(t, 1, 1e-3)
		for metric, want := range map[string]float64{"objective/kl": 0, "val/ratio": 1, "policy/approxkl_avg": 0,
			"policy/clipfrac_avg": 0, "objective/non_score_reward": 0} {
			if math.Abs(m[metric]-want) > 1e-6 {
				t.Errorf("%s: %s is %g, want %g", name, metric, m[metric], want)
			}
		}
		if m = p.mustStep(t, 2, 1e-3); m["objective/kl"] == 0 {
			t.Errorf("%s: the policy hasn't moved", name)
		}
	}
}

// Both methods find out what is rewarded.
func TestPolicyLearnsTheReward(t *testing.T) {
	b := newPolicyBench(t)
	for name, p := range map[string]*policyTrainer{"ppo": b.ppo(t, false, func(o *PPOOptions) { o.KLCoef = 0.001 }), "grpo": b.grpo(t, nil)} {
		t.Run(name, func(t *testing.T) {
			var first, last float64
			const steps = 30
			for step := 1; step <= steps; step++ {
				m := p.mustStep(t, step, 2e-2)
				switch {
				case step <= 3:
					first += m["objective/scores"] / 3
				case step > steps-3:
					last += m["objective/scores"] / 3
				}
			}
			t.Logf("reward %.3f -> %.3f", first, last)
			if !(last > 2*first && last > 0.1) {
				t.Errorf("the reward went from %.3f to %.3f", first, last)
			}
		})
	}
}

// While the value head warms up, the policy stays where it is.
func TestValueWarmup(t *testing.T) {
	p := newPolicyBench(t).ppo(t, false, func(o *PPOOptions) { o.ValueWarmup = 2 })
	losses := make([]float64, 4)
	for step := 1; step <= 3; step++ {
		m := p.mustStep(t, step, 1e-2)
		losses[step] = m["loss/value_avg"]
		if moved := m["objective/kl"] != 0; moved {
			t.Errorf("step %d: KL %g", step, m["objective/kl"])
		}
	}
	if losses[1] == losses[3] {
		t.Error("the value head hasn't learnt")
	}
	if m := p.mustStep(t, 4, 1e-2); m["objective/kl"] == 0 {
		t.Error("after the warm-up the policy stays")
	}
}

// The same seed gives the same answers and the same numbers.
func TestPolicyRepeats(t *testing.T) {
	b := newPolicyBench(t)
	numbers := func() (all []float64) {
		p := b.ppo(t, false, func(o *PPOOptions) { o.ScaleScores, o.KLTarget = true, 0.1 })
		for step := 1; step <= 3; step++ {
			m := p.mustStep(t, step, 1e-2)
			all = append(all, m["objective/scores"], m["objective/kl"], m["objective/kl_coef"], m["grad_norm"], m["loss/value_avg"])
		}
		return all
	}
	first := numbers()
	if again := numbers(); !slices.Equal(first, again) {
		t.Errorf("two runs: %v and %v", first, again)
	}
}

// What goes wrong is said, with what it went wrong on.
func TestPolicyStops(t *testing.T) {
	b := newPolicyBench(t)
	for name, c := range map[string]struct {
		change func(*PPOOptions)
		rate   float64
		want   string
	}{
		"KL":       {func(o *PPOOptions) { o.Limits.KL = 1e-3 }, 1e-2, "--kl-limit"},
		"ratio":    {func(o *PPOOptions) { o.Updates, o.Limits.Ratio = 3, 1.05 }, 0.5, "--ratio-limit"},
		"collapse": {func(o *PPOOptions) { o.Limits.Collapse, o.Limits.Entropy = CollapseStop, 100 }, 1e-3, "--collapse warn"},
	} {
		p := b.ppo(t, false, c.change)
		var err error
		for step := 1; step <= 5 && err == nil; step++ {
			_, err = p.step(t.Context(), step, c.rate)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", name, err, c.want)
		}
	}
	p := b.ppo(t, false, func(o *PPOOptions) { o.Updates, o.TargetKL = 20, 1e-5 })
	if m := p.mustStep(t, 1, 1e-2); m["policy/early_stop"] != 1 || m["optimizer_steps"] >= 40 {
		t.Errorf("target KL: %v", m)
	}
}
