package lm

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// dropped gives a batch a fixed key for its masks.
func dropped(in *Batch) {
	in.Dropout = graph.Const(in.IDs.Graph(), []uint32{0x6a09e667, 0xbb67ae85})
}

// withDropout copies a golden adapter, telling its configuration to drop.
func withDropout(t *testing.T, folder string) string {
	t.Helper()
	return editAdapter(t, filepath.Join(folder, "adapter"), `"lora_dropout": 0.0`, `"lora_dropout": 0.5`)
}

// Dropout works on training passes alone, and repeats under the same key.
func TestDropoutInTrainingOnly(t *testing.T) {
	var want golden
	readGolden(t, "tiny_qwen3", &want)
	folder := filepath.Join("testdata", "golden", "tiny_qwen3")
	m := load(t, folder, Options{Backend: "go", Adapter: withDropout(t, folder), Trainable: TrainLoRA})
	evaluated, _ := m.lossAndGradients(t, want)
	if math.Abs(evaluated-want.LoRA.Loss) > lossTolerance {
		t.Errorf("a pass without a key gives %g, want %g", evaluated, want.LoRA.Loss)
	}
	one, _ := m.lossAndGradients(t, want, dropped)
	again, _ := m.lossAndGradients(t, want, dropped)
	if one != again || math.Abs(one-evaluated) < 1e-3 {
		t.Errorf("with a key the loss is %g and %g, without %g", one, again, evaluated)
	}
}

// Layers that are computed anew give the same loss and gradients, masks too.
func TestCheckpointedLayersGiveTheSame(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		var want golden
		readGolden(t, "tiny_qwen3", &want)
		folder := filepath.Join("testdata", "golden", "tiny_qwen3")
		options := Options{Backend: backend, Adapter: withDropout(t, folder), Trainable: TrainLoRA}
		loss, gradients := load(t, folder, options).lossAndGradients(t, want, dropped)
		options.CheckpointLayers = true
		again, same := load(t, folder, options).lossAndGradients(t, want, dropped)
		if math.Abs(loss-again) > 1e-6*loss {
			t.Errorf("loss %g, with checkpoints %g", loss, again)
		}
		for name := range gradients {
			compareGradient(t, name, same[name].Value().([][]float32), gradients[name].Value().([][]float32))
		}
	})
}

// smoothedLosses are what transformers' LabelSmoother(0.1) makes of the golden
// logits and labels.
var smoothedLosses = map[string]float64{"tiny_llama31": 6.841507911682129, "tiny_smollm2": 11.249016761779785,
	"tiny_qwen2": 14.656946182250977, "tiny_qwen3": 14.60032844543457}

func TestGoldenLabelSmoothing(t *testing.T) {
	for name, want := range smoothedLosses {
		var in golden
		readGolden(t, name, &in)
		m := load(t, filepath.Join("testdata", "golden", name), Options{Backend: "go"})
		loss, _ := m.lossAndGradients(t, in, func(b *Batch) { b.Smoothing = 0.1 })
		if math.Abs(loss-want) > 2*lossTolerance {
			t.Errorf("%s: loss %.7f, want %.7f", name, loss, want)
		}
	}
}

// The gradient of the smoothed loss is the formula's, differentiated by the library.
func TestLabelSmoothingGradient(t *testing.T) {
	const smoothing = 0.2
	logits := [][]float32{{1, -2, 0.5, 3}, {-1, 4, 0, 0}, {0, 0, 0, 0}}
	eachBackend(t, func(t *testing.T, name string) {
		backend, err := startBackend(name)
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Finalize()
		out, err := graph.CallOnceN(backend, func(logits, targets, v *graph.Node) (got, want *graph.Node) {
			ours := smoothedLogProbs(logits, targets, smoothing)
			logProbs := graph.LogSoftmax(logits, -1)
			picked := graph.ReduceSum(graph.Mul(graph.OneHot(targets, 4, logits.DType()), logProbs), -1)
			plain := graph.Add(graph.MulScalar(picked, 1-smoothing), graph.MulScalar(graph.ReduceMean(logProbs, -1), smoothing))
			grad := func(y *graph.Node) *graph.Node {
				dx := graph.Gradient(graph.ReduceAllSum(graph.Mul(y, v)), logits)[0]
				return graph.Concatenate([]*graph.Node{graph.InsertAxes(y, -1), dx}, 1)
			}
			return grad(ours), grad(plain)
		}, logits, []int32{2, 1, 3}, []float32{1, -0.5, 2})
		if err != nil {
			t.Fatal(err)
		}
		compareFloats(t, "value or gradient", tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1]), 1e-6)
	})
}

// brainTolerance is how far bfloat16, with its 8 bits, may move the loss of the
// tiny models, relatively; gradients are compared by their length.
const brainTolerance = 0.01

// In bf16 the golden losses and gradients come out to that type's precision,
// while weights to train and their gradients stay float32.
func TestBrainPrecision(t *testing.T) {
	if _, err := Load(t.Context(), "testdata/golden/tiny_qwen3", Options{Backend: "go", Precision: BrainPrecision}); err == nil {
		t.Error("the Go backend computes in bf16")
	}
	for _, name := range []string{"tiny_llama31", "tiny_qwen2"} {
		var want golden
		readGolden(t, name, &want)
		folder := filepath.Join("testdata", "golden", name)
		m, err := Load(t.Context(), folder, Options{Backend: backendCPU, Adapter: filepath.Join(folder, "adapter"),
			Trainable: TrainLoRA, Precision: BrainPrecision})
		if err != nil {
			t.Skipf("not tested: %v", err)
		}
		loss, gradients := m.lossAndGradients(t, want)
		if math.Abs(loss-want.LoRA.Loss) > brainTolerance*want.LoRA.Loss {
			t.Errorf("%s: loss %g, in float32 %g", name, loss, want.LoRA.Loss)
		}
		var off, size float64
		for name, gradient := range gradients {
			for i, row := range gradient.Value().([][]float32) {
				for j, expected := range want.LoRA.Grads[adapterPrefix+name][i] {
					off += math.Pow(float64(row[j]-expected), 2)
					size += math.Pow(float64(expected), 2)
				}
			}
		}
		if relative := math.Sqrt(off / size); !(relative < 0.1) {
			t.Errorf("%s: gradients differ by %g of their length", name, relative)
		} else {
			t.Logf("%s: loss %g, in float32 %g; gradients differ by %.2g of their length", name, loss, want.LoRA.Loss, relative)
		}
		if err := m.Merge(); err == nil {
			t.Error("an adapter was merged into narrowed weights")
		}
		m.Close()
	}
}
