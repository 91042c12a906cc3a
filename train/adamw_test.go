package train

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/train/lm"
)

func goBackend(t testing.TB) compute.Backend {
	t.Helper()
	backend, err := compute.NewWithConfig("go:ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.Finalize)
	return backend
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

// A goldenRun is five steps of torch.optim.AdamW.
type goldenRun struct {
	Init        [][]float64   `json:"init"`
	Grads       [][][]float64 `json:"grads"`
	WeightDecay float64       `json:"weight_decay"`
	Clip        float64       `json:"clip"`
	Steps       []struct {
		LR       float64     `json:"lr"`
		GradNorm float64     `json:"grad_norm"`
		Param    [][]float64 `json:"param"`
		First    [][]float64 `json:"exp_avg"`
		Second   [][]float64 `json:"exp_avg_sq"`
	} `json:"steps"`
}

func TestAdamWGolden(t *testing.T) {
	var golden struct {
		Peak   float64    `json:"peak_lr"`
		Betas  [2]float64 `json:"betas"`
		Eps    float64    `json:"eps"`
		Warmup int        `json:"warmup"`
		Total  int        `json:"total"`
		F32    goldenRun  `json:"f32"`
		F64    goldenRun  `json:"f64"`
		F32c   goldenRun  `json:"f32_clip"`
		F64c   goldenRun  `json:"f64_clip"`
	}
	readJSON(t, "testdata/adamw.json", &golden)
	schedule := Schedule{Kind: "cosine", Peak: golden.Peak, Warmup: golden.Warmup, Total: golden.Total}
	optimizer := AdamW{Beta1: golden.Betas[0], Beta2: golden.Betas[1], Epsilon: golden.Eps}
	for _, name := range []string{"go", "xla:cpu"} {
		t.Run(name, func(t *testing.T) {
			backend, _, err := lm.OpenBackend(name)
			if err != nil {
				t.Skipf("not tested: %v", err)
			}
			t.Cleanup(backend.Finalize)
			checkAdamW[float32](t, backend, golden.F32, optimizer, schedule)
			checkAdamW[float64](t, backend, golden.F64, optimizer, schedule)
			checkAdamW[float32](t, backend, golden.F32c, optimizer, schedule)
			checkAdamW[float64](t, backend, golden.F64c, optimizer, schedule)
		})
	}
}

// sumLoss has its input as gradient of every weight.
func sumLoss(weights []*model.Variable) LossGraph {
	return func(_ *Node, inputs []*Node) LossNodes {
		sum := ScalarZero(inputs[0].Graph(), inputs[0].DType())
		for _, w := range weights {
			sum = Add(sum, ReduceAllSum(Mul(w.NodeValue(sum), inputs[0])))
		}
		return LossNodes{Sum: sum, Count: OnesLike(sum)}
	}
}

func checkAdamW[T float32 | float64](
	t *testing.T, backend compute.Backend, run goldenRun, optimizer AdamW, schedule Schedule,
) {
	t.Helper()
	store := model.NewStore()
	w, err := store.CreateVariable("/w", matrix[T](run.Init))
	if err != nil {
		t.Fatal(err)
	}
	optimizer.WeightDecay = run.WeightDecay
	options := StepperOptions{Optimizer: optimizer, Clip: run.Clip}
	s, err := NewStepper(backend, store, []*model.Variable{w}, options, sumLoss([]*model.Variable{w}))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range run.Steps {
		if _, err := s.Accumulate(matrix[T](run.Grads[i])); err != nil {
			t.Fatal(err)
		}
		near(t, "learning rate", schedule.At(i), want.LR)
		norm, err := s.Apply(schedule.At(i))
		if err != nil {
			t.Fatal(err)
		}
		near(t, "norm", norm, want.GradNorm)
		nearAll[T](t, "weight", w, want.Param)
		nearAll[T](t, "first moment", s.slots[0].first, want.First)
		nearAll[T](t, "second moment", s.slots[0].second, want.Second)
	}
}

func matrix[T float32 | float64](rows [][]float64) *tensors.Tensor {
	var flat []T
	for _, row := range rows {
		for _, x := range row {
			flat = append(flat, T(x))
		}
	}
	return tensors.FromFlatDataAndDimensions(flat, len(rows), len(rows[0]))
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-6) {
		t.Fatalf("%s: got %g, want %g", what, got, want)
	}
}

func nearAll[T float32 | float64](t *testing.T, what string, v *model.Variable, want [][]float64) {
	t.Helper()
	got := tensors.MustCopyFlatData[T](v.MustValue())
	for i, row := range want {
		for j, x := range row {
			near(t, what, float64(got[i*len(row)+j]), x)
		}
	}
}

func TestScheduleGolden(t *testing.T) {
	var golden map[string][]float64
	readJSON(t, "testdata/schedules.json", &golden)
	for name, s := range map[string]Schedule{
		"cosine_w2_n10": {Kind: "cosine", Peak: 1, Warmup: 2, Total: 10},
		"cosine_w0_n7":  {Kind: "cosine", Peak: 1, Total: 7},
	} {
		if len(golden[name]) == 0 {
			t.Fatalf("no golden %q", name)
		}
		for n, want := range golden[name] {
			near(t, name, s.At(n), want)
		}
	}
}

func TestScheduleKinds(t *testing.T) {
	linear := Schedule{Kind: "linear", Peak: 1e-5, Total: 10}
	for n := range 10 {
		if got, want := linear.At(n), 1e-5-1e-6*float64(n); math.Abs(got-want) > 1e-18 {
			t.Errorf("linear step %d: got %g, want %g", n, got, want)
		}
	}
	constant := Schedule{Kind: "constant", Peak: 2, Warmup: 2, Total: 9}
	if constant.At(0) != 0 || constant.At(1) != 1 || constant.At(8) != 2 {
		t.Errorf("constant: got %g, %g, %g", constant.At(0), constant.At(1), constant.At(8))
	}
	// transformers' get_cosine_with_min_lr_schedule_with_warmup(2, 10, min_lr=5e-5).
	floored := Schedule{Kind: "cosine", Peak: 2e-4, Floor: 5e-5, Warmup: 2, Total: 10}
	for n, want := range []float64{0, 1e-4, 2e-4, 1.942909649383465e-4, 1.7803300858899106e-4, 1.5370125742738175e-4, 1.25e-4,
		9.629874257261827e-5, 7.196699141100895e-5, 5.57090350616535e-5, 5e-5} {
		if got := floored.At(n); math.Abs(got-want) > 1e-15 {
			t.Errorf("cosine with a floor, step %d: got %g, want %g", n, got, want)
		}
	}
	floored = Schedule{Kind: "linear", Peak: 4, Floor: 1, Total: 3}
	if floored.At(0) != 4 || floored.At(1) != 3 || floored.At(3) != 1 {
		t.Errorf("linear with a floor: got %g, %g, %g", floored.At(0), floored.At(1), floored.At(3))
	}
	for _, bad := range []Schedule{{Kind: "constant", Peak: 1, Floor: 0.5, Total: 1}, {Kind: "linear", Peak: 1, Floor: 2, Total: 1},
		{Kind: "step", Peak: 1, Total: 1}, {Kind: "linear", Total: 1},
		{Kind: "linear", Peak: 1, Warmup: 2, Total: 1}} {
		if bad.Check() == nil {
			t.Errorf("%+v passed the check", bad)
		}
	}
}
