package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// A kind of data set is what a method learns from.
type kind struct {
	answers []string // columns of the answers to a prompt
	noun    string   // what an example is called
	cure    string   // what to do with a data set of another kind
}

// splits is a data set table as tokens.
type splits struct {
	kind
	train, dev    *batch.Set
	trained, held Counts // of train and dev
	maxTokens     int
	templates     string // ids of the prompt templates, comma-separated
}

// newSplits makes room for the tokens in a folder for temporary files.
func newSplits(folder string, k kind) (*splits, error) {
	train, err := batch.NewSet(folder)
	if err != nil {
		return nil, err
	}
	dev, err := batch.NewSet(folder)
	if err != nil {
		return nil, errors.Join(err, train.Close())
	}
	return &splits{kind: k, train: train, dev: dev}, nil
}

// close gives the tokens' disk space back.
func (d *splits) close() error {
	if d == nil {
		return nil
	}
	return errors.Join(d.train.Close(), d.dev.Close())
}

// read reads and tokenizes the splits train and dev of the run's data set, for
// the model that it starts from.
func (d *splits) read(ctx context.Context, session *lake.Session, o *Options) error {
	encoder, err := lm.LoadEncoder(o.Model, o.MaxTokens)
	if err != nil {
		return err
	}
	if err := d.check(ctx, session, o.Dataset); err != nil {
		return err
	}
	d.maxTokens = o.MaxTokens
	t := tokenizing{session: session, encoder: encoder}
	train := selection{table: o.Dataset, answers: d.answers, split: "train"}
	if d.trained, err = t.read(ctx, d.train, train); err != nil {
		return err
	}
	if d.train.Len() == 0 {
		return fmt.Errorf("train on %s: 0 trainable tokens: %s", o.Dataset, d.emptiness())
	}
	if o.EvalExamples > 0 {
		dev := selection{table: o.Dataset, answers: d.answers, split: "dev", limit: o.EvalExamples}
		if d.held, err = t.read(ctx, d.dev, dev); err != nil {
			return err
		}
	}
	d.templates, err = readTemplates(ctx, session, o.Dataset)
	return err
}

// check refuses a data set of another kind.
func (d *splits) check(ctx context.Context, session *lake.Session, table string) error {
	columns, err := columnsOf(ctx, session, table)
	if err != nil {
		return err
	}
	for _, name := range append([]string{"example_id", "split", "messages"}, d.answers...) {
		if !slices.Contains(columns, name) {
			return fmt.Errorf("train on %s: it has no column %s: %s", table, name, d.cure)
		}
	}
	return nil
}

// emptiness says why there is nothing to train on.
func (d *splits) emptiness() string {
	c := d.trained
	all := c.Useless()
	switch {
	case all == 0:
		return fmt.Sprintf("it has no %s of split train", d.noun)
	case all == c.Dropped:
		return fmt.Sprintf("none of its %d %ss has room for an answer within --max-tokens %d", all, d.noun, d.maxTokens)
	}
	return fmt.Sprintf("of its %d %ss, %d have two equal answers, %d an empty one, and %d no room for one within --max-tokens %d",
		all, d.noun, c.Equal, c.Empty, c.Dropped, d.maxTokens)
}

// A tokenized is an example as tokens.
type tokenized struct {
	id       string
	branches []lm.Example
	fault    fault
}

// A fault is why an example has nothing to teach.
type fault int

const (
	sound     fault = iota
	equal           // both answers are the same
	empty           // one of them is blank
	cutToNone       // the limit leaves no token of one of them, or none in which they differ
)

// A tokenizing turns rows into tokens.
type tokenizing struct {
	session *lake.Session
	encoder *lm.Encoder
}

// read reads a selection into a set, in its order and on all processors.
// Examples with nothing to teach are counted and left out.
func (t tokenizing) read(ctx context.Context, set *batch.Set, s selection) (counts Counts, err error) {
	task := progress.Start(ctx, "tokenize "+s.split, 0, "examples")
	defer task.Done()
	read := func(ctx context.Context, visit func(example) error) error {
		return eachExample(ctx, t.session, s, visit)
	}
	err = inOrder(ctx, read, t.encode, func(e tokenized) error {
		task.Add(1)
		if e.fault == sound {
			_, err := set.Add(e.id, e.branches...)
			counts.add(e)
			return err
		}
		counts.add(e)
		return nil
	})
	counts.Examples, counts.Tokens, counts.Labelled = set.Len(), set.Tokens(), set.Labels()
	return counts, err
}

// add counts an example.
func (c *Counts) add(e tokenized) {
	switch e.fault {
	case equal:
		c.Equal++
	case empty:
		c.Empty++
	case cutToNone:
		c.Dropped++
	case sound:
		if slices.ContainsFunc(e.branches, func(b lm.Example) bool { return b.Cut > 0 }) {
			c.Cut++
		}
	}
}

// encode makes tokens of an example and looks what is wrong with it.
func (t tokenizing) encode(e example) (tokenized, error) {
	all := tokenized{id: e.ID, branches: make([]lm.Example, len(e.Answers))}
	for i, answer := range e.Answers {
		var err error
		if all.branches[i], err = t.encoder.Encode(e.Messages, answer); err != nil {
			return tokenized{}, fmt.Errorf("example %q: %w", e.ID, err)
		}
	}
	all.fault = faultOf(e.Answers, all.branches)
	return all, nil
}

func faultOf(answers []string, branches []lm.Example) fault {
	pair := len(answers) == 2
	switch {
	case pair && answers[0] == answers[1]:
		return equal
	case pair && (strings.TrimSpace(answers[0]) == "" || strings.TrimSpace(answers[1]) == ""):
		return empty
	case slices.ContainsFunc(branches, func(b lm.Example) bool { return b.Labels() == 0 }),
		pair && slices.Equal(branches[0].IDs, branches[1].IDs):
		return cutToNone
	}
	return sound
}

// columnsOf names the columns of a table.
func columnsOf(ctx context.Context, session *lake.Session, table string) (names []string, err error) {
	described, err := session.Describe(ctx, "SELECT * FROM "+quoteTable(table))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	for _, column := range described {
		names = append(names, column.Name)
	}
	return names, nil
}

// readTemplates lists the prompt templates behind a data set, "" when the table
// doesn't say.
func readTemplates(ctx context.Context, session *lake.Session, table string) (string, error) {
	columns, err := columnsOf(ctx, session, table)
	if err != nil || !slices.Contains(columns, "template") {
		return "", err
	}
	rows, err := session.Query(ctx, `SELECT coalesce(string_agg(DISTINCT template, ',' ORDER BY template), '')
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
