package train

import (
	"context"
	"errors"
	"fmt"
	"strings"

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

// newSFTData makes room for the tokens in a folder for temporary files.
func newSFTData(folder string, maxTokens int) (*sftData, error) {
	train, err := batch.NewSet(folder)
	if err != nil {
		return nil, err
	}
	dev, err := batch.NewSet(folder)
	if err != nil {
		return nil, errors.Join(err, train.Close())
	}
	return &sftData{train: train, dev: dev, maxTokens: maxTokens}, nil
}

// close gives the tokens' disk space back.
func (d *sftData) close() error { return errors.Join(d.train.Close(), d.dev.Close()) }

// read reads and tokenizes the splits train and dev of the run's data set, for
// the model that it starts from.
func (d *sftData) read(ctx context.Context, session *lake.Session, o *SFTOptions) error {
	encoder, err := lm.LoadEncoder(o.Model, o.MaxTokens)
	if err != nil {
		return err
	}
	if d.trained, err = tokenize(ctx, session, encoder, d.train, selection{table: o.Dataset, split: "train"}); err != nil {
		return err
	}
	if d.train.Len() == 0 {
		return fmt.Errorf("train on %s: 0 trainable tokens: %s", o.Dataset, d.emptiness())
	}
	if o.EvalExamples > 0 {
		dev := selection{table: o.Dataset, split: "dev", limit: o.EvalExamples}
		if d.held, err = tokenize(ctx, session, encoder, d.dev, dev); err != nil {
			return err
		}
	}
	d.templates, err = readTemplates(ctx, session, o.Dataset)
	return err
}

// emptiness says why there is nothing to train on.
func (d *sftData) emptiness() string {
	if d.trained.Dropped == 0 {
		return "it has no example of split train"
	}
	return fmt.Sprintf("none of its %d examples has room for an answer within --max-tokens %d", d.trained.Dropped, d.maxTokens)
}

// A tokenized is an example as tokens.
type tokenized struct {
	id      string
	encoded lm.Example
}

// tokenize reads a selection into a set, in its order and on all processors.
// Examples that are all prompt have no gradient and are counted as dropped.
func tokenize(
	ctx context.Context, session *lake.Session, encoder *lm.Encoder, set *batch.Set, s selection,
) (counts Counts, err error) {
	task := progress.Start(ctx, "tokenize "+s.split, 0, "examples")
	defer task.Done()
	read := func(ctx context.Context, visit func(example) error) error {
		return eachExample(ctx, session, s, visit)
	}
	encode := func(e example) (tokenized, error) {
		encoded, err := encoder.Encode(e.Messages, e.Completion)
		if err != nil {
			return tokenized{}, fmt.Errorf("example %q: %w", e.ID, err)
		}
		return tokenized{e.ID, encoded}, nil
	}
	err = inOrder(ctx, read, encode, func(e tokenized) error {
		added, err := set.Add(e.id, e.encoded)
		switch {
		case !added && err == nil:
			counts.Dropped++
		case added && e.encoded.Cut > 0:
			counts.Cut++
		}
		task.Add(1)
		return err
	})
	counts.Examples, counts.Tokens, counts.Labelled = set.Len(), set.Tokens(), set.Labels()
	return counts, err
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
