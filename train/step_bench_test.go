package train

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"alignctl/train/lm"
)

// BenchmarkStep times a whole optimizer step, forward, backward, clipping and
// AdamW, of SmolLM2-135M under LoRA (r 8 on q and v): 8 rows of 64 tokens, the
// second half of each labelled. ALIGNCTL_BENCH_BACKEND picks the backend.
func BenchmarkStep(b *testing.B) {
	models := os.Getenv("ALIGNCTL_TESTMODELS")
	if models == "" {
		b.Skip("set ALIGNCTL_TESTMODELS to the folder that holds smollm2/")
	}
	m, err := lm.Load(b.Context(), filepath.Join(models, "smollm2"), lm.Options{
		Backend: os.Getenv("ALIGNCTL_BENCH_BACKEND"), Trainable: lm.TrainLoRA,
		LoRA: lm.LoRAConfig{Rank: 8, Alpha: 16, Targets: []string{"q_proj", "v_proj"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	s, err := NewStepper(m.Backend, m.Store, m.Trainable(),
		StepperOptions{Optimizer: DefaultAdamW(), Clip: 1}, sftLoss(m.Decoder, 0))
	if err != nil {
		b.Fatal(err)
	}
	const rows, time = 8, 64
	inputs := halfLabelled(rows, time)
	step(b, s, inputs) // compiles
	for b.Loop() {
		step(b, s, inputs)
	}
	b.ReportMetric(float64(rows*time*b.N)/b.Elapsed().Seconds(), "tokens/s")
	b.Logf("backend %s", m.BackendName)
}

func step(t testing.TB, s *Stepper, inputs []any) Sums {
	t.Helper()
	sums, err := s.Accumulate(inputs...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(1e-4); err != nil {
		t.Fatal(err)
	}
	return sums
}

// halfLabelled is random text whose second half is labelled.
func halfLabelled(rows, time int) []any {
	random := rand.New(rand.NewPCG(1, 2))
	size := rows * time
	ids, positions, ends := make([]int32, size), make([]int32, size), make([]int32, size)
	var index, targets []int32
	var weights []float32
	for i := range ids {
		ids[i], positions[i], ends[i] = 20+random.Int32N(40000), int32(i%time), int32(time)
	}
	for i := range ids {
		if t := i % time; t >= time/2-1 && t < time-1 {
			index, targets, weights = append(index, int32(i)), append(targets, ids[i+1]), append(weights, 1)
		}
	}
	return []any{
		tensors.FromFlatDataAndDimensions(ids, rows, time),
		tensors.FromFlatDataAndDimensions(positions, rows, time),
		tensors.FromFlatDataAndDimensions(ends, rows, time),
		tensors.FromFlatDataAndDimensions(index, len(index)),
		tensors.FromFlatDataAndDimensions(targets, len(targets)),
		tensors.FromFlatDataAndDimensions(weights, len(weights)),
	}
}
