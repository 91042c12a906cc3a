package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"alignctl/internal/atomicfile"
	"alignctl/lake"
	"alignctl/train/batch"
	"alignctl/train/lm"
	"alignctl/train/reward"
)

// A policyMethod is a Method that learns from rewards.
type policyMethod interface {
	Method
	policy() *PolicyOptions
	// draws is how many answers a question gets in a step.
	draws() int
	// valueHead is the learning rate of its value head, 0 for none, and for how
	// many steps that learns alone.
	valueHead() (rate float64, warmup int)
	newLoss(*policyModel, *policyState) policyLoss
}

// LearnsFromRewards says whether a method is one whose held-out examples are
// measured by a reward: then minus that is its dev loss.
func LearnsFromRewards(m Method) bool {
	_, rewarded := m.(policyMethod)
	return rewarded
}

// A policyWorker is PPO or GRPO at work on a job.
type policyWorker struct {
	method      policyMethod
	job         *job
	encoder     *lm.Encoder
	scorer      reward.Scorer
	asked, held questions
	trainer     *policyTrainer
	done        int // steps
}

// read opens the reward and reads the questions of splits train and dev.
func (w *policyWorker) read(ctx context.Context) (load workload, err error) {
	o, p := w.method.Common(), w.method.policy()
	if w.encoder, err = lm.LoadEncoder(o.Model, 0); err != nil {
		return load, err
	}
	scorer, err := p.Reward.Open(ctx, w.job.run.Session())
	if err != nil {
		return load, err
	}
	if err := readTables(ctx, w.job.run, scorer.Tables()); err != nil {
		return load, err
	}
	w.scorer = scorer
	if err := w.readQuestions(ctx); err != nil {
		return load, err
	}
	for _, q := range []questions{w.asked, w.held} {
		if err := scorer.Check(q.samples()); err != nil {
			return load, err
		}
	}
	load = workload{train: w.asked.counts(), dev: w.held.counts(), largest: w.shape().shape(w.shape().most)}
	load.steps = w.steps()
	load.tokens = load.steps * p.Rollouts * (load.train.Tokens/load.train.Examples + p.MaxNewTokens)
	load.templates, err = readTemplates(ctx, w.job.run.Session(), o.Dataset)
	return load, err
}

func (w *policyWorker) readQuestions(ctx context.Context) (err error) {
	o := w.method.Common()
	room := o.MaxTokens - w.method.policy().MaxNewTokens
	selection := reward.Selection{Dataset: o.Dataset, Split: "train"}
	if w.asked, err = readQuestions(ctx, w.job.run, w.encoder, selection, room); err != nil {
		return err
	}
	if len(w.asked.list) == 0 {
		return fmt.Errorf("train on %s: none of its %d questions leaves room for an answer of --max-new-tokens %d in --max-tokens %d",
			o.Dataset, w.asked.dropped, w.method.policy().MaxNewTokens, o.MaxTokens)
	}
	has, err := hasSplit(ctx, w.job.run.Session(), o.Dataset, "dev")
	if err != nil || !has || o.EvalExamples == 0 {
		return err
	}
	selection.Split, selection.Limit = "dev", o.EvalExamples
	w.held, err = readQuestions(ctx, w.job.run, w.encoder, selection, room)
	return err
}

// hasSplit says whether a data set has rows of a split.
func hasSplit(ctx context.Context, session *lake.Session, table, split string) (bool, error) {
	rows, err := session.Query(ctx, "SELECT 1 FROM "+quoteTable(table)+" WHERE split = ? LIMIT 1", split)
	if err != nil {
		return false, fmt.Errorf("read %s: %w", table, err)
	}
	found := rows.Next()
	return found, errors.Join(rows.Err(), rows.Close())
}

// asks is how many questions are asked in a step.
func (w *policyWorker) asks() int { return w.method.policy().Rollouts / w.method.draws() }

// steps is how many the run has: an epoch asks each question once.
func (w *policyWorker) steps() int {
	o := w.method.Common()
	steps := int(math.Ceil(o.Epochs * float64(len(w.asked.list)) / float64(w.asks())))
	if o.MaxSteps > 0 {
		return min(steps, o.MaxSteps)
	}
	return steps
}

// shape is how answers are laid out. An answer has its end besides what may be
// generated.
func (w *policyWorker) shape() answerShape {
	return answerShape{prompt: w.asked.longest(), rows: w.method.Common().Batch, most: w.method.policy().MaxNewTokens + 1}
}

// prepare makes the programs; the weights now are the reference's.
func (w *policyWorker) prepare(ctx context.Context) (err error) {
	o := w.method.Common()
	rate, warmup := w.method.valueHead()
	setup := policySetup{options: *w.method.policy(), seed: o.Seed, batch: o.Batch, accumulate: o.Accumulate,
		asks: w.asks(), draws: w.method.draws(), warmup: warmup, valued: rate > 0,
		order: questionOrder{list: w.asked.list, seed: o.Seed}, shape: w.shape()}
	stepper := o.stepper(w.job.model)
	stepper.Value = rate / o.LearningRate
	w.trainer, err = newPolicyTrainer(w.job.model, w.encoder, w.scorer, setup, stepper, w.method.newLoss)
	if err != nil || w.job.from == nil {
		return err
	}
	return w.job.trim(ctx, SamplesSpec(), w.job.from.Step)
}

