package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"alignctl/internal/atomicfile"
	"alignctl/lake"
	"alignctl/train/lm"
)

// describe fills the row of train.runs with what is known before the first
// step.
func (j *job) describe(baseSHA256 string) error {
	config, err := json.Marshal(j.method)
	if err != nil {
		return fmt.Errorf("describe run: %w", err)
	}
	j.row = RunRow{
		RunID: j.id, Method: methodName(j.method), BasePath: j.Model, BaseSHA256: baseSHA256,
		Dataset: j.pin.Table, DatasetSnapshot: fmt.Sprint(j.pin.Snapshot), DatasetDigest: j.pin.Digest,
		Template: j.load.templates, Config: string(config), Seed: j.Seed,
		Backend: j.model.BackendName, Version: j.Version, StartedAt: time.Now().UTC(),
	}
	if j.from == nil {
		return nil
	}
	j.row.StartedAt, j.row.Resumed = j.from.started, j.from.link(j.run.ID())
	return j.from.checkBackend(j.row.Backend)
}

// train runs the loop and then saves and records what it did.
func (j *job) train(ctx context.Context) (Result, error) {
	outcome, err := j.loop(ctx)
	finish := context.WithoutCancel(ctx)
	if err != nil {
		return Result{}, errors.Join(err, j.record(finish, lake.Failed, outcome))
	}
	if outcome.Interrupted {
		return j.stop(finish, outcome, ctx.Err())
	}
	result, err := j.save(outcome)
	if err != nil {
		return Result{}, errors.Join(err, j.record(finish, lake.Failed, outcome))
	}
	saved := int64(result.Saved)
	j.row.SavedStep = &saved
	if err := j.recordModel(finish, result); err != nil {
		return Result{}, err
	}
	return result, j.record(finish, lake.Done, outcome)
}

// stop records an interrupted run. Its result so far is its newest checkpoint.
func (j *job) stop(ctx context.Context, o Outcome, cause error) (Result, error) {
	if err := j.record(ctx, lake.Interrupted, o); err != nil {
		return Result{}, err
	}
	if o.Steps == 0 {
		return Result{}, fmt.Errorf("train: stopped before the first step: %w", cause)
	}
	result, err := j.result(o, j.checkpoints.path(o.Steps))
	return result, errors.Join(err, fmt.Errorf("train: stopped after step %d, saved in %q: go on with: alignctl train %s --resume %s: %w",
		o.Steps, result.Out, j.method.Name(), j.id, cause))
}

// loop trains, publishing metrics as it goes.
func (j *job) loop(ctx context.Context) (Outcome, error) {
	if err := j.work.prepare(ctx); err != nil {
		return Outcome{}, err
	}
	l := &loop{
		options: LoopOptions{Schedule: j.schedule, EvalEvery: j.EvalEvery, SaveEvery: j.SaveEvery,
			SaveBest: j.Save == "best", Patience: j.Patience, LossLimit: j.LossLimit},
		work: j.work, save: j.checkpoint, probe: j.probe,
		recorder: newRecorder(j.id, j.publishSteps),
	}
	if err := j.resume(ctx, l); err != nil {
		return Outcome{}, err
	}
	if err := j.record(ctx, lake.Running, l.progress.Outcome); err != nil {
		return Outcome{}, err
	}
	return l.run(ctx)
}

// resume brings a new loop to where the checkpoint left the old one.
func (j *job) resume(ctx context.Context, l *loop) error {
	if j.from == nil {
		return nil
	}
	l.progress = j.from.state.Progress
	if err := j.model.Restore(j.from.folder); err != nil {
		return err
	}
	if err := j.work.restore(j.from.folder, l.progress.Steps); err != nil {
		return err
	}
	for _, torn := range j.from.Torn {
		if err := j.checkpoints.remove(torn.Step); err != nil {
			return err
		}
	}
	return j.trim(ctx, StepsSpec(), l.progress.Steps)
}

