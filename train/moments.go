package train

import (
	"errors"
	"fmt"
	"maps"
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

// allKept are those of all weights.
func (s *Stepper) allKept() map[string]*model.Variable {
	all := map[string]*model.Variable{}
	for _, slot := range s.slots {
		maps.Copy(all, slot.kept())
	}
	return all
}

// saveMoments writes both moments of every weight, float32, under "first." and
// "second." and the weight's name. Gradients have none to save after a step.
func (s *Stepper) saveMoments(folder string) error {
	return saveVariables(filepath.Join(folder, optimizerFile), s.allKept())
}

// restore reads the moments back, as they were after a number of updates.
func (s *Stepper) restore(folder string, updates int) error {
	s.updates = updates
	return restoreVariables(filepath.Join(folder, optimizerFile), s.allKept())
}

// saveVariables writes float32 variables to a file, under their names there.
func saveVariables(path string, variables map[string]*model.Variable) error {
	var stored []lm.Tensor
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		v := variables[name]
		value, err := v.Value()
		if err != nil {
			return fmt.Errorf("save %q: %w", name, err)
		}
		numbers, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return fmt.Errorf("save %q: %w", name, err)
		}
		stored = append(stored, lm.Tensor{Name: name, Shape: v.Shape().Dimensions, Values: numbers})
	}
	return lm.WriteSafetensors(path, stored, nil)
}

// restoreVariables reads them back.
func restoreVariables(path string, variables map[string]*model.Variable) (err error) {
	file, err := lm.OpenSafetensors(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if err := restoreVariable(variables[name], file, name); err != nil {
			return fmt.Errorf("restore from %q: %w", path, err)
		}
	}
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
