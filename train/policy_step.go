package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas
	"github.com/gomlx/gomlx/core/tensors"

	"alignctl/train/lm"
	"alignctl/train/rl"
)

// A policyLoss is what PPO and GRPO don't share: what they make of scored
// answers, and the loss by which they learn from it.
type policyLoss interface {
	prepare(rollouts []*rollout) error // fills in advantages and what else columns needs
	columns(r *rollout) [][]float64    // the loss's inputs by token, besides the tokens
	loss(in policyInputs) LossNodes    // of a micro-batch
	after(s rolloutStats, answers int) // changes the state once a step is learnt from
}

// policyState is what a policy's training knows besides weights and moments: with
// it, a run goes on as if it had never stopped.
type policyState struct {
	KLCoef  float64       `json:"kl_coef"` // of the penalty in the rewards
	Scores  rl.Moments    `json:"scores"`  // of all answers so far
	Watch   collapseWatch `json:"collapse_watch"`
	Updates int           `json:"updates"` // optimizer steps so far
}

// policyInputs are the inputs of a policy's loss graph.
type policyInputs struct {
	batch   lm.Batch
	columns []*Node // [labels] each, 0 where the list is padded
	learns  *Node   // scalar: 1, or 0 while the value head alone learns
}

// batchInputs is how many inputs lm.NewBatch takes of a micro-batch of answers.
const batchInputs = 6

func newPolicyInputs(in []*Node) policyInputs {
	last := len(in) - 1
	return policyInputs{batch: lm.NewBatch(in[:batchInputs]), columns: in[batchInputs:last], learns: in[last]}
}

func (in policyInputs) column(i int) *Node { return in.columns[i] }

// kept is x [labels], and 0 where the list is padded: what is computed from it
// there stays finite.
func (in policyInputs) kept(x *Node) *Node {
	return Where(GreaterThan(in.batch.Weights, ZerosLike(x)), x, ZerosLike(x))
}

// sum adds up x [labels] over the labels that count.
func (in policyInputs) sum(x *Node) *Node { return ReduceAllSum(Mul(x, in.batch.Weights)) }

// policyGraph is a policy's loss as the stepper takes it. Nothing is dropped:
// the policy is compared with itself.
func policyGraph(l policyLoss) LossGraph {
	return func(_ *Node, in []*Node) LossNodes { return l.loss(newPolicyInputs(in)) }
}

// endless is what an answer without an end costs.
func (o PolicyOptions) endless(r *rollout) float64 {
	return o.EOSPenalty * share(r.finish != lm.FinishStop)
}

// encourage takes the bonus for entropy from a loss. Without a bonus there is no
// gradient of the entropy, which is as large as the logits.
func (o PolicyOptions) encourage(loss, entropy *Node) *Node {
	if o.EntropyCoef == 0 {
		return loss
	}
	return Sub(loss, MulScalar(entropy, o.EntropyCoef))
}

// inputs lays answers out for the loss.
func (p *policyTrainer) inputs(rollouts []*rollout, learns bool) (MicroBatch, error) {
	b, err := p.shape.lay(rollouts)
	if err != nil {
		return MicroBatch{}, err
	}
	micro := microBatch(b, textInputs)
	var columns [][]float32
	at := 0
	for _, r := range rollouts {
		for i, column := range p.method.columns(r) {
			if i == len(columns) {
				columns = append(columns, make([]float32, len(b.Index)))
			}
			for t, x := range column {
				columns[i][at+t] = float32(x)
			}
		}
		at += len(r.tokens)
	}
	for _, column := range columns {
		micro.Inputs = append(micro.Inputs, tensors.FromFlatDataAndDimensions(column, len(column)))
	}
	micro.Inputs = append(micro.Inputs, tensors.FromScalar(float32(share(learns))))
	return micro, nil
}

// An update is what learning from a step's answers came to.
type update struct {
	sums  Sums
	norm  float64 // of the gradient before clipping, mean over optimizer steps
	steps int     // optimizer steps
	early bool    // TargetKL ended them
}

// learn goes through a step's answers Updates times, in mini-batches of a new
// order each time, one optimizer step for each.
func (p *policyTrainer) learn(step int, rollouts []*rollout, rate float64) (u update, err error) {
	o := p.options
	size := p.batch * p.accumulate
	for pass := range o.Updates {
		order := rand.New(rand.NewPCG(uint64(seedOf(p.seed, forMiniBatches, step)), uint64(pass))).Perm(len(rollouts))
		for start := 0; start < len(order); start += size {
			mini := make([]*rollout, 0, size)
			for _, i := range order[start:min(start+size, len(order))] {
				mini = append(mini, rollouts[i])
			}
			sums, norm, err := p.optimize(step, mini, rate)
			if err != nil {
				return u, err
			}
			u.sums, u.norm, u.steps = u.sums.Add(sums), u.norm+norm, u.steps+1
			if o.TargetKL > 0 && meanOf(sums, "policy/approxkl_avg") > o.TargetKL {
				u.early = true
				break
			}
		}
		if u.early {
			break
		}
	}
	u.norm /= float64(u.steps)
	return u, nil
}

