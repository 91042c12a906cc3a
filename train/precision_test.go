package train

import (
	"math"
	"testing"

	"alignctl/train/lm"
)

// curveTolerance is how far apart the losses of a step may be in the two
// precisions, relatively.
const curveTolerance = 0.03

// In bf16 a model learns as it does in float32: the losses of 20 steps go down
// together.
func TestPrecisionsLearnAlike(t *testing.T) {
	var curves [][]float64
	for _, precision := range lm.Precisions {
		m, err := lm.Load(t.Context(), tinyFolder, lm.Options{Backend: "xla:cpu", Trainable: lm.TrainLoRA, Precision: precision,
			LoRA: lm.LoRAConfig{Rank: 4, Alpha: 8, Targets: []string{lm.AllLinear}, Seed: 3}})
		if err != nil {
			t.Skipf("not tested: %v", err)
		}
		t.Cleanup(m.Close)
		s := stepperOf(t, m, StepperOptions{Optimizer: DefaultAdamW(), Clip: 1})
		batch := rowsOf(12, 1, fourRows...)
		var losses []float64
		for range 20 {
			losses = append(losses, stepAt(t, s, 3e-3, batch).Mean())
		}
		curves = append(curves, losses)
	}
	single, brain := curves[0], curves[1]
	var worst float64
	for i := range single {
		worst = max(worst, math.Abs(brain[i]-single[i])/single[i])
	}
	if last := len(single) - 1; !(worst <= curveTolerance) || !(single[last] < single[0]/2) {
		t.Errorf("losses differ by up to %g\nf32  %v\nbf16 %v", worst, single, brain)
	}
	t.Logf("largest relative difference %.2g; from %.3f to %.3f", worst, single[0], single[len(single)-1])
}
