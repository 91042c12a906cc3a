package handover

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alignctl/internal/golden"
	"alignctl/lake"
	"alignctl/sql/export"
	"alignctl/train"
)

// trainings are settings far from the defaults, by name.
func trainings() map[string]train.Method {
	sft := train.DefaultSFT()
	sft.Model, sft.Dataset, sft.Accumulate, sft.Epochs = "base", "data.sft_ranked", 4, 1.5
	sft.LearningRate, sft.LoRAPlusRatio, sft.Precision, sft.EvalEvery, sft.Save = 1e-5, 16, "bf16", 10, "best"

	line := train.DefaultSFT()
	line.Model, line.Dataset, line.Full, line.Schedule, line.MinLR = "base", "data.sft_ranked", true, "linear", 1e-5
	line.LabelSmoothing, line.SaveEvery, line.EvalEvery, line.Patience, line.MaxSteps = 0.1, 5, 5, 3, 7
	line.WeightDecay, line.MaxGradNorm, line.CheckpointLayers, line.EvalExamples = 0.01, 0, true, 500

	dpo := train.DefaultDPO()
	dpo.Model, dpo.Dataset, dpo.Loss, dpo.LengthNormalized = "base", "data.pairs", "ipo", true
	dpo.LoRA.Targets, dpo.LoRA.RSLoRA, dpo.Schedule = []string{"all-linear"}, true, "constant"

	smooth := train.DefaultDPO()
	smooth.Model, smooth.Dataset, smooth.Beta, smooth.LabelSmoothing, smooth.Full = "base", "data.pairs", 0.3, 0.1, true

	odd := train.DefaultDPO()
	odd.Model, odd.Dataset, odd.Loss, odd.LengthNormalized, odd.LabelSmoothing = "base", "data.pairs", "sigmoid", true, 0.1
	odd.MinLR, odd.EvalGenerate, odd.LossLimit, odd.EvalExamples = 1e-6, 5, 0, 0
	odd.Adapter, odd.LoRA.Dropout, odd.LoRA.Alpha = "start", 0.05, 1.5
	return map[string]train.Method{"sft": &sft, "sft-full": &line, "dpo": &dpo, "dpo-smooth": &smooth, "dpo-odd": &odd}
}

// sheetOf is the sheet of a training as it would be on 400 examples, a few of
// them too long.
func sheetOf(m train.Method) *sheet {
	o := m.Common()
	steps := int(math.Ceil(o.Epochs * 400 / float64(o.Batch*o.Accumulate)))
	if o.MaxSteps > 0 {
		steps = o.MaxSteps
	}
	return &sheet{Options: o, method: m, end: 2,
		plan: train.Plan{Dataset: lake.Pin{Table: o.Dataset, Snapshot: 7}, Steps: steps, Warmup: 2,
			Train: train.Counts{Examples: 400, Cut: 3}, Dev: train.Counts{Examples: 64}},
		card: &export.Card{Splits: []export.Split{{Name: "train", Rows: 400}, {Name: "dev", Rows: 100}}}}
}

// TestTranslations shows what each trainer is told, and of each setting what
// became of it.
func TestTranslations(t *testing.T) {
	for name, m := range trainings() {
		for _, to := range Trainers() {
			t.Run(name+"-"+to.Name, func(t *testing.T) {
				s := sheetOf(m)
				got := to.translate(s)
				var b strings.Builder
				for _, e := range got.Keys {
					if words := flagWords(e); got.Name == "" && words != "" {
						fmt.Fprintf(&b, "%s\n", words)
					} else if got.Name != "" {
						fmt.Fprintf(&b, "%s: %s\n", e.key, scalar(e.value))
					}
				}
				b.WriteString("\n")
				for _, setting := range s.settings {
					fmt.Fprintf(&b, "%-7s %s %s\n", setting.Verdict, setting.Name,
						strings.Join(strings.Fields(setting.Value+" -> "+setting.Theirs+" "+setting.Note), " "))
				}
				golden.Check(t, filepath.Join("testdata", name+"-"+to.Name+".golden"), b.String())
			})
		}
	}
}

// TestLossForms: each loss of dpo is asked for in its form, or refused by name.
func TestLossForms(t *testing.T) {
	for to, want := range map[string]map[lossForm]string{
		"trl": {{"sigmoid", false}: `loss_type: ["sigmoid"]`, {"sigmoid", true}: `loss_type: ["sigmoid_norm"]`,
			{"ipo", true}: `loss_type: ["ipo"]`, {"hinge", false}: `loss_type: ["hinge"]`},
		"llama-factory": {{"sigmoid", false}: `pref_loss: "sigmoid"`},
		"openrlhf":      {{"sigmoid", false}: "", {"ipo", false}: "--model.ipo_enable: true"},
	} {
		trainer, err := Find(to)
		if err != nil {
			t.Fatal(err)
		}
		for _, loss := range train.PreferenceLosses() {
			for _, normalized := range []bool{false, true} {
				m := train.DefaultDPO()
				m.Model, m.Dataset, m.Loss, m.LengthNormalized = "base", "data.pairs", loss, normalized
				s := sheetOf(&m)
				trainer.translate(s)
				theirs, has := want[lossForm{loss, normalized}]
				switch at := slices.IndexFunc(s.settings, func(set Setting) bool { return set.Name == "loss" && set.Verdict == Same }); {
				case has != (s.refused() == nil):
					t.Errorf("%s, %s, length-normalized %t: refused: %v", to, loss, normalized, s.refused())
				case has && s.settings[at].Theirs != theirs:
					t.Errorf("%s, %s, length-normalized %t: %s, want %s", to, loss, normalized, s.settings[at].Theirs, theirs)
				}
			}
		}
	}
}

// TestWarmupRatio: OpenRLHF takes so many steps, rounding up, as were meant.
func TestWarmupRatio(t *testing.T) {
	for steps := 1; steps < 400; steps++ {
		for warmup := range steps {
			ratio := warmupRatio(train.Plan{Steps: steps, Warmup: warmup})
			if got := int(math.Ceil(float64(steps) * ratio)); got != warmup {
				t.Fatalf("%d of %d steps become %d", warmup, steps, got)
			}
		}
	}
}

// TestKeysAreUnique: a key that is written twice would be read once.
func TestKeysAreUnique(t *testing.T) {
	for name, m := range trainings() {
		for _, to := range Trainers() {
			seen := map[string]bool{}
			for _, e := range to.translate(sheetOf(m)).Keys {
				if seen[e.key] {
					t.Errorf("%s for %s has %s twice", name, to.Name, e.key)
				}
				seen[e.key] = true
			}
		}
	}
}

func TestScalarIsJSONWithoutExponents(t *testing.T) {
	for value, want := range map[any]string{1e-7: "0.0000001", 1e21: "1000000000000000000000", 3: "3", true: "true", "no": `"no"`, "a: #b": `"a: #b"`} {
		if got := scalar(value); got != want {
			t.Errorf("scalar(%v) = %s, want %s", value, got, want)
		} else if !json.Valid([]byte(got)) {
			t.Errorf("scalar(%v) = %s is no JSON", value, got)
		}
	}
}

func TestFlagWords(t *testing.T) {
	for want, e := range map[string]entry{
		"":                 {"--off", false},
		"--on":             {"--on", true},
		"--betas 0.9 0.95": {"--betas", []any{0.9, 0.95}},
		`--name 'it'\''s'`: {"--name", "it's"},
		"--name ''":        {"--name", ""},
	} {
		if got := flagWords(e); got != want {
			t.Errorf("flagWords(%v) = %q, want %q", e, got, want)
		}
	}
}
