package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	s.row = RunRow{
		RunID: s.id, Method: s.options.method(), BasePath: s.options.Model, BaseSHA256: baseSHA256,
		Dataset: s.pin.Table, DatasetSnapshot: fmt.Sprint(s.pin.Snapshot), DatasetDigest: s.pin.Digest,
		Template: s.data.templates, Config: string(config), Seed: s.options.Seed,
		Backend: s.model.BackendName, Version: s.options.Version, StartedAt: time.Now().UTC(),
	}
	if s.from == nil {
		return nil
	}
	s.row.StartedAt, s.row.Resumed = s.from.started, s.from.link(s.run.ID())
	return s.from.checkBackend(s.row.Backend)
}

// train runs the loop and then saves and records what it did.
func (s *sft) train(ctx context.Context) (Result, error) {
	outcome, err := s.loop(ctx)
	finish := context.WithoutCancel(ctx)
	if err != nil {
		return Result{}, errors.Join(err, s.record(finish, lake.Failed, outcome))
	}
	if outcome.Interrupted {
		return s.stop(finish, outcome, ctx.Err())
	}
	result, err := s.save(outcome)
	if err != nil {
		return Result{}, errors.Join(err, s.record(finish, lake.Failed, outcome))
	}
	saved := int64(result.Saved)
	s.row.SavedStep = &saved
	if err := s.recordModel(finish, result); err != nil {
		return Result{}, err
	}
	return result, s.record(finish, lake.Done, outcome)
}

// stop records an interrupted run. Its result so far is its newest checkpoint.
func (s *sft) stop(ctx context.Context, o Outcome, cause error) (Result, error) {
	if err := s.record(ctx, lake.Interrupted, o); err != nil {
		return Result{}, err
	}
	if o.Steps == 0 {
		return Result{}, fmt.Errorf("train: stopped before the first step: %w", cause)
	}
	result, err := s.result(o, s.checkpoints.path(o.Steps))
	return result, errors.Join(err, fmt.Errorf("train: stopped after step %d, saved in %q: go on with: alignctl train sft --resume %s: %w",
		o.Steps, result.Out, s.id, cause))
}

// loop trains, publishing metrics as it goes.
func (s *sft) loop(ctx context.Context) (Outcome, error) {
	o := s.options
	stepper, err := s.newStepper()
	if err != nil {
		return Outcome{}, err
	}
	s.stepper = stepper
	source := newFeedSource(s.feed)
	defer source.Close()
	l := &loop{
		options: LoopOptions{Schedule: s.schedule, Accumulate: o.Accumulate, EvalEvery: o.EvalEvery, SaveEvery: o.SaveEvery,
			SaveBest: o.Save == "best", Patience: o.Patience, LossLimit: o.LossLimit},
		stepper: stepper, train: source, save: s.checkpoint, probe: s.probe,
		recorder: newRecorder(s.id, s.publishSteps),
	}
	if err := s.resume(ctx, l); err != nil {
		return Outcome{}, err
	}
	if err := s.record(ctx, lake.Running, l.progress.Outcome); err != nil {
		return Outcome{}, err
	}
	if l.dev, err = s.devBatches(); err != nil {
		return Outcome{}, err
	}
	return l.run(ctx)
}

func (s *sft) newStepper() (*Stepper, error) {
	optimizer := DefaultAdamW()
	optimizer.WeightDecay = s.options.WeightDecay
	return NewStepper(s.model.Backend, s.model.Store, s.model.Trainable(),
		StepperOptions{Optimizer: optimizer, Clip: s.options.MaxGradNorm, LoRAPlus: s.options.LoRAPlusRatio, Seed: s.options.Seed},
		sftLoss(s.model.Decoder, s.options.LabelSmoothing))
}

