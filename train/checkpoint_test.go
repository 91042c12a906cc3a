package train

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"alignctl/internal/atomicfile"
	"alignctl/train/lm"
)

// An adapter that was saved loads back as the same function: the loss on a
// batch is equal to the last bit, and the optimizer's state lies beside it.
func TestSavedAdapterLoadsBack(t *testing.T) {
	m := tiny(t, lm.TrainLoRA)
	s := stepperOf(t, m, StepperOptions{Optimizer: DefaultAdamW(), Clip: 1})
	batch := rowsOf(12, 1, fourRows...)
	for range 3 {
		stepAt(t, s, 1e-2, batch)
	}
	folder := filepath.Join(t.TempDir(), "deep", "adapter")
	err := atomicfile.WriteDir(folder, func(fresh string) error {
		return errors.Join(m.SaveAdapter(fresh, tinyFolder), s.saveMoments(fresh))
	})
	if err != nil {
		t.Fatal(err)
	}
	again, err := lm.Load(t.Context(), tinyFolder, lm.Options{Backend: "go", Adapter: folder, Trainable: lm.TrainLoRA})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	want, err := s.Evaluate(batch...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := stepperOf(t, again, StepperOptions{}).Evaluate(rowsOf(12, 1, fourRows...)...)
	if err != nil {
		t.Fatal(err)
	}
	if got.Loss != want.Loss {
		t.Errorf("loss after loading back: %v, before: %v", got, want)
	}
	checkMoments(t, s, filepath.Join(folder, optimizerFile))
	if err := atomicfile.CheckVacant(folder); err == nil {
		t.Error("a folder with an adapter passed as vacant")
	}
}

func checkMoments(t *testing.T, s *Stepper, path string) {
	t.Helper()
	file, err := lm.OpenSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	slot := s.slots[0]
	stored, err := file.Float32("second." + slot.weight.Path()[1:])
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(stored, tensors.MustCopyFlatData[float32](slot.second.MustValue())) {
		t.Errorf("stored second moment of %s differs", slot.weight.Path())
	}
}