// measure times the second step: the first one compiles.
func (w *policyWorker) measure(ctx context.Context) (float64, error) {
	if _, err := w.trainer.step(ctx, 1, 0); err != nil {
		return 0, err
	}
	start := time.Now()
	done, err := w.trainer.step(ctx, 2, 0)
	return float64(done.tokens()) / time.Since(start).Seconds(), err
}

// step is one of the policy's. Before the first, held-out answers say where
// training starts from.
func (w *policyWorker) step(ctx context.Context, rate float64) (stepped, error) {
	if w.done == 0 {
		if err := w.evaluateStart(ctx); err != nil {
			return stepped{}, err
		}
	}
	done, err := w.trainer.step(ctx, w.done+1, rate)
	if err != nil {
		return stepped{}, err
	}
	w.done++
	asked := w.done * w.asks()
	s := stepped{examples: exampleIDs(done.rollouts), tokens: done.tokens(), trained: done.trained(),
		after: batch.Position{Epoch: asked / len(w.asked.list), Batch: asked % len(w.asked.list)},
		loss:  done.update.sums.Mean(), metrics: done.metrics(), remark: done.remark()}
	return s, w.keepSamples(ctx, "train", w.done, w.chosen(done.rollouts))
}

// chosen are the answers of a step to keep: the first, of steps that are due.
func (w *policyWorker) chosen(rollouts []*rollout) []*rollout {
	p := w.method.policy()
	if p.SampleEvery == 0 || (w.done-1)%p.SampleEvery != 0 {
		return nil
	}
	return rollouts[:min(p.Samples, len(rollouts))]
}

// keepSamples adds answers to train.samples; they are published with the metrics.
func (w *policyWorker) keepSamples(ctx context.Context, split string, step int, rollouts []*rollout) error {
	if len(rollouts) == 0 {
		return nil
	}
	rows := make([]SampleRow, len(rollouts))
	for i, r := range rollouts {
		rows[i] = r.row(w.job.id, split, step)
	}
	_, err := lake.WriteRows(ctx, w.job.run, SamplesSpec(), w.job.id, rows)
	return err
}

// evaluate has held-out questions answered, with the same seed each time, and
// keeps all answers.
func (w *policyWorker) evaluate(ctx context.Context) (e evaluation, err error) {
	if len(w.held.list) == 0 {
		return e, nil
	}
	rollouts, err := w.trainer.roller.roll(ctx, w.held.list, 1, seedOf(w.method.Common().Seed, forEvaluation, 0))
	if err != nil {
		return e, err
	}
	if err := w.trainer.roller.reward(ctx, rollouts); err != nil {
		return e, err
	}
	s := statsOf(rollouts)
	e = evaluation{loss: -s.score, remark: fmt.Sprintf("held-out reward %.3f", s.score), metrics: []metric{{"eval_reward", s.score}, {"eval_reward_std", s.deviation},
		{"eval_rewards/unread", s.unread}, {"eval_completions/mean_length", s.length}}}
	for _, part := range s.parts {
		e.metrics = append(e.metrics, metric{"eval_" + part.name, part.value})
	}
	return e, w.keepSamples(ctx, "dev", w.done, rollouts)
}

// evaluateStart evaluates the policy before its first step.
func (w *policyWorker) evaluateStart(ctx context.Context) error {
	e, err := w.evaluate(ctx)
	if err != nil || len(e.metrics) == 0 {
		return err
	}
	rows := make([]StepRow, len(e.metrics))
	for i, m := range e.metrics {
		rows[i] = StepRow{RunID: w.job.id, Step: 0, Metric: m.name, Value: m.value}
	}
	_, err = lake.WriteRows(ctx, w.job.run, StepsSpec(), w.job.id, rows)
	return err
}

// What a policy's checkpoint holds besides SFT's.
const (
	policyFile    = "policy_state.json"      // a policyState
	valueHeadFile = "value_head.safetensors" // where there is one
)

// keep writes the optimizer's state, the value head and the policyState.
func (w *policyWorker) keep(folder string) error {
	w.trainer.state.Updates = w.trainer.stepper.updates
	text, err := json.MarshalIndent(w.trainer.state, "", "  ")
	if err != nil {
		return fmt.Errorf("save policy state: %w", err)
	}
	return errors.Join(w.trainer.stepper.saveMoments(folder),
		atomicfile.Write(filepath.Join(folder, policyFile), append(text, '\n'), 0o644),
		w.trainer.model.saveHead(filepath.Join(folder, valueHeadFile)))
}

// restore reads them back.
func (w *policyWorker) restore(folder string, steps int) error {
	path := filepath.Join(folder, policyFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, w.trainer.state); err != nil {
		return fmt.Errorf("read %q: %w", path, err)
	}
	w.done = steps
	return errors.Join(w.trainer.stepper.restore(folder, w.trainer.state.Updates),
		w.trainer.model.restoreHead(filepath.Join(folder, valueHeadFile)))
}

func (w *policyWorker) close() error {
	if w.trainer == nil {
		return nil
	}
	return w.trainer.close()
}