// resume brings a new loop to where the checkpoint left the old one.
func (s *sft) resume(ctx context.Context, l *loop) error {
	if s.from == nil {
		return nil
	}
	l.progress = s.from.state.Progress
	if err := s.model.Restore(s.from.folder); err != nil {
		return err
	}
	if err := s.stepper.restore(s.from.folder, l.progress.Steps); err != nil {
		return err
	}
	for _, torn := range s.from.Torn {
		if err := s.checkpoints.remove(torn.Step); err != nil {
			return err
		}
	}
	return s.trimSteps(ctx, l.progress.Steps)
}

// checkpoint saves all that is needed to go on.
func (s *sft) checkpoint(p Progress) error {
	err := s.checkpoints.write(p.Steps, func(fresh string) error {
		state := TrainerState{RunID: s.id, Options: s.options, Snapshot: s.pin.Snapshot, Digest: s.pin.Digest,
			Rows: s.pin.Rows, BaseSHA256: s.row.BaseSHA256, Backend: s.row.Backend, Progress: p}
		return errors.Join(s.stepper.saveMoments(fresh), writeState(fresh, state), s.saveWeights(fresh))
	})
	if err != nil {
		return err
	}
	return s.checkpoints.prune(s.options.Keep, p.Best.Step)
}

// devBatches is the dev split as micro-batches that stay on the device.
func (s *sft) devBatches() ([]MicroBatch, error) {
	if s.data.dev.Len() == 0 {
		return nil, nil
	}
	o := s.options.batches()
	o.Shapes = 2
	batches, err := batch.Once(s.data.dev, o)
	if err != nil {
		return nil, err
	}
	dev := make([]MicroBatch, len(batches))
	for i, b := range batches {
		dev[i] = microBatch(b)
	}
	return dev, nil
}

// save writes the result: the weights of the last step, or of the best.
func (s *sft) save(o Outcome) (Result, error) {
	saved := o.Steps
	if s.options.Save == "best" && o.Best.Step != 0 {
		saved = o.Best.Step
	}
	if saved != o.Steps {
		best := s.checkpoints.path(saved)
		if _, err := readCheckpoint(best); err != nil {
			return Result{}, fmt.Errorf("save the best weights: %w", err)
		}
		if err := s.model.Restore(best); err != nil {
			return Result{}, err
		}
	}
	if err := atomicfile.WriteDir(s.out, s.saveWeights); err != nil {
		return Result{}, fmt.Errorf("save the result in %q: %w", s.out, err)
	}
	result, err := s.result(o, s.out)
	result.Saved = saved
	return result, err
}

// saveWeights writes the adapter or model into a folder.
func (s *sft) saveWeights(folder string) error {
	if s.options.Full {
		return s.model.SaveModel(folder)
	}
	return s.model.SaveAdapter(folder, s.row.BasePath)
}

// result describes what is saved in a folder.
func (s *sft) result(o Outcome, folder string) (Result, error) {
	digest := lm.AdapterSHA256
	if s.options.Full {
		digest = lm.ModelSHA256
	}
	sum, err := digest(folder)
	return Result{Outcome: o, RunID: s.id, Out: folder, SHA256: sum, Saved: o.Steps, Backend: s.row.Backend,
		Dataset: s.pin, Dropped: s.data.dropped()}, err
}

// recordModel adds the saved model to train.models.
func (s *sft) recordModel(ctx context.Context, r Result) error {
	row := ModelRow{ModelID: ModelID(r.SHA256), RunID: r.RunID, Kind: lm.KindAdapter, Path: r.Out, SHA256: r.SHA256,
		BaseSHA256: s.row.BaseSHA256, ParentSHA256: s.parent, Method: s.row.Method, Dataset: s.row.Dataset,
		DatasetSnapshot: s.row.DatasetSnapshot}
	if s.options.Full {
		row.Kind = lm.KindModel
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
	if o.Best.Step > 0 {
		step := int64(o.Best.Step)
		row.BestStep, row.BestEvalLoss = &step, &o.Best.Loss
	}
	row.EarlyStop = &o.EarlyStop
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
	if _, err := lake.WriteRows(ctx, s.run, StepsSpec(), s.id, rows); err != nil {
		return err
	}
	_, err := s.run.Publish(ctx, lake.Running)
	return err
}
