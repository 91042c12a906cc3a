package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"alignctl/internal/failpoint"
	"alignctl/internal/progress"
	"alignctl/train/batch"
)

// LoopOptions are what every method's loop needs to know.
type LoopOptions struct {
	Schedule  Schedule // its Total is the number of optimizer steps
	EvalEvery int      // optimizer steps between evaluations; 0: only at the end
	SaveEvery int      // optimizer steps between checkpoints; 0: only when interrupted
	SaveBest  bool     // also where the dev loss is the lowest so far
	Patience  int      // evaluations without a lower dev loss that end the run; 0: never
	LossLimit float64  // see lossWatch; 0: none
}

// An Outcome says what a loop did.
type Outcome struct {
	Steps         int     `json:"global_step"`    // optimizer steps
	Examples      int     `json:"examples"`       // seen, repeats counted
	Tokens        int     `json:"tokens"`         // seen, padding not counted
	TrainedTokens int     `json:"trained_tokens"` // tokens that the loss counted
	Loss          float64 `json:"loss"`           // of the last step, per labelled token or pair
	EvalLoss      float64 `json:"eval_loss"`      // of the last evaluation; NaN when there was none
	EvalPrecision float64 `json:"-"`              // the Probe's at the last evaluation; NaN when there was none
	Best          Best    `json:"best"`           // of all evaluations
	Seconds       float64 `json:"seconds"`        // in steps, compilation included, evaluation not
	Waited        float64 `json:"waited"`         // of these, seconds in which there was no micro-batch
	EarlyStop     bool    `json:"early_stop"`     // the dev loss has stopped falling
	Interrupted   bool    `json:"-"`              // the context ended before the last step
}

// TokensPerSecond is the throughput of training, padding not counted.
func (o Outcome) TokensPerSecond() float64 { return float64(o.Tokens) / o.Seconds }

// DataWaitShare is the share of training's time in which it waited for data.
func (o Outcome) DataWaitShare() float64 { return o.Waited / o.Seconds }

// Progress is all that a loop knows after a step: one that starts from it goes
// on as if it had never stopped.
type Progress struct {
	Outcome
	Position batch.Position `json:"position"` // of the next micro-batch
	Stale    int            `json:"stale"`    // evaluations since the best
	Watch    lossWatch      `json:"loss_watch"`
}

// A loop is what all methods share: step after step, metrics, evaluations and
// checkpoints.
type loop struct {
	options  LoopOptions
	work     worker
	probe    Probe                // nil: none
	save     func(Progress) error // makes a checkpoint
	recorder *recorder
	task     progress.Task
	progress Progress
	saved    int // step of the last checkpoint

	evaluated string // remark of the last evaluation
}

// run trains until the last step, or until ctx ends: then the step under way is
// finished, a checkpoint made, and the outcome says so. A loss that is no number
// or explodes ends the run.
func (l *loop) run(ctx context.Context) (Outcome, error) {
	l.task = progress.Start(ctx, "train", int64(l.options.Schedule.Total-l.progress.Steps), "steps")
	defer l.task.Done()
	l.progress.EvalPrecision = math.NaN()
	if l.progress.Best.Step == 0 {
		l.progress.EvalLoss = math.NaN()
	}
	l.saved = l.progress.Steps
	finish := context.WithoutCancel(ctx)
	err := l.steps(ctx, finish)
	return l.progress.Outcome, errors.Join(err, l.recorder.flush(finish))
}

// steps does one step after the other. What it has begun it does in finish.
func (l *loop) steps(ctx, finish context.Context) error {
	for l.progress.Steps < l.options.Schedule.Total && !l.progress.EarlyStop {
		if ctx.Err() != nil {
			l.progress.Interrupted = true
			return l.checkpoint(finish)
		}
		if err := l.step(finish, l.progress.Steps+1); err != nil {
			return fmt.Errorf("train step %d: %w", l.progress.Steps+1, err)
		}
		l.task.Add(1)
		failpoint.Hit("train.step")
		if !l.checkpointDue() {
			continue
		}
		if err := l.checkpoint(finish); err != nil {
			return err
		}
	}
	return nil
}

