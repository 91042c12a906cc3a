package lm

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// Restore sets the weights that training may change to what SaveAdapter or
// SaveModel wrote to a folder: the same numbers, to the last bit.
func (m *Model) Restore(folder string) (err error) {
	path, prefix := filepath.Join(folder, weightsFile), ""
	if m.Decoder.LoRA != nil {
		path, prefix = filepath.Join(folder, adapterWeightsFile), adapterPrefix
	}
	file, err := OpenSafetensors(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, name := range m.trainable {
		if err := m.restoreWeight(file, name, prefix+name); err != nil {
			return fmt.Errorf("restore weights from %q: %w", path, err)
		}
	}
	return nil
}

// restoreWeight sets one weight to the stored tensor.
func (m *Model) restoreWeight(file *Safetensors, name, stored string) error {
	variable := m.Store.GetVariable("/" + name)
	shape := variable.Shape().Dimensions
	info, ok := file.Info(stored)
	if !ok || !slices.Equal(info.Shape, shape) {
		return fmt.Errorf("no tensor %q of shape %v: it is of another model or adapter", stored, shape)
	}
	numbers, err := file.Float32(stored)
	if err != nil {
		return err
	}
	tensor, err := newTensor(m.Backend, shape, numbers)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", stored, err)
	}
	return variable.SetValue(tensor)
}
