package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/internal/atomicfile"
	"alignctl/internal/failpoint"
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

// saveFolder makes a new folder at path with what write puts there: the folder
// has its name only when everything in it is on disk, so that a crash leaves
// all of it or nothing.
func saveFolder(path string, write func(folder string) error) error {
	parent := filepath.Dir(path)
	if err := atomicfile.MkdirAll(parent); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(parent, ".saving-"+filepath.Base(path)+"-")
	if err != nil {
		return fmt.Errorf("save folder %q: %w", path, err)
	}
	if err := errors.Join(os.Chmod(fresh, 0o755), write(fresh)); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	failpoint.Hit("train.save")
	if err := errors.Join(atomicfile.SyncDir(fresh), os.Rename(fresh, path)); err != nil {
		return errors.Join(fmt.Errorf("save folder %q: %w", path, err), os.RemoveAll(fresh))
	}
	return atomicfile.SyncDir(parent)
}

// checkVacant refuses an output folder that holds something already.
func checkVacant(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("use output folder %q: %w", path, err)
	}
	return fmt.Errorf("use output folder %q: it isn't empty: name another with --out", path)
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
