package lm

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// BenchmarkStep is the forward and backward pass of one LoRA step of
// SmolLM2-135M as the PEFT baseline measures it: rank 8 on q and v, 8 rows of 64
// tokens, half of the positions labelled. Run it with -benchtime 3x or so; the
// compilation isn't timed.
func BenchmarkStep(b *testing.B) {
	models := os.Getenv("ALIGNCTL_TESTMODELS")
	if models == "" {
		b.Skip("ALIGNCTL_TESTMODELS names no folder with smollm2 in it")
	}
	for _, backend := range []string{backendCPU, backendGo} {
		b.Run(backend, func(b *testing.B) { benchmarkStep(b, filepath.Join(models, "smollm2"), backend) })
	}
}

func benchmarkStep(b *testing.B, folder, backend string) {
	const rows, time = 8, 64
	m, err := Load(b.Context(), folder, Options{Backend: backend, Trainable: TrainLoRA,
		LoRA: LoRAConfig{Rank: 8, Alpha: 16, Targets: []string{"q_proj", "v_proj"}}})
	if err != nil {
		b.Skipf("not measured on %s: %v", backend, err)
	}
	defer m.Close()
	exec, err := model.NewExec(m.Backend, m.Store, func(_ *model.Scope, in []*graph.Node) []*graph.Node {
		batch := NewBatch(in)
		loss := m.Decoder.CompletionLoss(batch, graph.ReduceAllSum(batch.Weights))
		var nodes []*graph.Node
		for _, variable := range m.Trainable() {
			nodes = append(nodes, variable.NodeValue(loss))
		}
		return append([]*graph.Node{loss}, graph.Gradient(loss, nodes...)...)
	})
	if err != nil {
		b.Fatal(err)
	}
	defer exec.Finalize()
	inputs := benchmarkBatch(rows, time)
	step := func() {
		out, err := exec.Call(inputs...)
		if err != nil {
			b.Fatal(err)
		}
		if loss := tensors.ToScalar[float32](out[0]); !(loss > 0) {
			b.Fatalf("loss %g", loss)
		}
	}
	step() // compiles
	b.ResetTimer()
	began := cpuSeconds(b)
	for range b.N {
		step()
	}
	b.ReportMetric((cpuSeconds(b)-began)/float64(b.N), "cpu-s/op")
	b.ReportMetric(rows*time*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

// cpuSeconds is the process's own time on all cores: on a shared machine it says
// more than the clock.
func cpuSeconds(b *testing.B) float64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// benchmarkBatch makes rows of arbitrary ids whose second half is labelled.
func benchmarkBatch(rows, time int) []any {
	ids, mask := make([][]int32, rows), make([][]int32, rows)
	var index, targets []int32
	var weights []float32
	for row := range rows {
		for at := range time {
			id := int32(20 + (row*7919+at*104729)%40000)
			ids[row], mask[row] = append(ids[row], id), append(mask[row], 1)
			if at >= time/2 {
				index, targets = append(index, int32(row*time+at-1)), append(targets, id)
				weights = append(weights, 1)
			}
		}
	}
	return []any{ids, countUp(ids), ends(mask), index, targets, weights}
}
