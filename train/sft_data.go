package train

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"

	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// sftData is a data set table as tokens.
type sftData struct {
	train, dev    *batch.Set
	trained, held Counts // of train and dev
	maxTokens     int
	templates     string // ids of the prompt templates, comma-separated
}

// dropped is how many examples have no token to learn.
func (d *sftData) dropped() int { return d.trained.Dropped + d.held.Dropped }

// readSFTData reads and tokenizes the splits train and dev of the run's data
// set, for the model that it starts from.
func readSFTData(ctx context.Context, session *lake.Session, o SFTOptions) (*sftData, error) {
	encoder, err := lm.LoadEncoder(o.Model, o.MaxTokens)
	if err != nil {
		return nil, err
	}
	d := &sftData{maxTokens: o.MaxTokens}
	if d.train, d.trained, err = tokenize(ctx, session, encoder, selection{table: o.Dataset, split: "train"}); err != nil {
		return nil, err
	}
	if d.train.Len() == 0 {
		return nil, fmt.Errorf("train on %s: 0 trainable tokens: %s", o.Dataset, d.emptiness())
	}
	d.dev = &batch.Set{}
	if o.EvalExamples > 0 {
		dev := selection{table: o.Dataset, split: "dev", limit: o.EvalExamples}
		if d.dev, d.held, err = tokenize(ctx, session, encoder, dev); err != nil {
			return nil, err
		}
	}
	d.templates, err = readTemplates(ctx, session, o.Dataset)
	return d, err
}

// emptiness says why there is nothing to train on.
func (d *sftData) emptiness() string {
	if d.trained.Dropped == 0 {
		return "it has no example of split train"
	}
	return fmt.Sprintf("none of its %d examples has room for an answer within --max-tokens %d", d.trained.Dropped, d.maxTokens)
}

// tokenize reads a selection. Examples that are all prompt have no gradient
// and are counted as dropped.
func tokenize(
	ctx context.Context, session *lake.Session, encoder *lm.Encoder, s selection,
) (*batch.Set, Counts, error) {
	task := progress.Start(ctx, "tokenize "+s.split, 0, "examples")
	defer task.Done()
	set, counts := &batch.Set{}, Counts{}
	err := eachExample(ctx, session, s, func(e example) error {
		encoded, err := encoder.Encode(e.Messages, e.Completion)
		if err != nil {
			return fmt.Errorf("example %q: %w", e.ID, err)
		}
		switch {
		case !set.Add(e.ID, encoded):
			counts.Dropped++
		case encoded.Cut > 0:
			counts.Cut++
		}
		task.Add(1)
		return nil
	})
	counts.Examples, counts.Tokens, counts.Labelled = set.Len(), set.Tokens(), set.Labels()
	return set, counts, err
}

// readTemplates lists the prompt templates behind a data set, "" when the table
// doesn't say.
func readTemplates(ctx context.Context, session *lake.Session, table string) (string, error) {
	schema, name, _ := strings.Cut(table, ".")
	rows, err := session.Query(ctx, `SELECT 1 FROM information_schema.columns
		WHERE table_schema = ? AND table_name = ? AND column_name = 'template'`, schema, name)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", table, err)
	}
	found := rows.Next()
	if err := rows.Close(); err != nil || !found {
		return "", err
	}
	rows, err = session.Query(ctx, `SELECT coalesce(string_agg(DISTINCT template, ',' ORDER BY template), '')
		FROM `+quoteTable(table))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", table, err)
	}
	defer rows.Close()
	var templates string
	if rows.Next() {
		err = rows.Scan(&templates)
	}
	return templates, err
}

// A feedSource gives a feed's batches to the loop. A micro-batch lives until
// the next: its tensors are freed then, for the garbage collector doesn't see
// device memory.
type feedSource struct {
	feed *batch.Feed
	last MicroBatch
}

// Next makes the next micro-batch.
func (s *feedSource) Next(ctx context.Context) (MicroBatch, error) {
	for _, input := range s.last.Inputs {
		if err := input.(*tensors.Tensor).FinalizeAll(); err != nil {
			return MicroBatch{}, fmt.Errorf("free micro-batch: %w", err)
		}
	}
	s.last = microBatch(s.feed.Next())
	s.last.After = s.feed.Position()
	return s.last, ctx.Err()
}

// microBatch copies a batch into tensors, in the order of sftLoss.
func microBatch(b batch.Batch) MicroBatch {
	return MicroBatch{Examples: b.Examples, Tokens: b.Tokens, Inputs: []any{
		tensors.FromFlatDataAndDimensions(b.IDs, b.Rows, b.Width),
		tensors.FromFlatDataAndDimensions(b.Positions, b.Rows, b.Width),
		tensors.FromFlatDataAndDimensions(b.Segments, b.Rows, b.Width),
		tensors.FromFlatDataAndDimensions(b.Index, len(b.Index)),
		tensors.FromFlatDataAndDimensions(b.Targets, len(b.Targets)),
		tensors.FromFlatDataAndDimensions(b.Weights, len(b.Weights)),
	}}
}
