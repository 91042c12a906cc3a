package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"alignctl/internal/progress"
)

// A MicroBatch is the input of one forward and backward pass.
type MicroBatch struct {
	Inputs   []any    // tensors, in the order of the method's LossGraph
	Examples []string // ids of the examples in it
	Tokens   int      // without padding
}

// A Source yields micro-batches, epoch after epoch, without end.
type Source interface {
	Next(ctx context.Context) (MicroBatch, error)
}

// LoopOptions are what every method's loop needs to know.
type LoopOptions struct {
	Schedule   Schedule // its Total is the number of optimizer steps
	Accumulate int      // micro-batches in an optimizer step
	EvalEvery  int      // optimizer steps between evaluations; 0: only at the end
}

// An Outcome says what a loop did.
type Outcome struct {
	Steps         int     // optimizer steps
	Examples      int     // examples seen, repeats counted
	Tokens        int     // tokens seen, padding not counted
	TrainedTokens int     // tokens that the loss counted
	Loss          float64 // of the last step, nats per labelled token
	EvalLoss      float64 // of the last evaluation; NaN when there was none
	Seconds       float64 // in steps, compilation included, evaluation not
	Interrupted   bool    // the context ended before the last step
}

// TokensPerSecond is the throughput of training, padding not counted.
func (o Outcome) TokensPerSecond() float64 { return float64(o.Tokens) / o.Seconds }

// A loop is what all methods share: batches in, weights updated, metrics out.
type loop struct {
	options  LoopOptions
	stepper  *Stepper
	train    Source
	dev      []MicroBatch // evaluated whole, in this order
	recorder *recorder
	task     progress.Task
	outcome  Outcome
}

// run trains until the last step, or until ctx ends: then the step under way is
// finished, and the outcome says so. A loss that is no number ends the run.
func (l *loop) run(ctx context.Context) (Outcome, error) {
	l.task = progress.Start(ctx, "train", int64(l.options.Schedule.Total), "steps")
	defer l.task.Done()
	l.outcome.EvalLoss = math.NaN()
	for step := 1; step <= l.options.Schedule.Total; step++ {
		if ctx.Err() != nil {
			l.outcome.Interrupted = true
			break
		}
		if err := l.step(context.WithoutCancel(ctx), step); err != nil {
			return l.outcome, errors.Join(fmt.Errorf("train step %d: %w", step, err), l.recorder.flush(context.WithoutCancel(ctx)))
		}
		l.task.Add(1)
	}
	return l.outcome, l.recorder.flush(context.WithoutCancel(ctx))
}

// step does one optimizer step and records it.
func (l *loop) step(ctx context.Context, step int) error {
	start := time.Now()
	rate := l.options.Schedule.At(step - 1)
	sums, tokens, err := l.accumulate(ctx)
	if err != nil {
		return err
	}
	norm, err := l.stepper.Apply(rate)
	if err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	l.outcome.Steps, l.outcome.Loss = step, sums.Mean()
	l.outcome.TrainedTokens += int(sums.Tokens)
	l.outcome.Seconds += seconds
	speed := float64(tokens) / seconds
	l.task.Note(l.note(speed))
	err = l.recorder.add(ctx, step, metric{"loss", sums.Mean()}, metric{"grad_norm", norm},
		metric{"learning_rate", rate}, metric{"num_tokens", float64(l.outcome.Tokens)},
		metric{"tokens_per_second", speed})
	if err != nil || !l.evaluationDue(step) {
		return err
	}
	return l.evaluate(ctx, step)
}

// accumulate runs the micro-batches of a step and returns their sums and the
// number of tokens in them.
func (l *loop) accumulate(ctx context.Context) (total Sums, tokens int, err error) {
	var examples []string
	for range l.options.Accumulate {
		batch, err := l.train.Next(ctx)
		if err != nil {
			return Sums{}, 0, err
		}
		sums, err := l.stepper.Accumulate(batch.Inputs...)
		if err != nil {
			return Sums{}, 0, err
		}
		total, tokens = total.Add(sums), tokens+batch.Tokens
		examples = append(examples, batch.Examples...)
	}
	if math.IsNaN(total.Loss) || math.IsInf(total.Loss, 0) {
		return Sums{}, 0, fmt.Errorf("the loss is %g on examples %s: lower --lr or look at them",
			total.Loss, strings.Join(examples, ", "))
	}
	l.outcome.Examples += len(examples)
	l.outcome.Tokens += tokens
	return total, tokens, nil
}

func (l *loop) evaluationDue(step int) bool {
	if len(l.dev) == 0 {
		return false
	}
	every := l.options.EvalEvery
	return step == l.options.Schedule.Total || every > 0 && step%every == 0
}

// evaluate measures the loss on the dev split.
func (l *loop) evaluate(ctx context.Context, step int) error {
	var total Sums
	for _, batch := range l.dev {
		sums, err := l.stepper.Evaluate(batch.Inputs...)
		if err != nil {
			return err
		}
		total = total.Add(sums)
	}
	l.outcome.EvalLoss = total.Mean()
	return l.recorder.add(ctx, step, metric{"eval_loss", total.Mean()})
}

// note is the live remark beside the progress bar.
func (l *loop) note(speed float64) string {
	text := fmt.Sprintf("loss %.3f", l.outcome.Loss)
	if !math.IsNaN(l.outcome.EvalLoss) {
		text += fmt.Sprintf(", dev %.3f", l.outcome.EvalLoss)
	}
	return text + fmt.Sprintf(", %.0f tok/s", speed)
}
