package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"alignctl/train/batch"
	"alignctl/train/lm"
)

// A Trial is what training a tiny model on a backend was like.
type Trial struct {
	Backend         string
	Steps           int
	First, Last     float64 // loss of the first and last step
	TokensPerSecond float64 // after the first step, which compiles
	Seconds         float64 // all in all
}

// The trial's size: a few seconds on two cores, compilation included.
const (
	trialSteps    = 12
	trialExamples = 8
	trialRate     = 5e-3
)

// Try makes a tiny model, trains all its weights on a backend for a few steps,
// always on the same examples, and looks whether the loss goes down. It leaves
// nothing behind.
func Try(ctx context.Context, backend string) (trial Trial, err error) {
	start := time.Now()
	scratch, err := os.MkdirTemp("", "alignctl-trial-")
	if err != nil {
		return Trial{}, fmt.Errorf("make trial model: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	folder := filepath.Join(scratch, "model")
	input, err := trialInput(folder)
	if err != nil {
		return Trial{}, err
	}
	m, err := lm.Load(ctx, folder, lm.Options{Backend: backend, Trainable: lm.TrainFull})
	if err != nil {
		return Trial{}, err
	}
	defer m.Close()
	s, err := NewStepper(m.Backend, m.Store, m.Trainable(), StepperOptions{Optimizer: DefaultAdamW(), Clip: 1}, sftLoss(m.Decoder, 0))
	if err != nil {
		return Trial{}, err
	}
	trial.Backend = m.BackendName
	err = trial.steps(ctx, s, input)
	trial.Seconds = time.Since(start).Seconds()
	return trial, err
}

// trialInput makes the model's folder and a batch for it.
func trialInput(folder string) (_ MicroBatch, err error) {
	pairs := [][2]string{{"lamp", "light, desk"}, {"river", "water, bank"}, {"spoon", "soup, fork"}, {"wool", "sheep, warm"}}
	var texts []string
	for _, pair := range pairs {
		texts = append(texts, "user", "assistant", pair[0], pair[1])
	}
	_, err = NewModel(texts, NewModelOptions{Folder: folder, Vocab: 320, Hidden: 64, Layers: 2, Heads: 4, MaxPositions: 64})
	if err != nil {
		return MicroBatch{}, err
	}
	set, err := batch.NewSet(folder)
	if err != nil {
		return MicroBatch{}, err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	if err := fillTrial(set, folder, pairs); err != nil {
		return MicroBatch{}, err
	}
	batches, err := batch.Once(set, batch.Options{Examples: trialExamples, Shapes: 1})
	if err != nil {
		return MicroBatch{}, err
	}
	return microBatch(batches[0], textInputs), nil
}

// fillTrial takes up pairs of a cue and its answer until there are enough.
func fillTrial(set *batch.Set, folder string, pairs [][2]string) error {
	encoder, err := lm.LoadEncoder(folder, 0)
	if err != nil {
		return err
	}
	for i := range trialExamples {
		pair := pairs[i%len(pairs)]
		encoded, err := encoder.Encode([]lm.Message{{Role: "user", Content: pair[0]}}, pair[1])
		if err != nil {
			return err
		}
		if _, err := set.Add(fmt.Sprint(i), encoded); err != nil {
			return err
		}
	}
	return nil
}

// steps trains and fills in what it was like.
func (t *Trial) steps(ctx context.Context, s *Stepper, input MicroBatch) error {
	var warm time.Time
	for t.Steps = 0; t.Steps < trialSteps && ctx.Err() == nil; t.Steps++ {
		sums, err := s.Accumulate(input.Inputs...)
		if err != nil {
			return err
		}
		if _, err := s.Apply(trialRate); err != nil {
			return err
		}
		t.Last = sums.Mean()
		if t.Steps == 0 {
			t.First, warm = t.Last, time.Now()
		}
	}
	t.TokensPerSecond = float64((t.Steps-1)*input.Tokens) / time.Since(warm).Seconds()
	if ctx.Err() == nil && !(t.Last < t.First) {
		return fmt.Errorf("train a tiny model: the loss went from %g to %g in %d steps", t.First, t.Last, t.Steps)
	}
	return ctx.Err()
}
