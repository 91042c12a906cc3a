package wvs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"alignctl/eval"
	"alignctl/lake"
)

// A questionnaire is the work of one Ask call.
type questionnaire struct {
	options  AskOptions
	wording  wording
	runID    string
	askings  []asking
	data     lake.Pin
	wordless []string // items without words in the language

	started  time.Time
	samples  []eval.SampleRow
	readouts []ReadoutRow
	tokens   int
	seconds  float64
}

// read reads the items and their words, and puts them.
func (q *questionnaire) read(ctx context.Context, run *lake.Run) error {
	survey, err := People{Countries: q.options.Countries}.Read(ctx, run.Session())
	if err != nil {
		return err
	}
	if _, err := survey.record(ctx, run); err != nil {
		return err
	}
	words, err := readWords(ctx, run.Session(), q.language(), q.options.Texts)
	if err != nil {
		return err
	}
	if err := q.put(ctx, run, survey, words); err != nil {
		return err
	}
	if len(q.askings) == 0 {
		return fmt.Errorf("ask: no item that %s were asked has all its words in language %q", list(survey.Countries), q.language())
	}
	q.data, err = run.InputScope(ctx, questionTable, survey.Countries[0].Source)
	return err
}

// language is that of the prompts.
func (q *questionnaire) language() string { return q.wording.templates[0].Language }

// put makes the askings of the survey's items, by the words of the first source
// that has all of an item's.
func (q *questionnaire) put(ctx context.Context, run *lake.Run, survey Survey, words map[string][]wordsOf) error {
	items := 0
	for i := range survey.Items {
		it := &survey.Items[i]
		options := q.offered(it)
		at := slices.IndexFunc(words[it.Question], func(w wordsOf) bool { return w.has(options) })
		if at < 0 {
			q.wordless = append(q.wordless, it.Question)
			continue
		}
		w := words[it.Question][at]
		for _, table := range []string{questionTable, optionTable} {
			if _, err := run.InputScope(ctx, table, w.source); err != nil {
				return err
			}
		}
		q.askings = append(q.askings, q.wording.ask(it, options, w)...)
		if items++; items == q.options.Limit {
			return nil
		}
	}
	return nil
}

// offered are the options to show: those that somebody chose.
func (q *questionnaire) offered(it *Item) []Option {
	if q.options.Published.OfferUnused {
		return it.Options
	}
	return slices.DeleteFunc(slices.Clone(it.Options), func(o Option) bool { return !o.Used })
}

// ask has the model answer, and gathers the rows.
func (q *questionnaire) ask(ctx context.Context, m eval.Model) error {
	start := time.Now()
	ask := q.likelihoods
	if q.options.Readout == Sampled {
		ask = q.draw
	}
	err := ask(ctx, m)
	q.seconds = time.Since(start).Seconds()
	return err
}

// likelihoods asks how likely the model finds each answer.
func (q *questionnaire) likelihoods(ctx context.Context, m eval.Model) error {
	local, ok := m.(*eval.Local)
	if !ok || local.Scorer == nil {
		return fmt.Errorf("ask: the read-out %s needs a model's folder: a server is asked by %s", q.options.Readout, Sampled)
	}
	l := likelihoods{scorer: local.Scorer, renderer: local.Renderer, tokenizer: local.Tokenizer, askings: q.askings, each: q.found}
	if q.options.Published.NoTemplate {
		l.renderer = bare{}
	}
	return l.run(ctx)
}

// found keeps what the model says of an asking's answers.
func (q *questionnaire) found(i int, prompt string, found []found) {
	a := q.askings[i]
	q.keep(a, a.sample, eval.Reply{Prompt: prompt})
	rows := q.readouts[len(q.readouts)-len(found):]
	for j, f := range found {
		rows[j].LogProb, rows[j].FirstLogProb, rows[j].Tokens = &f.logProb, &f.first, int32(f.tokens)
		rows[j].Characters = characters(a.answers()[j])
		q.tokens += f.tokens
	}
}

