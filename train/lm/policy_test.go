package lm

import (
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The entropy and its gradient are the formula's, differentiated by the library.
func TestEntropy(t *testing.T) {
	logits := [][]float32{{1, -2, 0.5, 3}, {-1, 40, 0, 0}, {0, 0, 0, 0}}
	eachBackend(t, func(t *testing.T, name string) {
		backend, err := startBackend(name)
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Finalize()
		out, err := graph.CallOnceN(backend, func(logits, v *graph.Node) (got, want *graph.Node) {
			logProbs := graph.LogSoftmax(logits, -1)
			plain := graph.Neg(graph.ReduceSum(graph.Mul(graph.Exp(logProbs), logProbs), -1))
			grad := func(y *graph.Node) *graph.Node {
				dx := graph.Gradient(graph.ReduceAllSum(graph.Mul(y, v)), logits)[0]
				return graph.Concatenate([]*graph.Node{graph.InsertAxes(y, -1), dx}, 1)
			}
			return grad(Entropy(logits)), grad(plain)
		}, logits, []float32{1, -0.5, 2})
		if err != nil {
			t.Fatal(err)
		}
		compareFloats(t, "value or gradient", tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1]), 1e-5)
	})
}

// labelLogProbs runs a decoder over the golden batch.
func (m *Model) labelLogProbs(t *testing.T, decoder *Decoder, want golden) []float32 {
	t.Helper()
	exec, err := model.NewExec(m.Backend, m.Store, func(_ *model.Scope, in []*graph.Node) []*graph.Node {
		return []*graph.Node{decoder.TokenLogProbs(NewBatch(in))}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	index, targets, weights := labelled(want.Labels)
	out, err := exec.Call(want.IDs, countUp(want.IDs), ends(want.Mask), index, targets, weights)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](out[0])
}

// disturb doubles the weights that training may change, and adds to them.
func (m *Model) disturb(t *testing.T) {
	t.Helper()
	for _, weight := range m.Trainable() {
		numbers, err := values(weight)
		if err != nil {
			t.Fatal(err)
		}
		for i := range numbers {
			numbers[i] = 2*numbers[i] + 0.01
		}
		tensor, err := newTensor(m.Backend, weight.Shape().Dimensions, numbers)
		if err != nil {
			t.Fatal(err)
		}
		if err := weight.SetValue(tensor); err != nil {
			t.Fatal(err)
		}
	}
}

// The reference is the model as it was when it was asked for, to the last bit,
// and stays so whatever becomes of the weights.
func TestReferenceStays(t *testing.T) {
	var want golden
	readGolden(t, "tiny_qwen3", &want)
	folder := filepath.Join("testdata", "golden", "tiny_qwen3")
	for name, options := range map[string]Options{
		"new adapter":   {Trainable: TrainLoRA, LoRA: LoRAConfig{Rank: 2, Alpha: 4, Targets: []string{"q_proj", "v_proj"}}},
		"given adapter": {Trainable: TrainLoRA, Adapter: filepath.Join(folder, "adapter")},
		"all weights":   {Trainable: TrainFull},
	} {
		t.Run(name, func(t *testing.T) {
			options.Backend = backendGo
			m := load(t, folder, options)
			before := m.labelLogProbs(t, m.Decoder, want)
			reference, err := m.Reference()
			if err != nil {
				t.Fatal(err)
			}
			compareFloats(t, "at the start", m.labelLogProbs(t, reference, want), before, 0)
			m.disturb(t)
			compareFloats(t, "reference", m.labelLogProbs(t, reference, want), before, 0)
			after := m.labelLogProbs(t, m.Decoder, want)
			if d := after[0] - before[0]; d < 1e-3 && d > -1e-3 {
				t.Error("the policy hasn't changed: the test shows nothing")
			}
		})
	}
}

// A new head says 0; its gradient leaves the model alone.
func TestValueHead(t *testing.T) {
	var want golden
	readGolden(t, "tiny_qwen3", &want)
	folder := filepath.Join("testdata", "golden", "tiny_qwen3")
	m := load(t, folder, Options{Backend: backendGo, Adapter: filepath.Join(folder, "adapter"), Trainable: TrainLoRA})
	head, err := m.AddValueHead()
	if err != nil {
		t.Fatal(err)
	}
	lora := m.Trainable()[0]
	if !IsValueHead(head.Weight.Path()) || IsValueHead(lora.Path()) {
		t.Errorf("%q is of the head, %q isn't", head.Weight.Path(), lora.Path())
	}
	exec, err := model.NewExec(m.Backend, m.Store, func(_ *model.Scope, in []*graph.Node) []*graph.Node {
		values := head.Values(m.Decoder.States(NewBatch(in)))
		sum := graph.ReduceAllSum(values)
		return append([]*graph.Node{values}, graph.Gradient(sum, head.Bias.NodeValue(sum), lora.NodeValue(sum))...)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	index, targets, weights := labelled(want.Labels)
	out, err := exec.Call(want.IDs, countUp(want.IDs), ends(want.Mask), index, targets, weights)
	if err != nil {
		t.Fatal(err)
	}
	compareFloats(t, "values", tensors.MustCopyFlatData[float32](out[0]), make([]float32, len(index)), 0)
	compareFloats(t, "gradient of the bias", tensors.MustCopyFlatData[float32](out[1]), []float32{float32(len(index))}, 0)
	gradient := tensors.MustCopyFlatData[float32](out[2])
	compareFloats(t, "gradient of the adapter", gradient, make([]float32, len(gradient)), 0)
}
