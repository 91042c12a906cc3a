package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"alignctl/train/batch"
	"alignctl/train/lm"
	"alignctl/train/reward"
)

// A rollout is one answer of the policy to a question, and what follows from it.
// Numbers by token are of the answer's tokens, that which ends it included.
type rollout struct {
	question *question
	draw     int     // of the step's answers to the question, from 0
	tokens   []int32 // at least one
	text     string
	finish   string // lm.FinishStop or lm.FinishLength
	score    reward.Score
	assessment
	kl                  []float64
	advantages, returns []float64
}

// assessment is what the models say of an answer, by token.
type assessment struct {
	policy, reference []float64 // log-probabilities under the policy that drew it, and under the reference
	values            []float64 // rewards still to come, as the value head expects them; empty: no head
	entropy           []float64 // of the policy's distribution, nats
}

// answer is the rollout as an example whose labels are its answer.
func (r *rollout) answer() batch.Answer {
	return batch.Answer{ID: r.question.sample.ExampleID, Example: lm.Example{
		IDs: slices.Concat(r.question.prompt, r.tokens), Prompt: len(r.question.prompt)}}
}

// A roller lets the model answer questions, and has the answers scored.
type roller struct {
	generator *lm.Generator
	tokenizer *lm.Tokenizer
	scorer    reward.Scorer
}

// newRoller prepares to draw answers from a model.
func newRoller(m *lm.Model, encoder *lm.Encoder, scorer reward.Scorer, o PolicyOptions) (*roller, error) {
	generator, err := lm.NewGenerator(m, lm.GenerateOptions{MaxNewTokens: o.MaxNewTokens, Batch: o.Lanes,
		Temperature: o.Temperature, StopIDs: encoder.StopIDs(m.Config)})
	if err != nil {
		return nil, err
	}
	return &roller{generator: generator, tokenizer: encoder.Tokenizer(), scorer: scorer}, nil
}

func (r *roller) close() { r.generator.Close() }

// roll draws so many answers to each question, one question's after the other's.
// Answers are a function of the weights, the seed and the place in the list.
func (r *roller) roll(ctx context.Context, asked []*question, draws int, seed int64) ([]*rollout, error) {
	rollouts := make([]*rollout, 0, len(asked)*draws)
	prompts := make([][]int32, 0, len(asked)*draws)
	drawn := map[*question]int{} // a question comes twice in a step where an epoch ends
	for _, q := range asked {
		for range draws {
			rollouts, prompts = append(rollouts, &rollout{question: q, draw: drawn[q]}), append(prompts, q.prompt)
			drawn[q]++
		}
	}
	r.generator.Reseed(seed)
	answers, err := r.generator.Generate(ctx, prompts)
	if err != nil {
		return nil, err
	}
	for i, a := range answers {
		roll := rollouts[i]
		roll.tokens, roll.finish, roll.text = a.Tokens, a.Finish, r.tokenizer.Decode(a.Tokens, true)
		if a.Finish == lm.FinishStop {
			roll.tokens = append(slices.Clip(a.Tokens), a.Stop)
		}
	}
	return rollouts, nil
}

// reward scores the answers.
func (r *roller) reward(ctx context.Context, rollouts []*rollout) error {
	samples := make([]reward.Sample, len(rollouts))
	for i, roll := range rollouts {
		samples[i] = roll.question.sample
		samples[i].Completion = roll.text
	}
	scores, err := r.scorer.Score(ctx, samples)
	if err != nil {
		return err
	}
	if len(scores) != len(rollouts) {
		return fmt.Errorf("score %d answers: the reward gave %d scores", len(rollouts), len(scores))
	}
	for i := range scores {
		rollouts[i].score = scores[i]
	}
	return nil
}

// seedOf is the seed of a purpose in a step of a run: draws don't depend on what
// came before.
func seedOf(seed int64, purpose uint64, step int) int64 {
	return int64(rand.NewPCG(uint64(seed), purpose<<32|uint64(step)).Uint64())
}

// What seeds are for.
const (
	forRollouts = 1 + iota
	forEvaluation
	forMiniBatches
	forQuestions
)

// A questionOrder goes through questions in a new order each epoch. The n-th
// question is a function of the seed and n.
type questionOrder struct {
	list []*question
	seed int64
}

// take gives the questions at the places from start on.
func (o questionOrder) take(start, n int) []*question {
	taken := make([]*question, 0, n)
	for len(taken) < n {
		epoch, at := start/len(o.list), start%len(o.list)
		order := rand.New(rand.NewPCG(uint64(seedOf(o.seed, forQuestions, epoch)), 0)).Perm(len(o.list))
		for _, i := range order[at:min(len(order), at+n-len(taken))] {
			taken = append(taken, o.list[i])
			start++
		}
	}
	return taken
}

// stopwatch tells apart what a step's time went to.
type stopwatch struct{ since time.Time }

// lap is the seconds since the last one.
func (s *stopwatch) lap() float64 {
	now := time.Now()
	defer func() { s.since = now }()
	return now.Sub(s.since).Seconds()
}