// step does one optimizer step and records it.
func (l *loop) step(ctx context.Context, step int) error {
	start := time.Now()
	rate := l.options.Schedule.At(step - 1)
	done, err := l.work.step(ctx, rate)
	if err != nil {
		return err
	}
	if l.progress.Watch.exploded(done.loss, l.options.LossLimit) {
		return fmt.Errorf("%w: its running mean was %.3g; --loss-limit sets the limit",
			faulty("the loss", done.loss, done.examples), l.progress.Watch.Mean)
	}
	seconds := time.Since(start).Seconds()
	l.advance(step, done, seconds)
	speed := float64(done.tokens) / seconds
	l.task.Note(done.remark + l.note(speed))
	err = l.recorder.add(ctx, step, append(done.metrics, metric{"loss", done.loss},
		metric{"learning_rate", rate}, metric{"num_tokens", float64(l.progress.Tokens)},
		metric{"tokens_per_second", speed}, metric{"data_wait_share", done.waited / seconds})...)
	if err != nil || !l.evaluationDue(step) {
		return err
	}
	return l.evaluate(ctx, step)
}

// advance takes a finished step into account.
func (l *loop) advance(step int, done stepped, seconds float64) {
	p := &l.progress
	p.Steps, p.Loss, p.Position = step, done.loss, done.after
	p.Examples += len(done.examples)
	p.Tokens += done.tokens
	p.TrainedTokens += done.trained
	p.Seconds += seconds
	p.Waited += done.waited
}

// checkpointDue says whether the step just done is one to save.
func (l *loop) checkpointDue() bool {
	every, step := l.options.SaveEvery, l.progress.Steps
	return every > 0 && step%every == 0 || l.options.SaveBest && l.progress.Best.Step == step
}

// checkpoint saves the state after the last step, once its metrics are
// published: the tables know every step that a checkpoint has behind it.
func (l *loop) checkpoint(ctx context.Context) error {
	if l.saved == l.progress.Steps {
		return nil
	}
	if err := l.recorder.flush(ctx); err != nil {
		return err
	}
	state := l.progress
	if state.Best.Step == 0 {
		state.EvalLoss = 0 // JSON has no NaN
	}
	if err := l.save(state); err != nil {
		return err
	}
	l.saved = l.progress.Steps
	return nil
}

func (l *loop) evaluationDue(step int) bool {
	every := l.options.EvalEvery
	return step == l.options.Schedule.Total || every > 0 && step%every == 0
}

// evaluate measures the model as it is: by the method, and by the probe.
func (l *loop) evaluate(ctx context.Context, step int) error {
	found, err := l.work.evaluate(ctx)
	if err != nil {
		return err
	}
	l.evaluated = found.remark
	if len(found.metrics) > 0 {
		l.judge(step, found.loss)
	}
	if err := l.recorder.add(ctx, step, found.metrics...); err != nil || l.probe == nil {
		return err
	}
	precision, err := l.probe.Precision(ctx)
	if err != nil {
		return err
	}
	l.progress.EvalPrecision = precision
	return l.recorder.add(ctx, step, metric{"eval_p_at_5", precision})
}

// judge compares a dev loss with the best so far.
func (l *loop) judge(step int, loss float64) {
	p := &l.progress
	p.EvalLoss, p.Stale = loss, p.Stale+1
	if p.Best.Step == 0 || loss < p.Best.Loss {
		p.Best, p.Stale = Best{Step: step, Loss: loss}, 0
	}
	p.EarlyStop = l.options.Patience > 0 && p.Stale >= l.options.Patience
}

// note is the live remark beside the progress bar.
func (l *loop) note(speed float64) string {
	text := fmt.Sprintf("loss %.3f", l.progress.Loss)
	if l.evaluated != "" {
		text += ", " + l.evaluated
	}
	if !math.IsNaN(l.progress.EvalPrecision) {
		text += fmt.Sprintf(", P@5 %.3f", l.progress.EvalPrecision)
	}
	return text + fmt.Sprintf(", %.0f tok/s", speed)
}
