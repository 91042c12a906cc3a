package lm

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The tolerances within which the reference agrees with itself between float32
// and float64 (testdata/golden was made by transformers and peft).
const (
	logitTolerance = 1e-4
	lossTolerance  = 1e-5
	gradTolerance  = 3e-5 // plus gradRelative times the expected value
	gradRelative   = 1e-4
)

// golden is what the reference computed for a tiny random model.
type golden struct {
	IDs         [][]int32     `json:"input_ids"`
	Mask        [][]int32     `json:"attention_mask"`
	Labels      [][]int32     `json:"labels"`
	Logits      [][][]float32 `json:"logits"`
	FarIDs      []int32       `json:"far_position_ids"`
	FarLogits   [][]float32   `json:"far_logits"`
	Frequencies []float32     `json:"inv_freq"`
	Full        struct {
		Loss  float64            `json:"loss"`
		Norms map[string]float64 `json:"grad_norms"`
	} `json:"full"`
	LoRA struct {
		Loss   float64                `json:"loss"`
		Grads  map[string][][]float32 `json:"grads"`
		Merged [][][]float32          `json:"merged_logits"`
	} `json:"lora"`
}

var goldenModels = []string{"tiny_llama31", "tiny_smollm2", "tiny_qwen2", "tiny_qwen3"}

func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "golden", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("read golden %q: %v", name, err)
	}
}

// eachBackend runs test on every backend that starts here, and says which of
// the CPU backends doesn't.
func eachBackend(t *testing.T, test func(t *testing.T, backend string)) {
	for _, name := range []string{backendGo, backendCPU} {
		t.Run(name, func(t *testing.T) {
			backend, err := startBackend(name)
			if err != nil {
				t.Skipf("not tested on %s: %v", name, err)
			}
			backend.Finalize()
			test(t, name)
		})
	}
}

// eachGolden runs test for every reference model on every backend.
func eachGolden(t *testing.T, test func(t *testing.T, backend, folder string, want golden)) {
	eachBackend(t, func(t *testing.T, backend string) {
		for _, name := range goldenModels {
			t.Run(name, func(t *testing.T) {
				var want golden
				readGolden(t, name, &want)
				test(t, backend, filepath.Join("testdata", "golden", name), want)
			})
		}
	})
}

