package train

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"alignctl/lake"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// needTwoDevices skips a test where there is no plugin. XLA's for the CPU shows
// several devices, however many processors there are.
func needTwoDevices(t *testing.T) {
	t.Helper()
	backend, _, err := lm.OpenBackend("xla:cpu")
	if err != nil {
		t.Skipf("not tested: %v", err)
	}
	defer backend.Finalize()
	if n := backend.NumDevices(); n < 2 {
		t.Skipf("not tested: the plugin shows %d device", n)
	}
}

// What two devices may differ by from one, relatively: XLA adds up in another
// order.
const (
	lossRounding   = 2e-6
	weightRounding = 1e-5 // of the length of all weights, after some steps of AdamW
)

// Two devices learn what one does, from batches that can't be halved and that
// hold a row longer than a block of queries: an adapter, with dropout and layers
// computed anew, and a whole model.
func TestTwoDevicesLearnAsOne(t *testing.T) {
	needTwoDevices(t)
	set := drawTexts(t, 5)
	for _, c := range []struct {
		name    string
		model   lm.Options
		batches batch.Options
	}{
		{"adapter", lm.Options{Trainable: lm.TrainLoRA, CheckpointLayers: true},
			batch.Options{Examples: 7, Shapes: 1, Pack: true, Share: true}},
		{"whole model", lm.Options{Trainable: lm.TrainFull}, batch.Options{Examples: 5, Shapes: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			losses, weights := trainTiny(t, c.model, set, c.batches)
			c.model.Devices, c.batches.Parts = 2, 2
			others, moved := trainTiny(t, c.model, set, c.batches)
			for i := range losses {
				if r := math.Abs(others[i]-losses[i]) / losses[i]; !(r <= lossRounding) {
					t.Errorf("loss %d is %g on two devices, %g on one", i, others[i], losses[i])
				}
			}
			if r := relative(moved, weights); !(r <= weightRounding) {
				t.Errorf("the weights differ by %g of their length", r)
			}
		})
	}
}

// trainTiny does three steps of two micro-batches each with a tiny model, and
// gives their losses and the weights.
func trainTiny(t *testing.T, o lm.Options, set *batch.Set, batches batch.Options) (losses, weights []float64) {
	t.Helper()
	o.Backend, o.LoRA = "xla:cpu", lm.LoRAConfig{Rank: 4, Alpha: 8, Dropout: 0.3, Targets: []string{lm.AllLinear}, Seed: 3}
	m, err := lm.Load(t.Context(), tinyFolder, o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s := stepperOf(t, m, StepperOptions{Optimizer: DefaultAdamW(), Clip: 1, Devices: m.Devices})
	feed, err := batch.NewFeed(set, batches, batch.Position{})
	if err != nil {
		t.Fatal(err)
	}
	next := func() []any {
		b, err := feed.Next()
		if err != nil {
			t.Fatal(err)
		}
		return textInputs(b)
	}
	for range 3 {
		losses = append(losses, stepAt(t, s, 3e-3, next(), next()).Mean())
	}
	for _, v := range m.Trainable() {
		weights = append(weights, doubles(tensors.MustCopyFlatData[float32](v.MustValue()))...)
	}
	return losses, weights
}

// A run on two devices is that on one: the same steps, losses and dev losses, the
// same step saved as the best. So it is when it was interrupted, and goes on from
// its checkpoint on two devices, or on one.
func TestRunOnTwoDevices(t *testing.T) {
	needTwoDevices(t)
	l := tinyLake(t, wordExamples(14))
	o := tinySFT(t, l)
	o.Backend, o.MaxSteps, o.Accumulate, o.Batch, o.EvalEvery, o.Save = "xla:cpu", 8, 2, 3, 2, "best"
	o.LoRA.Dropout = 0.3
	one, err := Run(t.Context(), l, &o)
	if err != nil {
		t.Fatal(err)
	}
	o.Devices = 2
	for _, devices := range []int{2, 1} {
		stopped := sftUntil(t, l, 5, func(ctx context.Context) (Result, error) { return Run(ctx, l, &o) })
		r, err := FindResumption(t.Context(), l, stopped.RunID)
		if err != nil {
			t.Fatal(err)
		}
		r.Method.Common().Devices = devices
		resumed, err := Resume(t.Context(), l, r, r.Method)
		if err != nil {
			t.Fatal(err)
		}
		sameCurves(t, l, one, resumed)
	}
}

// DPO computes its reference on the devices, too.
func TestDPOOnTwoDevices(t *testing.T) {
	needTwoDevices(t)
	l, o := tinyDPO(t, wordPairs(14))
	o.Backend, o.MaxSteps, o.Batch, o.EvalEvery = "xla:cpu", 4, 3, 2
	one, err := Run(t.Context(), l, &o)
	if err != nil {
		t.Fatal(err)
	}
	o.Devices, o.MaxTokens = 2, o.MaxTokens-1 // another limit: the reference is computed anew
	two, err := Run(t.Context(), l, &o)
	if err != nil {
		t.Fatal(err)
	}
	sameCurves(t, l, one, two)
}

// sameCurves compares two runs by what they measured.
func sameCurves(t *testing.T, l *lake.Lake, a, b Result) {
	t.Helper()
	if a.Saved != b.Saved || a.Steps != b.Steps || a.Tokens != b.Tokens {
		t.Errorf("one run took %d steps and saved that of %d, the other %d and %d", a.Steps, a.Saved, b.Steps, b.Saved)
	}
	for _, name := range []string{"loss", "eval_loss", "grad_norm"} {
		x, y := curve(t, l, a.RunID, name), curve(t, l, b.RunID, name)
		if len(x) == 0 || len(x) != len(y) {
			t.Fatalf("%s: %v and %v", name, x, y)
		}
		for i := range x {
			if r := math.Abs(x[i]-y[i]) / x[i]; !(r <= 10*lossRounding) {
				t.Errorf("%s: %v and %v", name, x, y)
				break
			}
		}
	}
}

// Devices that aren't there are refused before a weight is read, with how many
// there are; a policy can't use them.
func TestTooManyDevices(t *testing.T) {
	refused := func(want string, err error) {
		t.Helper()
		var devices *lm.DevicesError
		if !errors.As(err, &devices) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	_, err := lm.Load(t.Context(), tinyFolder, lm.Options{Backend: "go", Devices: 2})
	refused("go:ops_sequential has 1: lower --devices", err)
	ppo := DefaultPPO()
	ppo.Devices = 2
	refused("leave --devices out", ppo.check())
	needTwoDevices(t)
	_, err = lm.Load(t.Context(), tinyFolder, lm.Options{Backend: "xla:cpu", Devices: 999})
	refused("backend xla:cpu has ", err)
}

func TestDevicesShareABatch(t *testing.T) {
	o := DefaultSFT()
	o.Devices = o.Batch + 1
	if err := o.Options.check(); err == nil || !strings.Contains(err.Error(), "--devices 9") {
		t.Errorf("nine devices for eight examples: %v", err)
	}
}

// curve is a metric of a run, step after step.
func curve(t *testing.T, l *lake.Lake, run, metric string) (values []float64) {
	t.Helper()
	err := queryNow(t.Context(), l, "train.steps", func(r *sql.Rows) error {
		var value float64
		err := r.Scan(&value)
		values = append(values, value)
		return err
	}, "SELECT value FROM train.steps WHERE run_id = ? AND metric = ? ORDER BY step", run, metric)
	if err != nil {
		t.Fatal(err)
	}
	return values
}
