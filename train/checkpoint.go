package train

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"alignctl/internal/atomicfile"
	"alignctl/train/lm"
)

// What a checkpoint holds besides its weights, which are an adapter in PEFT's
// layout or a model in Hugging Face's, so that it can be loaded as it is.
const (
	optimizerFile = "optimizer.safetensors" // see Stepper.saveMoments
	stateFile     = "trainer_state.json"    // a TrainerState
	manifestFile  = "manifest.sha256"       // of all other files, as sha256sum prints it; written last
)

// TrainerState is what a run needs besides weights and moments to go on as if
// it had never stopped, and what must be the same when it does.
type TrainerState struct {
	RunID      string          `json:"run_id"`
	Options    json.RawMessage `json:"options"`                 // of the method
	Snapshot   int64           `json:"dataset_snapshot,string"` // exceeds 2^53
	Digest     string          `json:"dataset_digest"`
	Rows       int64           `json:"dataset_rows"`
	BaseSHA256 string          `json:"base_sha256"`
	Backend    string          `json:"backend"` // as lm.OpenBackend names it
	Progress   Progress        `json:"progress"`
}

// checkpoints is the folder of a run's checkpoints, step-000001 and so on: each
// is whole or has no name. Only the process that holds its lock writes there;
// the lock ends with the process, however that ends.
type checkpoints struct {
	folder string
	lock   *os.File // nil: not held
}

// checkpointsOf is the checkpoints of the run whose result goes to out: beside
// it, for that folder appears whole, at the end.
func checkpointsOf(out string) *checkpoints { return &checkpoints{folder: out + ".checkpoints"} }

func (c *checkpoints) path(step int) string {
	return filepath.Join(c.folder, fmt.Sprintf("step-%06d", step))
}

var stepFolder = regexp.MustCompile(`^step-(\d{6,})$`)

// steps lists the steps of which there is a checkpoint, oldest first.
func (c *checkpoints) steps() (steps []int, err error) {
	entries, err := os.ReadDir(c.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	for _, entry := range entries {
		if match := stepFolder.FindStringSubmatch(entry.Name()); match != nil {
			if step, err := strconv.Atoi(match[1]); err == nil {
				steps = append(steps, step)
			}
		}
	}
	slices.Sort(steps)
	return steps, nil
}

// checkVacant refuses a place where another run left checkpoints.
func (c *checkpoints) checkVacant() error {
	steps, err := c.steps()
	if err != nil || len(steps) == 0 {
		return err
	}
	return fmt.Errorf("use folder %q: it has checkpoints of another run: go on with them by --resume, or name another --out",
		c.folder)
}

// hold makes the folder, locks it, and removes what a killed process was still
// writing.
func (c *checkpoints) hold() error {
	if c.lock != nil {
		return nil
	}
	if err := atomicfile.MkdirAll(c.folder); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(c.folder, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("lock checkpoints: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("lock checkpoints %q: another process is training this run: %w", c.folder, err),
			lock.Close())
	}
	c.lock = lock
	unfinished, err := filepath.Glob(filepath.Join(c.folder, ".tmp-*"))
	for _, path := range unfinished {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// release lets another process go on.
func (c *checkpoints) release() error {
	if c.lock == nil {
		return nil
	}
	return c.lock.Close()
}

// write makes the checkpoint of a step, with what fill puts into its folder.
func (c *checkpoints) write(step int, fill func(fresh string) error) error {
	if err := c.hold(); err != nil {
		return err
	}
	err := atomicfile.WriteDir(c.path(step), func(fresh string) error {
		if err := fill(fresh); err != nil {
			return err
		}
		return writeManifest(fresh)
	})
	if err != nil {
		return fmt.Errorf("save checkpoint %q: %w", c.path(step), err)
	}
	return nil
}

// prune removes all but the newest checkpoints and the best.
func (c *checkpoints) prune(keep, best int) error {
	steps, err := c.steps()
	if err != nil {
		return err
	}
	for _, step := range steps[:max(0, len(steps)-keep)] {
		if step != best {
			err = errors.Join(err, c.remove(step))
		}
	}
	return err
}

func (c *checkpoints) remove(step int) error {
	if err := os.RemoveAll(c.path(step)); err != nil {
		return fmt.Errorf("remove old checkpoint: %w", err)
	}
	return nil
}

// A TornError is a checkpoint that isn't what was saved.
type TornError struct {
	Step  int
	Cause error
}

// Error names the checkpoint's step.
func (e *TornError) Error() string { return fmt.Sprintf("checkpoint of step %d: %v", e.Step, e.Cause) }

// newest reads the state of the newest checkpoint that is whole, and says which
// newer ones aren't.
func (c *checkpoints) newest() (state TrainerState, torn []*TornError, err error) {
	steps, err := c.steps()
	if err != nil {
		return TrainerState{}, nil, err
	}
	for _, step := range slices.Backward(steps) {
		state, err := readCheckpoint(c.path(step))
		if err == nil {
			return state, torn, nil
		}
		torn = append(torn, &TornError{Step: step, Cause: err})
	}
	err = fmt.Errorf("resume from %q: no checkpoint there is whole: start again without --resume", c.folder)
	for _, t := range torn {
		err = errors.Join(err, t)
	}
	return TrainerState{}, nil, err
}

// readCheckpoint verifies every byte of a checkpoint and reads its state.
func readCheckpoint(folder string) (state TrainerState, err error) {
	if err := checkManifest(folder); err != nil {
		return state, err
	}
	text, err := os.ReadFile(filepath.Join(folder, stateFile))
	if err != nil {
		return state, err
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return state, fmt.Errorf("read %q: %w", filepath.Join(folder, stateFile), err)
	}
	return state, nil
}

func writeState(folder string, state TrainerState) error {
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("save trainer state: %w", err)
	}
	return atomicfile.Write(filepath.Join(folder, stateFile), append(text, '\n'), 0o644)
}

// writeManifest writes down the digests of a folder's files.
func writeManifest(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, entry := range entries {
		sum, err := lm.FileSHA256(filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s  %s\n", sum, entry.Name())
	}
	return atomicfile.Write(filepath.Join(folder, manifestFile), []byte(text.String()), 0o644)
}

// checkManifest compares a folder's files with the digests written down.
func checkManifest(folder string) error {
	manifest, err := os.Open(filepath.Join(folder, manifestFile))
	if err != nil {
		return err
	}
	defer manifest.Close()
	lines, files := bufio.NewScanner(manifest), 0
	for ; lines.Scan(); files++ {
		want, name, found := strings.Cut(lines.Text(), "  ")
		if !found || name != filepath.Base(name) {
			return fmt.Errorf("%q isn't a list of digests", manifest.Name())
		}
		sum, err := lm.FileSHA256(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		if sum != want {
			return fmt.Errorf("%q isn't what was saved: cut or damaged", filepath.Join(folder, name))
		}
	}
	if files == 0 {
		return fmt.Errorf("%q is empty", manifest.Name())
	}
	return lines.Err()
}