func load(t *testing.T, folder string, options Options) *Model {
	t.Helper()
	m, err := Load(t.Context(), folder, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// logits runs the model on ids [batch, time], where mask is 1, at the given
// positions (nil: from 0).
func (m *Model) logits(t *testing.T, ids, mask, positions [][]int32) [][][]float32 {
	t.Helper()
	if positions == nil {
		positions = countUp(ids)
	}
	exec, err := model.NewExec(m.Backend, m.Store, func(_ *model.Scope, in []*graph.Node) *graph.Node {
		return m.Decoder.Logits(m.Decoder.Hidden(Tokens{IDs: in[0], Positions: in[1], Mask: CausalMask(in[2])}))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call1(ids, positions, ends(mask))
	if err != nil {
		t.Fatal(err)
	}
	return out.Value().([][][]float32)
}

// ends is what CausalMask takes for a mask of one text a row.
func ends(mask [][]int32) [][]int32 {
	ends := make([][]int32, len(mask))
	for row, real := range mask {
		for _, m := range real {
			ends[row] = append(ends[row], m*int32(len(real)))
		}
	}
	return ends
}

// countUp gives each row of ids the positions 0, 1, 2, ...
func countUp(ids [][]int32) [][]int32 {
	positions := make([][]int32, len(ids))
	for row := range ids {
		for i := range ids[row] {
			positions[row] = append(positions[row], int32(i))
		}
	}
	return positions
}

// compareLogits checks the rows of real tokens and returns the largest difference.
func compareLogits(t *testing.T, got, want [][][]float32, mask [][]int32) {
	t.Helper()
	var worst float64
	for row := range want {
		for at := range want[row] {
			if mask[row][at] == 0 {
				continue // padding means nothing
			}
			for id := range want[row][at] {
				worst = math.Max(worst, math.Abs(float64(got[row][at][id]-want[row][at][id])))
			}
		}
	}
	if !(worst <= logitTolerance) {
		t.Errorf("logits differ by up to %g, want at most %g", worst, logitTolerance)
	}
	t.Logf("largest logit difference %.2g", worst)
}

func TestGoldenLogits(t *testing.T) {
	eachGolden(t, func(t *testing.T, backend, folder string, want golden) {
		m := load(t, folder, Options{Backend: backend})
		compareLogits(t, m.logits(t, want.IDs, want.Mask, nil), want.Logits, want.Mask)
	})
}

func TestGoldenFarPositions(t *testing.T) {
	eachGolden(t, func(t *testing.T, backend, folder string, want golden) {
		m := load(t, folder, Options{Backend: backend})
		got := m.logits(t, want.IDs[:1], want.Mask[:1], [][]int32{want.FarIDs})
		compareLogits(t, got, [][][]float32{want.FarLogits}, want.Mask[:1])
	})
}

// labelled lists the predictions that count: a label at t is predicted at t-1.
// Three entries of padding follow, as bucketed batches have them.
func labelled(labels [][]int32) (index, targets []int32, weights []float32) {
	for row := range labels {
		for at := 1; at < len(labels[row]); at++ {
			if labels[row][at] >= 0 {
				index = append(index, int32(row*len(labels[row])+at-1))
				targets = append(targets, labels[row][at])
				weights = append(weights, 1)
			}
		}
	}
	return append(index, 0, 0, 0), append(targets, 0, 0, 0), append(weights, 0, 0, 0)
}

// lossAndGradients runs the completion loss, of a batch with changes, and
// differentiates it by the model's trainable weights.
func (m *Model) lossAndGradients(t *testing.T, want golden, changes ...func(*Batch)) (float64, map[string]*tensors.Tensor) {
	t.Helper()
	exec, err := model.NewExec(m.Backend, m.Store, func(_ *model.Scope, in []*graph.Node) []*graph.Node {
		batch := NewBatch(in)
		for _, change := range changes {
			change(&batch)
		}
		loss := m.Decoder.CompletionLoss(batch, graph.ReduceAllSum(batch.Weights))
		var nodes []*graph.Node
		for _, variable := range m.Trainable() {
			nodes = append(nodes, variable.NodeValue(loss))
		}
		return append([]*graph.Node{loss}, graph.Gradient(loss, nodes...)...)
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
	gradients := map[string]*tensors.Tensor{}
	for i, name := range m.TrainableNames() {
		gradients[name] = out[i+1]
	}
	return float64(tensors.ToScalar[float32](out[0])), gradients
}

func TestGoldenLoRAGradients(t *testing.T) {
	eachGolden(t, func(t *testing.T, backend, folder string, want golden) {
		m := load(t, folder, Options{Backend: backend, Adapter: filepath.Join(folder, "adapter"), Trainable: TrainLoRA})
		loss, gradients := m.lossAndGradients(t, want)
		if math.Abs(loss-want.LoRA.Loss) > lossTolerance {
			t.Errorf("loss %.7f, want %.7f", loss, want.LoRA.Loss)
		}
		if len(gradients) != len(want.LoRA.Grads) {
			t.Errorf("%d gradients, want %d", len(gradients), len(want.LoRA.Grads))
		}
		for name, gradient := range gradients {
			compareGradient(t, name, gradient.Value().([][]float32), want.LoRA.Grads[adapterPrefix+name])
		}
	})
}

func compareGradient(t *testing.T, name string, got, want [][]float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("gradient %q has %d rows, want %d", name, len(got), len(want))
		return
	}
	for i := range want {
		for j := range want[i] {
			difference := math.Abs(float64(got[i][j] - want[i][j]))
			if !(difference <= gradTolerance+gradRelative*math.Abs(float64(want[i][j]))) {
				t.Errorf("gradient %q[%d][%d] = %g, want %g", name, i, j, got[i][j], want[i][j])
				return
			}
		}
	}
}

func TestGoldenFullGradientNorms(t *testing.T) {
	eachGolden(t, func(t *testing.T, backend, folder string, want golden) {
		m := load(t, folder, Options{Backend: backend, Trainable: TrainFull})
		loss, gradients := m.lossAndGradients(t, want)
		if math.Abs(loss-want.Full.Loss) > lossTolerance {
			t.Errorf("loss %.7f, want %.7f", loss, want.Full.Loss)
		}
		if len(gradients) != len(want.Full.Norms) {
			t.Errorf("%d gradients, want %d", len(gradients), len(want.Full.Norms))
		}
		for name, gradient := range gradients {
			norm, expected := l2norm(tensors.MustCopyFlatData[float32](gradient)), want.Full.Norms[name]
			if !(math.Abs(norm-expected) <= gradTolerance+gradRelative*expected) {
				t.Errorf("gradient norm of %q = %g, want %g", name, norm, expected)
			}
		}
	})
}

func l2norm(values []float32) float64 {
	var sum float64
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

func TestGoldenMergedLogits(t *testing.T) {
	eachGolden(t, func(t *testing.T, backend, folder string, want golden) {
		m := load(t, folder, Options{Backend: backend, Adapter: filepath.Join(folder, "adapter")})
		compareLogits(t, m.logits(t, want.IDs, want.Mask, nil), want.LoRA.Merged, want.Mask)
		if err := m.Merge(); err != nil {
			t.Fatal(err)
		}
		compareLogits(t, m.logits(t, want.IDs, want.Mask, nil), want.LoRA.Merged, want.Mask)

		saved := t.TempDir()
		if err := m.SaveModel(saved); err != nil {
			t.Fatal(err)
		}
		again := load(t, saved, Options{Backend: backend})
		compareLogits(t, again.logits(t, want.IDs, want.Mask, nil), want.LoRA.Merged, want.Mask)
	})
}

func TestGoldenRotation(t *testing.T) {
	var want struct {
		Config      RopeScaling `json:"config"`
		HeadDim     int         `json:"head_dim"`
		Frequencies []float32   `json:"inv_freq"`
		Wide        []float32   `json:"head_dim_128_inv_freq"`
		Positions   []int32     `json:"positions"`
		Cos, Sin    [][]float32
	}
	readGolden(t, "rope_llama31", &want)
	config := Config{RopeTheta: 500000, RopeScaling: &want.Config, HeadDim: want.HeadDim}
	wide := config
	wide.HeadDim = 128
	compareFloats(t, "frequency", inverseFrequencies(config), want.Frequencies, 0)
	compareFloats(t, "frequency", inverseFrequencies(wide), want.Wide, 0)
	eachBackend(t, func(t *testing.T, name string) {
		backend, err := startBackend(name)
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Finalize()
		out, err := graph.CallOnceN(backend, func(positions *graph.Node) (cos, sin *graph.Node) {
			r := newRotation(config, positions)
			return r.cos, r.sin
		}, [][]int32{want.Positions})
		if err != nil {
			t.Fatal(err)
		}
		half := want.HeadDim / 2
		cos, sin := tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
		for i := range want.Positions {
			compareFloats(t, "cos", cos[i*half:(i+1)*half], want.Cos[i][:half], 1e-6)
			compareFloats(t, "sin", sin[i*half:(i+1)*half], want.Sin[i][:half], 1e-6)
		}
	})
}

func compareFloats(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(float64(got[i]-want[i])) <= tolerance) {
			t.Errorf("%s %d = %.9g, want %.9g", what, i, got[i], want[i])
		}
	}
}