// optimize is an optimizer step on a mini-batch.
func (p *policyTrainer) optimize(step int, mini []*rollout, rate float64) (sums Sums, norm float64, err error) {
	for start := 0; start < len(mini); start += p.batch {
		micro, err := p.inputs(mini[start:min(start+p.batch, len(mini))], step > p.warmup)
		if err != nil {
			return sums, 0, err
		}
		part, err := p.stepper.Accumulate(micro.Inputs...)
		freeInputs(micro.Inputs)
		if err != nil {
			return sums, 0, err
		}
		sums = sums.Add(part)
	}
	if err := p.checkUpdate(sums, mini); err != nil {
		return sums, 0, err
	}
	if norm, err = p.stepper.Apply(rate); err == nil && !finite(norm) {
		err = faulty("the norm of the gradients", norm, exampleIDs(mini))
	}
	return sums, norm, err
}

// checkUpdate refuses to learn from a mini-batch on which the policy has left the
// one that drew it.
func (p *policyTrainer) checkUpdate(sums Sums, mini []*rollout) error {
	ratio, limit := meanOf(sums, "val/ratio"), p.options.Limits.Ratio
	switch {
	case !finite(sums.Loss):
		return faulty("the loss", sums.Loss, exampleIDs(mini))
	case !finite(ratio) || limit > 0 && ratio > limit:
		return fmt.Errorf("%w: probabilities are that many times what they were when the answers were drawn (--ratio-limit %g)",
			faulty("val/ratio", ratio, exampleIDs(mini)), limit)
	}
	return nil
}

// meanOf is the mean of a metric by its name.
func meanOf(sums Sums, name string) float64 {
	for _, m := range sums.metrics("") {
		if m.name == name {
			return m.value
		}
	}
	return math.NaN() // no loss without it
}

func exampleIDs(rollouts []*rollout) []string {
	ids := make([]string, len(rollouts))
	for i, r := range rollouts {
		ids[i] = r.question.sample.ExampleID
	}
	return ids
}

// step draws answers, scores them and learns from them.
func (p *policyTrainer) step(ctx context.Context, step int, rate float64) (done policyStep, err error) {
	clock := stopwatch{since: time.Now()}
	asked := p.order.take((step-1)*p.asks, p.asks)
	rollouts, err := p.roller.roll(ctx, asked, p.draws, seedOf(p.seed, forRollouts, step))
	if err != nil {
		return done, err
	}
	done.rollout = clock.lap()
	if err := p.roller.reward(ctx, rollouts); err != nil {
		return done, err
	}
	done.reward = clock.lap()
	if err := p.assessor.assess(rollouts); err != nil {
		return done, err
	}
	if err := p.method.prepare(rollouts); err != nil {
		return done, err
	}
	done.score = done.reward + clock.lap()
	done.rollouts, done.stats = rollouts, statsOf(rollouts)
	if done.warning, err = p.state.Watch.judge(p.options.Limits, done.stats, rollouts); err != nil {
		return done, err
	}
	done.coefficient = p.state.KLCoef
	if done.update, err = p.learn(step, rollouts, rate); err != nil {
		return done, err
	}
	p.method.after(done.stats, len(rollouts))
	done.learn = clock.lap()
	return done, nil
}

// A policyStep is what a step did.
type policyStep struct {
	rollouts []*rollout
	stats    rolloutStats
	update   update
	warning  string // of a collapse; "" for none

	coefficient                   float64 // of the KL penalty
	rollout, reward, score, learn float64 // seconds; score has reward's
}

// metrics are the step's under TRL's names, where TRL has one.
func (s policyStep) metrics() []metric {
	stats := s.stats
	penalty := -s.coefficient * s.penalty()
	list := []metric{
		{"objective/kl", stats.kl}, {"objective/entropy", -stats.logProb}, {"objective/non_score_reward", penalty},
		{"objective/rlhf_reward", stats.score + penalty}, {"objective/scores", stats.score}, {"objective/kl_coef", s.coefficient},
		{"reward", stats.score}, {"reward_std", stats.deviation}, {"rewards/unread", stats.unread},
		{"completions/mean_length", stats.length}, {"completions/min_length", float64(stats.shortest)},
		{"completions/max_length", float64(stats.longest)}, {"completions/clipped_ratio", stats.cut},
		{"completions/repeated", stats.repeats}, {"entropy", stats.entropy},
		{"val/num_eos_tokens", (1 - stats.cut) * float64(len(s.rollouts))},
		{"grad_norm", s.update.norm}, {"optimizer_steps", float64(s.update.steps)}, {"policy/early_stop", share(s.update.early)},
		{"collapse", share(s.warning != "")},
		{"time/rollout", s.rollout}, {"time/reward", s.reward}, {"time/score", s.score}, {"time/update", s.learn},
	}
	list = append(list, stats.parts...)
	return append(list, s.update.sums.metrics("")...)
}

// tokens are those of the questions and answers, trained those of the answers,
// however often they were learnt from.
func (s policyStep) tokens() (n int) {
	for _, r := range s.rollouts {
		n += len(r.question.prompt) + len(r.tokens)
	}
	return n
}

func (s policyStep) trained() (n int) {
	for _, r := range s.rollouts {
		n += len(r.tokens)
	}
	return n
}

// remark is what the step came to, in short.
func (s policyStep) remark() string {
	text := fmt.Sprintf("reward %.3f, KL %.3g, ", s.stats.score, s.stats.kl)
	if s.warning != "" {
		text = s.warning + ", " + text
	}
	return text
}

// penalty is the divergence as the penalty estimates it, nats an answer.
func (s policyStep) penalty() (kl float64) {
	for _, r := range s.rollouts {
		kl += total(r.kl) / float64(len(s.rollouts))
	}
	return kl
}