// checkpoint saves all that is needed to go on.
func (j *job) checkpoint(p Progress) error {
	err := j.checkpoints.write(p.Steps, func(fresh string) error {
		state := TrainerState{RunID: j.id, Options: json.RawMessage(j.row.Config), Snapshot: j.pin.Snapshot, Digest: j.pin.Digest,
			Rows: j.pin.Rows, BaseSHA256: j.row.BaseSHA256, Backend: j.row.Backend, Progress: p}
		return errors.Join(j.work.keep(fresh), writeState(fresh, state), j.saveWeights(fresh))
	})
	if err != nil {
		return err
	}
	return j.checkpoints.prune(j.Keep, p.Best.Step)
}

// save writes the result: the weights of the last step, or of the best.
func (j *job) save(o Outcome) (Result, error) {
	saved := o.Steps
	if j.Save == "best" && o.Best.Step != 0 {
		saved = o.Best.Step
	}
	if saved != o.Steps {
		best := j.checkpoints.path(saved)
		if _, err := readCheckpoint(best); err != nil {
			return Result{}, fmt.Errorf("save the best weights: %w", err)
		}
		if err := j.model.Restore(best); err != nil {
			return Result{}, err
		}
	}
	if err := atomicfile.WriteDir(j.out, j.saveWeights); err != nil {
		return Result{}, fmt.Errorf("save the result in %q: %w", j.out, err)
	}
	result, err := j.result(o, j.out)
	result.Saved = saved
	return result, err
}

// saveWeights writes the adapter or model into a folder.
func (j *job) saveWeights(folder string) error {
	if j.Full {
		return j.model.SaveModel(folder)
	}
	return j.model.SaveAdapter(folder, j.row.BasePath)
}

// result describes what is saved in a folder.
func (j *job) result(o Outcome, folder string) (Result, error) {
	digest := lm.AdapterSHA256
	if j.Full {
		digest = lm.ModelSHA256
	}
	sum, err := digest(folder)
	return Result{Outcome: o, RunID: j.id, Out: folder, SHA256: sum, Saved: o.Steps, Backend: j.row.Backend,
		Dataset: j.pin, LeftOut: leftOut(j.load.train, j.load.dev)}, err
}

// recordModel adds the saved model to train.models.
func (j *job) recordModel(ctx context.Context, r Result) error {
	row := ModelRow{ModelID: ModelID(r.SHA256), RunID: r.RunID, Kind: lm.KindAdapter, Path: r.Out, SHA256: r.SHA256,
		BaseSHA256: j.row.BaseSHA256, ParentSHA256: j.parent, Method: j.row.Method, Dataset: j.row.Dataset,
		DatasetSnapshot: j.row.DatasetSnapshot}
	if j.Full {
		row.Kind = lm.KindModel
	}
	_, err := lake.WriteRows(ctx, j.run, ModelsSpec(), r.RunID, []ModelRow{row})
	return err
}

// record replaces the run's row and publishes it with everything written since.
func (j *job) record(ctx context.Context, status lake.Status, o Outcome) error {
	row := j.row
	row.Status = string(status)
	row.Steps, row.Examples = int64(o.Steps), new(int64(o.Examples))
	row.Tokens, row.TrainedTokens, row.Seconds = new(int64(o.Tokens)), new(int64(o.TrainedTokens)), &o.Seconds
	if o.Best.Step > 0 {
		row.BestStep, row.BestEvalLoss = new(int64(o.Best.Step)), &o.Best.Loss
	}
	row.EarlyStop = &o.EarlyStop
	if o.Seconds > 0 {
		row.TokensPerSecond = new(o.TokensPerSecond())
	}
	if status != lake.Running {
		now := time.Now().UTC()
		row.EndedAt = &now
	}
	if _, err := lake.ReplaceRows(ctx, j.run, RunsSpec(), row.RunID, []RunRow{row}); err != nil {
		return err
	}
	_, err := j.run.Publish(ctx, status)
	return err
}

// publishSteps adds rows to train.steps for all to see.
func (j *job) publishSteps(ctx context.Context, rows []StepRow) error {
	if _, err := lake.WriteRows(ctx, j.run, StepsSpec(), j.id, rows); err != nil {
		return err
	}
	_, err := j.run.Publish(ctx, lake.Running)
	return err
}
