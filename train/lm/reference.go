package lm

import (
	"fmt"

	"github.com/gomlx/gomlx/ml/model"
)

// referenceScope holds the copies that Reference makes.
const referenceScope = "/reference/"

// Reference is the model as it is now, whatever training makes of it: a decoder
// on the same frozen weights, with copies of those that training may change. A
// new adapter needs none: as long as it is untrained its update is 0, so the
// reference is the base without it. Call it once, before training.
func (m *Model) Reference() (*Decoder, error) {
	reference := *m.Decoder
	reference.checkpoint = false
	if m.fresh {
		reference.LoRA = nil
		return &reference, nil
	}
	reference.frozen = true
	for _, weight := range m.Trainable() {
		if err := m.copyWeight(weight); err != nil {
			return nil, fmt.Errorf("keep the reference model: weight %q: %w", weight.Path(), err)
		}
	}
	return &reference, nil
}

// copyWeight keeps a weight's numbers in referenceScope.
func (m *Model) copyWeight(weight *model.Variable) error {
	numbers, err := values(weight)
	if err != nil {
		return err
	}
	tensor, err := newTensor(m.Backend, weight.Shape().Dimensions, numbers)
	if err != nil {
		return err
	}
	return m.addVariable(referenceScope[1:]+weight.Path()[1:], tensor)
}
