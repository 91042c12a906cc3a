package train

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/train/lm"
)

// kept names the optimizer's variables of a weight, as optimizerFile has them.
func (s slot) kept() map[string]*model.Variable {
	name := strings.TrimPrefix(s.weight.Path(), "/")
	return map[string]*model.Variable{"first." + name: s.first, "second." + name: s.second}
}

// saveMoments writes both moments of every weight, float32, under "first." and
// "second." and the weight's name. Gradients have none to save after a step.
func (s *Stepper) saveMoments(folder string) error {
	var stored []lm.Tensor
	for _, slot := range s.slots {
		for name, v := range slot.kept() {
			value, err := v.Value()
			if err != nil {
				return fmt.Errorf("save optimizer state %q: %w", name, err)
			}
			numbers, err := tensors.CopyFlatData[float32](value)
			if err != nil {
				return fmt.Errorf("save optimizer state %q: %w", name, err)
			}
			stored = append(stored, lm.Tensor{Name: name, Shape: v.Shape().Dimensions, Values: numbers})
		}
	}
	return lm.WriteSafetensors(filepath.Join(folder, optimizerFile), stored, nil)
}

// restore reads the moments back, as they were after a number of updates.
func (s *Stepper) restore(folder string, updates int) (err error) {
	path := filepath.Join(folder, optimizerFile)
	file, err := lm.OpenSafetensors(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, slot := range s.slots {
		for name, v := range slot.kept() {
			if err := restoreVariable(v, file, name); err != nil {
				return fmt.Errorf("restore optimizer state from %q: %w", path, err)
			}
		}
	}
	s.updates = updates
	return nil
}

func restoreVariable(v *model.Variable, file *lm.Safetensors, name string) error {
	shape := v.Shape().Dimensions
	if info, ok := file.Info(name); !ok || !slices.Equal(info.Shape, shape) {
		return fmt.Errorf("no tensor %q of shape %v: it is of another model or adapter", name, shape)
	}
	numbers, err := file.Float32(name)
	if err != nil {
		return err
	}
	return v.SetValue(tensors.FromFlatDataAndDimensions(numbers, shape...))
}
