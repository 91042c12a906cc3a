package train

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/train/lm"
)

// Groups are those of PEFT's create_loraplus_optimizer.
func TestLoRAPlusGolden(t *testing.T) {
	var golden struct {
		LR     float64 `json:"lr"`
		Ratio  float64 `json:"loraplus_lr_ratio"`
		Groups []struct {
			LR     float64  `json:"lr"`
			Params []string `json:"params"`
		} `json:"groups"`
	}
	readJSON(t, "testdata/loraplus_groups.json", &golden)
	rates := map[string]float64{}
	for _, g := range golden.Groups {
		for _, name := range g.Params {
			rates[strings.TrimPrefix(name, "base_model.model.")] = g.LR
		}
	}
	names := tiny(t, lm.TrainLoRA).TrainableNames()
	if len(rates) == 0 || len(names) != len(rates) {
		t.Fatalf("%d weights, want %d", len(names), len(rates))
	}
	o := StepperOptions{LoRAPlus: golden.Ratio}
	for _, name := range names {
		g := o.groupOf(name)
		if got, want := g.rate*golden.LR, rates[name]; math.Abs(got-want) > 1e-12 || !g.decay {
			t.Errorf("%s: rate %g, want %g; decays: %v", name, got, want, g.decay)
		}
	}
}

// Matrices decay, embeddings among them; biases and norm gains don't. In these
// models that is the same as: what has two axes decays.
func TestDecayGroups(t *testing.T) {
	for _, folder := range []string{"tiny_llama31", "tiny_smollm2", "tiny_qwen2", "tiny_qwen3"} {
		m, err := lm.Load(t.Context(), "lm/testdata/golden/"+folder, lm.Options{Backend: "go", Trainable: lm.TrainFull})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range m.Trainable() {
			if got, want := (StepperOptions{}).groupOf(v.Path()).decay, v.Shape().Rank() == 2; got != want {
				t.Errorf("%s: %s decays: %v, want %v", folder, v.Path(), got, want)
			}
		}
		m.Close()
	}
}

// One step moves a weight by its group's rate, and takes the decay from it.
func TestGroupsAreApplied(t *testing.T) {
	store := model.NewStore()
	var weights []*model.Variable
	for _, path := range []string{"/q.lora_A.weight", "/q.lora_B.weight", "/q.bias"} {
		v, err := store.CreateVariable(path, matrix[float32]([][]float64{{1, 1}}))
		if err != nil {
			t.Fatal(err)
		}
		weights = append(weights, v)
	}
	optimizer := DefaultAdamW()
	optimizer.WeightDecay = 0.5
	s, err := NewStepper(goBackend(t), store, weights, StepperOptions{Optimizer: optimizer, LoRAPlus: 4}, sumLoss(weights))
	if err != nil {
		t.Fatal(err)
	}
	stepAt(t, s, 0.01, []any{matrix[float32]([][]float64{{1, 1}})})
	// A first step of Adam is the learning rate, whatever the gradient.
	for i, want := range []float64{1*(1-0.01*0.5) - 0.01, 1*(1-0.04*0.5) - 0.04, 1 - 0.01} {
		near(t, weights[i].Path(), float64(tensors.MustCopyFlatData[float32](weights[i].MustValue())[0]), want)
	}
}
