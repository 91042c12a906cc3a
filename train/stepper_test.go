package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/train/lm"
)

const tinyFolder = "lm/testdata/golden/tiny_smollm2"

// tiny loads a small golden model for training, on the Go backend.
func tiny(t *testing.T, trainable lm.Trainable) *lm.Model {
	t.Helper()
	m, err := lm.Load(t.Context(), tinyFolder, lm.Options{Backend: "go", Trainable: trainable,
		LoRA: lm.LoRAConfig{Rank: 4, Alpha: 8, Targets: []string{"q_proj", "v_proj"}, Seed: 3}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func stepperOf(t *testing.T, m *lm.Model, options StepperOptions) *Stepper {
	t.Helper()
	s, err := NewStepper(m.Backend, m.Store, m.Trainable(), options, sftLoss(m.Decoder, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A row is one padded example: its last labels tokens are labelled.
type row struct{ length, labels int }

// rowsOf makes a micro-batch of random tokens, time long; the same seed gives a
// row the same tokens in any batch.
func rowsOf(time int, first uint64, rows ...row) []any {
	size := len(rows) * time
	ids, positions, ends := make([]int32, size), make([]int32, size), make([]int32, size)
	var index, targets []int32
	var weights []float32
	for r, row := range rows {
		random := rand.New(rand.NewPCG(7, first+uint64(r)))
		for t := range row.length {
			at := r*time + t
			ids[at], positions[at], ends[at] = random.Int32N(500), int32(t), int32(row.length)
			if t >= row.length-row.labels {
				index, targets, weights = append(index, int32(at-1)), append(targets, ids[at]), append(weights, 1)
			}
		}
	}
	return []any{
		tensors.FromFlatDataAndDimensions(ids, len(rows), time),
		tensors.FromFlatDataAndDimensions(positions, len(rows), time),
		tensors.FromFlatDataAndDimensions(ends, len(rows), time),
		tensors.FromFlatDataAndDimensions(index, len(index)),
		tensors.FromFlatDataAndDimensions(targets, len(targets)),
		tensors.FromFlatDataAndDimensions(weights, len(weights)),
	}
}

var fourRows = []row{{12, 6}, {9, 1}, {12, 10}, {7, 3}}

func TestOverfit(t *testing.T) {
	for name, trainable := range map[string]lm.Trainable{"lora": lm.TrainLoRA, "full": lm.TrainFull} {
		t.Run(name, func(t *testing.T) {
			s := stepperOf(t, tiny(t, trainable), StepperOptions{Optimizer: DefaultAdamW(), Clip: 1})
			batch := rowsOf(12, 1, fourRows...)
			var losses []float64
			for range 60 {
				losses = append(losses, stepAt(t, s, 1e-2, batch).Mean())
			}
			if first, last := losses[0], losses[len(losses)-1]; !(last < first/4) {
				t.Errorf("loss went from %g only to %g", first, last)
			}
		})
	}
}

func stepAt(t *testing.T, s *Stepper, rate float64, batches ...[]any) Sums {
	t.Helper()
	var total Sums
	for _, batch := range batches {
		sums, err := s.Accumulate(batch...)
		if err != nil {
			t.Fatal(err)
		}
		total = total.Add(sums)
	}
	if _, err := s.Apply(rate); err != nil {
		t.Fatal(err)
	}
	return total
}

// One step on four rows at once equals one step on four times one row, although
// the rows have 6, 1, 10 and 3 labels: a mean of means would differ.
func TestAccumulationEqualsOneBatch(t *testing.T) {
	whole := tiny(t, lm.TrainFull)
	atOnce := stepperOf(t, whole, StepperOptions{Optimizer: DefaultAdamW()})
	sums, err := atOnce.Accumulate(rowsOf(12, 1, fourRows...)...)
	if err != nil {
		t.Fatal(err)
	}
	cut := tiny(t, lm.TrainFull)
	inParts := stepperOf(t, cut, StepperOptions{Optimizer: DefaultAdamW()})
	var parts Sums
	for i, row := range fourRows {
		part, err := inParts.Accumulate(rowsOf(12, uint64(1+i), row)...)
		if err != nil {
			t.Fatal(err)
		}
		parts = parts.Add(part)
	}
	if sums.Count != 20 || parts.Count != 20 {
		t.Fatalf("tokens: %g at once, %g in parts, want 20", sums.Count, parts.Count)
	}
	if relative := math.Abs(sums.Loss-parts.Loss) / sums.Loss; relative > 1e-6 {
		t.Errorf("loss: %g at once, %g in parts", sums.Loss, parts.Loss)
	}
	for i := range atOnce.slots {
		closeVectors(t, atOnce.slots[i].gradient, inParts.slots[i].gradient)
	}
	normAtOnce, err := atOnce.Apply(0)
	if err != nil {
		t.Fatal(err)
	}
	normInParts, err := inParts.Apply(0)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(normAtOnce-normInParts)/normAtOnce > 1e-6 {
		t.Errorf("gradient norm: %g at once, %g in parts", normAtOnce, normInParts)
	}
}

// closeVectors compares two gradients by the length of their difference.
func closeVectors(t *testing.T, a, b *model.Variable) {
	t.Helper()
	x, y := tensors.MustCopyFlatData[float32](a.MustValue()), tensors.MustCopyFlatData[float32](b.MustValue())
	if r := relative(doubles(y), doubles(x)); !(r <= 1e-6) {
		t.Errorf("%s: relative difference %g", a.Path(), r)
	}
}

// relative is the length of the difference of two vectors, over that of the
// second.
func relative(got, want []float64) float64 {
	var difference, size float64
	for i := range want {
		difference += math.Pow(got[i]-want[i], 2)
		size += math.Pow(want[i], 2)
	}
	return math.Sqrt(difference / size)
}

// The same seed gives the same weights, bit for bit, on the Go backend.
func TestSameSeedSameWeights(t *testing.T) {
	train := func() [][]float32 {
		m := tiny(t, lm.TrainLoRA)
		s := stepperOf(t, m, StepperOptions{Optimizer: DefaultAdamW(), Clip: 1})
		for i := range 5 {
			stepAt(t, s, 1e-2, rowsOf(12, uint64(i), fourRows...), rowsOf(12, uint64(i+9), fourRows[:2]...))
		}
		var weights [][]float32
		for _, v := range m.Trainable() {
			weights = append(weights, tensors.MustCopyFlatData[float32](v.MustValue()))
		}
		return weights
	}
	first, second := train(), train()
	for i := range first {
		if !slices.Equal(first[i], second[i]) {
			t.Errorf("weight %d differs between two runs", i)
		}
	}
}

// A training pass drops and smooths, by seed and place in the run; an evaluation
// does neither.
func TestNoiseIsOfTrainingOnly(t *testing.T) {
	plain, err := stepperOf(t, tiny(t, lm.TrainLoRA), StepperOptions{Optimizer: DefaultAdamW()}).Evaluate(rowsOf(12, 1, fourRows...)...)
	if err != nil {
		t.Fatal(err)
	}
	losses := map[float64]bool{plain.Loss: true}
	for _, seed := range []int64{1, 2} {
		m := tiny(t, lm.TrainLoRA)
		m.Decoder.LoRA.Dropout = 0.5
		batch := rowsOf(12, 1, fourRows...)
		s, err := NewStepper(m.Backend, m.Store, m.Trainable(), StepperOptions{Optimizer: DefaultAdamW(), Seed: seed},
			sftLoss(m.Decoder, 0.1))
		if err != nil {
			t.Fatal(err)
		}
		first := stepAt(t, s, 1e-2, batch) // B is zero: what A sees doesn't matter yet
		for range 2 {
			sums, err := s.Accumulate(batch...)
			if err != nil {
				t.Fatal(err)
			}
			losses[sums.Loss] = true
		}
		if first.Loss == plain.Loss {
			t.Error("labels aren't smoothed")
		}
		stepAt(t, s, 0, batch)
		one, err := s.Evaluate(batch...)
		if err != nil {
			t.Fatal(err)
		}
		again, err := stepperOf(t, m, StepperOptions{Optimizer: DefaultAdamW()}).Evaluate(batch...)
		if err != nil || one.Loss != again.Loss {
			t.Errorf("evaluated to %v, and to %v (%v) by one that neither drops nor smooths", one, again, err)
		}
	}
	if len(losses) != 5 {
		t.Errorf("%d different losses, want 5: %v", len(losses), losses)
	}
}

func TestApplyWithoutLabels(t *testing.T) {
	s := stepperOf(t, tiny(t, lm.TrainLoRA), StepperOptions{Optimizer: DefaultAdamW()})
	if _, err := s.Apply(1); err == nil {
		t.Error("an update without labelled tokens passed")
	}
}