// draw has the model write its answers.
func (q *questionnaire) draw(ctx context.Context, m eval.Model) error {
	if local, ok := m.(*eval.Local); ok && q.options.Published.NoTemplate {
		local.Renderer = bare{}
	}
	var asked []eval.Conversation
	for _, a := range q.askings {
		for draw := range q.options.Draws {
			id := strings.Join([]string{a.item.Question, a.variant, strconv.Itoa(q.sample(a, draw))}, ":")
			asked = append(asked, eval.Conversation{ID: id, Messages: a.messages})
		}
	}
	d := eval.Decoding{MaxNewTokens: q.options.MaxTokens, Temperature: q.options.Temperature, Seed: q.options.Seed,
		Batch: q.options.Batch}
	return eval.Ask(ctx, m, asked, d, func(i int, r eval.Reply) {
		a := q.askings[i/q.options.Draws]
		q.keep(a, int32(q.sample(a, i%q.options.Draws)), r)
		q.tokens += r.Tokens
	})
}

// sample numbers the draws of an item in one wording.
func (q *questionnaire) sample(a asking, draw int) int { return int(a.sample)*q.options.Draws + draw }

// keep adds a reply, and the options as they were shown.
func (q *questionnaire) keep(a asking, sample int32, r eval.Reply) {
	q.samples = append(q.samples, eval.SampleRow{RunID: q.runID, ItemID: a.item.Question, Sample: sample, Variant: a.variant,
		Language: q.language(), OptionOrder: a.codes(), Prompt: r.Prompt, Output: r.Text, TokenIDs: r.TokenIDs,
		LogProbs: r.LogProbs, Finish: r.Finish})
	for i, o := range a.options {
		row := ReadoutRow{RunID: q.runID, ItemID: a.item.Question, Variant: a.variant, Sample: sample, Code: int32(o.Code),
			Place: int32(i + 1), Label: a.labels[i]}
		if a.keys != nil {
			row.Key = a.keys[i]
		}
		q.readouts = append(q.readouts, row)
	}
}

// publish writes the run, its samples and what was read of them.
func (q *questionnaire) publish(ctx context.Context, run *lake.Run, from eval.Source, done bool) error {
	status := lake.Done
	if !done {
		status = lake.Interrupted
	}
	config, err := json.Marshal(q.options.config())
	if err != nil {
		return fmt.Errorf("describe the run: %w", err)
	}
	row := eval.RunRow{
		RunID: q.runID, Suite: Suite, Dataset: q.data.Table, DatasetSnapshot: strconv.FormatInt(q.data.Snapshot, 10),
		Languages: []string{q.language()}, Decoding: string(config), Seed: q.options.Seed, Version: q.options.Version,
		StartedAt: q.started, EndedAt: time.Now().UTC(), Status: string(status),
		Items: int64(len(q.samples)), Tokens: int64(q.tokens), Seconds: q.seconds,
	}
	if len(q.wording.templates) == 1 {
		row.Template = &q.wording.templates[0].ID
	}
	if err := row.Describe(ctx, run, from); err != nil {
		return err
	}
	if _, err := lake.WriteRows(ctx, run, eval.RunsTable, q.runID, []eval.RunRow{row}); err != nil {
		return err
	}
	if _, err := lake.WriteRows(ctx, run, eval.SamplesTable, q.runID, q.samples); err != nil {
		return err
	}
	if _, err := lake.WriteRows(ctx, run, ReadoutsTable, q.runID, q.readouts); err != nil {
		return err
	}
	_, err = run.Publish(ctx, status)
	return err
}

// asked sums up.
func (q *questionnaire) asked() Asked {
	result := Asked{RunID: q.runID, Prompts: len(q.samples), Seconds: q.seconds}
	questions := map[string]bool{}
	for _, a := range q.askings {
		questions[a.item.Question] = true
	}
	result.Items = len(questions)
	if n := len(q.wordless); n > 0 {
		result.Warnings = append(result.Warnings, fmt.Sprintf("%d items are left out for lack of words in language %q: %s",
			n, q.language(), strings.Join(q.wordless[:min(n, 5)], ", ")))
	}
	return result
}
