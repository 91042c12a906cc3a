package train

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"alignctl/train/batch"
	"alignctl/train/lm"
	"github.com/gomlx/gomlx/core/tensors"
)

// layouts are the ways in which the same eight examples can reach the device.
var layouts = map[string]batch.Options{
	"8 x 1":             {Examples: 1},
	"1 x 8":             {Examples: 8},
	"packed":            {Examples: 8, Pack: true},
	"shared":            {Examples: 8, Share: true},
	"packed and shared": {Examples: 8, Pack: true, Share: true},
	"in two parts":      {Examples: 5, Pack: true, Share: true},
}

// The loss of eight examples and its gradient by every LoRA weight don't depend
// on how the examples are laid out, for each of the reference models: not at all
// in float64 (up to the float32 that gradients are kept in), and in float32 by no
// more than its rounding.
func TestLayoutChangesNoGradient(t *testing.T) {
	t.Run("f64", func(t *testing.T) { checkModels(t, lm.DoublePrecision, 3e-7) })
	t.Run("f32", func(t *testing.T) { checkModels(t, lm.SinglePrecision, 1e-5) })
}

func checkModels(t *testing.T, precision string, tolerance float64) {
	for _, name := range []string{"tiny_llama31", "tiny_smollm2", "tiny_qwen2", "tiny_qwen3"} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join("lm/testdata/golden", name)
			// The reference's adapter: a fresh one has B zero, and with it A's gradient.
			m, err := lm.Load(t.Context(), folder, lm.Options{Backend: "go", Trainable: lm.TrainLoRA,
				Adapter: filepath.Join(folder, "adapter"), Precision: precision})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			s := stepperOf(t, m, StepperOptions{Optimizer: DefaultAdamW()})
			for seed := range uint64(3) {
				checkLayouts(t, s, drawTexts(t, seed), tolerance)
			}
		})
	}
}

// drawTexts is eight examples whose prompts begin with the same tokens, the first
// one longer than a block of queries.
func drawTexts(t *testing.T, seed uint64) *batch.Set {
	set, err := batch.NewSet("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
	})
	random := rand.New(rand.NewPCG(1, seed))
	shared := 16 + random.IntN(9)
	for i := range 8 {
		e := lm.Example{IDs: make([]int32, shared+3+random.IntN(30))}
		if i == 0 {
			e.IDs = make([]int32, shared+140)
		}
		for j := range e.IDs {
			if e.IDs[j] = int32(j); j >= shared {
				e.IDs[j] = random.Int32N(500)
			}
		}
		e.Prompt = shared + 1 + random.IntN(len(e.IDs)-shared-1)
		if _, err := set.Add(fmt.Sprint(i), e); err != nil {
			t.Fatal(err)
		}
	}
	return set
}

func checkLayouts(t *testing.T, s *Stepper, set *batch.Set, tolerance float64) {
	want, gradients := sumsOf(t, s, set, layouts["8 x 1"])
	if int(want.Count) != set.Labels() {
		t.Fatalf("%g labels counted, the set has %d", want.Count, set.Labels())
	}
	for name, o := range layouts {
		got, others := sumsOf(t, s, set, o)
		if got.Count != want.Count || relative([]float64{got.Loss}, []float64{want.Loss}) > 1e-6 {
			t.Fatalf("%s: %+v, one by one %+v", name, got, want)
		}
		if r := relative(slices.Concat(others...), slices.Concat(gradients...)); !(r <= tolerance) {
			t.Errorf("%s: the gradient differs by %g", name, r)
		}
		for i := range gradients {
			if r := relative(others[i], gradients[i]); !(r <= tolerance) {
				t.Errorf("%s: the gradient of %s differs by %g", name, s.slots[i].weight.Path(), r)
			}
		}
	}
}

// sumsOf runs a set once and gives its sums and the gradient by each weight.
func sumsOf(t *testing.T, s *Stepper, set *batch.Set, o batch.Options) (total Sums, gradients [][]float64) {
	batches, err := batch.Once(set, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		sums, err := s.Accumulate(textInputs(b)...)
		if err != nil {
			t.Fatal(err)
		}
		total = total.Add(sums)
	}
	for _, slot := range s.slots {
		gradients = append(gradients, doubles(tensors.MustCopyFlatData[float32](slot.gradient.MustValue())))
	}
	if _, err := s.Apply(0); err != nil { // changes no weight, empties the gradients
		t.Fatal(err)
	}
	return total, gradients
}

func doubles(numbers []float32) []float64 {
	out := make([]float64, len(numbers))
	for i, n := range numbers {
		out[i] = float64(n)
	}
	return out
}
