package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"alignctl/internal/atomicfile"
	"alignctl/lake"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// describe fills the row of train.runs with what is known before the first
// step.
func (s *sft) describe(baseSHA256 string) error {
	config, err := json.Marshal(s.options)
	if err != nil {
		return fmt.Errorf("describe run: %w", err)
	}
	base, err := filepath.Abs(s.options.Model)
	if err != nil {
		return fmt.Errorf("describe run: %w", err)
	}
	s.row = RunRow{
		RunID: s.run.ID(), Method: s.options.method(), BasePath: base, BaseSHA256: baseSHA256,
		Dataset: s.pin.Table, DatasetSnapshot: fmt.Sprint(s.pin.Snapshot), DatasetDigest: s.pin.Digest,
		Template: s.data.templates, Config: string(config), Seed: s.options.Seed,
		Backend: s.model.BackendName, Version: s.options.Version, StartedAt: time.Now().UTC(),
	}
	return nil
}

// train runs the loop and then saves and records what it did.
func (s *sft) train(ctx context.Context) (Result, error) {
	outcome, err := s.loop(ctx)
	finish := context.WithoutCancel(ctx)
	if err != nil {
		return Result{}, errors.Join(err, s.record(finish, lake.Failed, outcome))
	}
	result, err := s.save(outcome)
	if err != nil {
		return Result{}, errors.Join(err, s.record(finish, lake.Failed, outcome))
	}
	if err := s.recordModel(finish, result); err != nil {
		return Result{}, err
	}
	if !outcome.Interrupted {
		return result, s.record(finish, lake.Done, outcome)
	}
	if err := s.record(finish, lake.Interrupted, outcome); err != nil {
		return Result{}, err
	}
	return result, fmt.Errorf("train: stopped after step %d, saved in %q: %w", outcome.Steps, result.Out, ctx.Err())
}

// loop trains, publishing metrics as it goes.
func (s *sft) loop(ctx context.Context) (Outcome, error) {
	o := s.options
	optimizer := DefaultAdamW()
	optimizer.WeightDecay = o.WeightDecay
	stepper, err := NewStepper(s.model.Backend, s.model.Store, s.model.Trainable(),
		StepperOptions{Optimizer: optimizer, Clip: o.MaxGradNorm}, sftLoss(s.model.Decoder))
	if err != nil {
		return Outcome{}, err
	}
	s.stepper = stepper
	if err := s.record(ctx, lake.Running, Outcome{}); err != nil {
		return Outcome{}, err
	}
	l := &loop{
		options: LoopOptions{Schedule: s.schedule, Accumulate: o.Accumulate, EvalEvery: o.EvalEvery},
		stepper: stepper, train: &feedSource{feed: s.feed},
		recorder: newRecorder(s.run.ID(), s.publishSteps),
	}
	if l.dev, err = s.devBatches(); err != nil {
		return Outcome{}, err
	}
	return l.run(ctx)
}

// devBatches is the dev split as micro-batches that stay on the device.
func (s *sft) devBatches() ([]MicroBatch, error) {
	if s.data.dev.Len() == 0 {
		return nil, nil
	}
	batches, err := batch.Once(s.data.dev, batch.Options{Rows: s.options.Batch, Widths: 2})
	if err != nil {
		return nil, err
	}
	dev := make([]MicroBatch, len(batches))
	for i, b := range batches {
		dev[i] = microBatch(b)
	}
	return dev, nil
}

// save writes the adapter or model, and after an interruption what is needed
// to go on.
func (s *sft) save(outcome Outcome) (Result, error) {
	out, err := filepath.Abs(s.options.Out)
	if err != nil {
		return Result{}, fmt.Errorf("save model: %w", err)
	}
	err = atomicfile.WriteDir(out, func(fresh string) error {
		if outcome.Interrupted {
			state := TrainerState{RunID: s.run.ID(), Steps: outcome.Steps, MicroBatches: outcome.Steps * s.options.Accumulate}
			if err := s.stepper.saveState(fresh, state); err != nil {
				return err
			}
		}
		if s.options.Full {
			return s.model.SaveModel(fresh)
		}
		return s.model.SaveAdapter(fresh, s.row.BasePath)
	})
	if err != nil {
		return Result{}, err
	}
	digest := lm.AdapterSHA256
	if s.options.Full {
		digest = lm.ModelSHA256
	}
	sum, err := digest(out)
	return Result{Outcome: outcome, RunID: s.run.ID(), Out: out, SHA256: sum, Backend: s.row.Backend,
		Dataset: s.pin, Dropped: s.data.dropped}, err
}

// recordModel adds the saved model to train.models.
func (s *sft) recordModel(ctx context.Context, r Result) error {
	row := ModelRow{ModelID: r.SHA256[:16], RunID: r.RunID, Kind: "adapter", Path: r.Out, SHA256: r.SHA256,
		BaseSHA256: s.row.BaseSHA256, Method: s.row.Method, Dataset: s.row.Dataset, DatasetSnapshot: s.row.DatasetSnapshot}
	if s.options.Full {
		row.Kind = "base"
	}
	_, err := lake.WriteRows(ctx, s.run, ModelsSpec(), r.RunID, []ModelRow{row})
	return err
}

// record replaces the run's row and publishes it with everything written since.
func (s *sft) record(ctx context.Context, status lake.Status, o Outcome) error {
	row := s.row
	row.Status = string(status)
	row.Steps, row.Examples = int64(o.Steps), int64(o.Examples)
	row.Tokens, row.TrainedTokens, row.Seconds = int64(o.Tokens), int64(o.TrainedTokens), o.Seconds
	if o.Seconds > 0 {
		row.TokensPerSecond = o.TokensPerSecond()
	}
	if status != lake.Running {
		now := time.Now().UTC()
		row.EndedAt = &now
	}
	if _, err := lake.ReplaceRows(ctx, s.run, RunsSpec(), row.RunID, []RunRow{row}); err != nil {
		return err
	}
	_, err := s.run.Publish(ctx, status)
	return err
}

// publishSteps adds rows to train.steps for all to see.
func (s *sft) publishSteps(ctx context.Context, rows []StepRow) error {
	if _, err := lake.WriteRows(ctx, s.run, StepsSpec(), s.run.ID(), rows); err != nil {
		return err
	}
	_, err := s.run.Publish(ctx, lake.Running)
	return err
}
