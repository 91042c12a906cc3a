package train

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/internal/atomicfile"
	"alignctl/train/lm"
)

// What an interrupted run leaves beside its weights, so that it can go on as if
// it had never stopped.
const (
	optimizerFile = "optimizer.safetensors"
	stateFile     = "trainer_state.json"
)

// TrainerState says how far an interrupted run came.
type TrainerState struct {
	RunID        string `json:"run_id"`
	Steps        int    `json:"global_step"`   // optimizer steps done
	MicroBatches int    `json:"micro_batches"` // taken from the data so far
}

// saveState writes the optimizer's moments and the position in the data.
func (s *Stepper) saveState(folder string, state TrainerState) error {
	var stored []lm.Tensor
	for _, slot := range s.slots {
		for prefix, v := range map[string]*model.Variable{"first": slot.first, "second": slot.second} {
			value, err := v.Value()
			if err != nil {
				return fmt.Errorf("save optimizer state %q: %w", v.Path(), err)
			}
			numbers, err := tensors.CopyFlatData[float32](value)
			if err != nil {
				return fmt.Errorf("save optimizer state %q: %w", v.Path(), err)
			}
			name := prefix + "." + strings.TrimPrefix(slot.weight.Path(), "/")
			stored = append(stored, lm.Tensor{Name: name, Shape: v.Shape().Dimensions, Values: numbers})
		}
	}
	if err := lm.WriteSafetensors(filepath.Join(folder, optimizerFile), stored, nil); err != nil {
		return err
	}
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("save trainer state: %w", err)
	}
	return atomicfile.Write(filepath.Join(folder, stateFile), append(text, '\n'), 0o644)
}
