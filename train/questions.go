package train

import (
	"context"
	"fmt"

	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/train/lm"
	"alignctl/train/reward"
)

// A question is a row of a data set that a policy answers for a reward.
type question struct {
	sample reward.Sample // without the completion
	prompt []int32
}

// questions is a split of a data set.
type questions struct {
	list    []*question
	dropped int // further rows, whose prompt is too long
}

// longest is the number of tokens of the longest prompt.
func (q questions) longest() (tokens int) {
	for _, each := range q.list {
		tokens = max(tokens, len(each.prompt))
	}
	return tokens
}

// samples are the questions as a reward sees them.
func (q questions) samples() []reward.Sample {
	samples := make([]reward.Sample, len(q.list))
	for i, each := range q.list {
		samples[i] = each.sample
	}
	return samples
}

// counts sum them up.
func (q questions) counts() Counts {
	c := Counts{Examples: len(q.list), Dropped: q.dropped}
	for _, each := range q.list {
		c.Tokens += len(each.prompt)
	}
	return c
}

// readQuestions reads the selected questions, as inputs of the run, and renders
// their prompts for the model; those of more than maxPrompt tokens are dropped.
func readQuestions(
	ctx context.Context, run *lake.Run, encoder *lm.Encoder, s reward.Selection, maxPrompt int,
) (q questions, err error) {
	read, err := s.Read(ctx, run.Session())
	if err != nil {
		return q, err
	}
	if err := readTables(ctx, run, read.Tables); err != nil {
		return q, err
	}
	task := progress.Start(ctx, "tokenize "+s.Split, int64(len(read.All)), "questions")
	defer task.Done()
	each := func(_ context.Context, visit func(reward.Question) error) error {
		for _, asked := range read.All {
			if err := visit(asked); err != nil {
				return err
			}
		}
		return nil
	}
	encode := func(asked reward.Question) (*question, error) { return render(encoder, asked) }
	err = inOrder(ctx, each, encode, func(asked *question) error {
		task.Add(1)
		if len(asked.prompt) > maxPrompt {
			q.dropped++
			return nil
		}
		q.list = append(q.list, asked)
		return nil
	})
	return q, err
}

// render makes a question what the model reads.
func render(encoder *lm.Encoder, asked reward.Question) (*question, error) {
	messages := make([]lm.Message, len(asked.Messages))
	for i, m := range asked.Messages {
		messages[i] = lm.Message(m)
	}
	prompt, err := encoder.Prompt(messages)
	if err != nil {
		return nil, fmt.Errorf("example %q: %w", asked.ExampleID, err)
	}
	asked.Prompt = encoder.Tokenizer().Decode(prompt, false)
	return &question{asked.Sample, prompt}, nil
}

// readTables makes tables inputs of a run.
func readTables(ctx context.Context, run *lake.Run, tables []string) error {
	for _, table := range tables {
		if _, err := run.Input(ctx, table); err != nil {
			return err
		}
	}
	return nil
}
