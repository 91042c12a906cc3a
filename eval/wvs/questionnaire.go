package wvs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"alignctl/eval"
	"alignctl/lake"
)

// A questionnaire is the work of one Ask or Resume call.
type questionnaire struct {
	config  runConfig
	open    eval.Opener
	earlier *eval.Begun

	run      *lake.Run
	model    eval.Model
	wording  wording
	askings  []asking // without an answer yet
	items    int
	wordless []string // items without words in the language
	alone    []string // items whose words have no associates to show
	record   eval.Record
	readouts []ReadoutRow // of answers that aren't published yet
}

// do goes from the options to the published answers.
func (q *questionnaire) do(ctx context.Context, l *lake.Lake) (_ Asked, err error) {
	if err := q.prepare(); err != nil {
		return Asked{}, err
	}
	if err := q.begin(ctx, l); err != nil {
		return Asked{}, err
	}
	defer func() { err = errors.Join(err, q.run.Close()) }()
	if err := q.read(ctx); err != nil {
		return Asked{}, err
	}
	if q.model, err = q.open(ctx); err != nil {
		return Asked{}, err
	}
	defer q.model.Close()
	if err := q.record.Describe(ctx, q.model.Source()); err != nil {
		return Asked{}, err
	}
	kept, err := q.record.Finish(ctx, q.ask(ctx))
	if !kept {
		return Asked{}, err
	}
	return q.asked(), err
}

// prepare refuses what can't be asked.
func (q *questionnaire) prepare() error {
	o := q.config.AskOptions
	if err := o.validate(); err != nil {
		return err
	}
	q.wording = wording{templates: q.config.Wordings, country: o.Country, keys: o.Keys, orders: o.Orders,
		draws: max(1, o.Draws), seed: o.Seed, associates: o.Associates}
	return q.wording.validate()
}

// begin starts a run on the lake of now, or with the survey as it was.
func (q *questionnaire) begin(ctx context.Context, l *lake.Lake) (err error) {
	info := lake.RunInfo{Command: q.config.Command, Version: q.config.Version, Config: q.config}
	if q.earlier != nil {
		if info.Pins, err = q.earlier.Pins(ctx, l); err != nil {
			return err
		}
	}
	q.run, err = eval.Begin(ctx, l, info, questionTable, optionTable, distributionTable)
	return err
}

// read reads the items and their words, puts them, and leaves out what is
// answered.
func (q *questionnaire) read(ctx context.Context) error {
	survey, err := People{Countries: q.config.Countries}.Read(ctx, q.run.Session())
	if err != nil {
		return err
	}
	if _, err := survey.record(ctx, q.run); err != nil {
		return err
	}
	words, err := readWords(ctx, q.run.Session(), q.language(), q.config.Texts)
	if err != nil {
		return err
	}
	if q.config.Associates != "" {
		if err := retrieve(ctx, q.run, words, q.config.AskOptions, q.language()); err != nil {
			return err
		}
	}
	if err := q.put(ctx, survey, words); err != nil {
		return err
	}
	if len(q.askings) == 0 {
		return fmt.Errorf("ask: no item that %s were asked has all its words in language %q", list(survey.Countries), q.language())
	}
	if err := q.newRecord(ctx, survey); err != nil {
		return err
	}
	answered, err := q.earlier.Answered(ctx, q.run.Session())
	q.askings = slices.DeleteFunc(q.askings, func(a asking) bool { return answered[a.key()] })
	return err
}

// newRecord begins the record of the answers.
func (q *questionnaire) newRecord(ctx context.Context, survey Survey) error {
	data, err := q.run.InputScope(ctx, questionTable, survey.Countries[0].Source)
	if err != nil {
		return err
	}
	row := eval.RunRow{Suite: Suite, Dataset: data.Table, DatasetSnapshot: strconv.FormatInt(data.Snapshot, 10),
		Languages: []string{q.language()}, Seed: q.config.Seed, Version: q.config.Version}
	if len(q.wording.templates) == 1 {
		row.Template = &q.wording.templates[0].ID
	}
	if row.Decoding, err = q.config.AskOptions.asked(); err != nil {
		return err
	}
	q.record = eval.NewRecord(q.run, row, q.earlier)
	q.record.Total, q.record.SaveEvery, q.record.More = len(q.askings), q.config.SaveEvery, q.writeReadouts
	return nil
}

// writeReadouts writes the options as they were shown.
func (q *questionnaire) writeReadouts(ctx context.Context) error {
	_, err := lake.WriteRows(ctx, q.run, ReadoutsTable, q.record.Row.RunID, q.readouts)
	q.readouts = nil
	return err
}

// language is that of the prompts.
func (q *questionnaire) language() string { return q.wording.templates[0].Language }

// put makes the askings of the survey's items, by the words of the first source
// that has all of an item's.
func (q *questionnaire) put(ctx context.Context, survey Survey, words map[string][]wordsOf) error {
	for i := range survey.Items {
		it := &survey.Items[i]
		options := q.offered(it)
		at := slices.IndexFunc(words[it.Question], func(w wordsOf) bool { return w.has(options) })
		if at < 0 {
			q.wordless = append(q.wordless, it.Question)
			continue
		}
		w := words[it.Question][at]
		if q.config.Associates != "" && len(w.associates) == 0 {
			q.alone = append(q.alone, it.Question)
		}
		for _, table := range []string{questionTable, optionTable} {
			if _, err := q.run.InputScope(ctx, table, w.source); err != nil {
				return err
			}
		}
		q.askings = append(q.askings, q.wording.ask(it, options, w)...)
		if q.items++; q.items == q.config.Limit {
			return nil
		}
	}
	return nil
}

// offered are the options to show: those that somebody chose.
func (q *questionnaire) offered(it *Item) []Option {
	if q.config.Published.OfferUnused {
		return it.Options
	}
	return slices.DeleteFunc(slices.Clone(it.Options), func(o Option) bool { return !o.Used })
}

// ask has the model answer, and keeps the answers.
func (q *questionnaire) ask(ctx context.Context) error {
	if len(q.askings) == 0 {
		return nil
	}
	if q.config.Readout == Sampled {
		return q.record.Asking(ctx, q.sampled)
	}
	return q.record.Asking(ctx, q.likelihoods)
}

// likelihoods asks how likely the model finds each answer.
func (q *questionnaire) likelihoods(ctx context.Context, keep eval.Keep) error {
	local, ok := q.model.(*eval.Local)
	if !ok || local.Scorer == nil {
		return fmt.Errorf("ask: the read-out %s needs a model's folder: a server is asked by %s", q.config.Readout, Sampled)
	}
	l := likelihoods{scorer: local.Scorer, renderer: local.Renderer, tokenizer: local.Tokenizer, askings: q.askings,
		batch: q.config.Batch}
	l.each = func(i int, prompt string, all []found) {
		reply, rows := eval.Reply{Prompt: prompt}, q.rows(q.askings[i])
		for j, f := range all {
			rows[j].LogProb, rows[j].FirstLogProb, rows[j].Tokens = &f.logProb, &f.first, int32(f.tokens)
			rows[j].Characters = characters(q.askings[i].answers()[j])
			reply.Tokens += f.tokens
		}
		q.readouts = append(q.readouts, rows...)
		keep(q.sample(q.askings[i], reply), reply)
	}
	if q.config.Published.NoTemplate {
		l.renderer = bare{}
	}
	return l.run(ctx)
}

// sampled has the model write its answers.
func (q *questionnaire) sampled(ctx context.Context, keep eval.Keep) error {
	if local, ok := q.model.(*eval.Local); ok && q.config.Published.NoTemplate {
		local.Renderer = bare{}
	}
	asked := make([]eval.Conversation, len(q.askings))
	for i, a := range q.askings {
		asked[i] = eval.Conversation{ID: a.id(), Messages: a.messages}
	}
	d := eval.Decoding{MaxNewTokens: q.config.MaxTokens, Temperature: q.config.Temperature, Seed: q.config.Seed,
		Batch: q.config.Batch}
	return eval.Ask(ctx, q.model, asked, d, func(i int, r eval.Reply) {
		q.readouts = append(q.readouts, q.rows(q.askings[i])...)
		keep(q.sample(q.askings[i], r), r)
	})
}

// sample is a reply as eval.samples has it.
func (q *questionnaire) sample(a asking, r eval.Reply) eval.SampleRow {
	return eval.SampleRow{RunID: q.record.Row.RunID, ItemID: a.item.Question, Sample: a.sample, Variant: a.variant,
		Language: q.language(), OptionOrder: a.codes(), Prompt: r.Prompt, Output: r.Text, TokenIDs: r.TokenIDs,
		LogProbs: r.LogProbs, Finish: r.Finish}
}

// rows are the options of an asking as they were shown.
func (q *questionnaire) rows(a asking) []ReadoutRow {
	rows := make([]ReadoutRow, len(a.options))
	for i, o := range a.options {
		rows[i] = ReadoutRow{RunID: q.record.Row.RunID, ItemID: a.item.Question, Variant: a.variant, Sample: a.sample,
			Code: int32(o.Code), Place: int32(i + 1), Label: a.labels[i]}
		if a.keys != nil {
			rows[i].Key = a.keys[i]
		}
	}
	return rows
}

// asked sums up.
func (q *questionnaire) asked() Asked {
	row := q.record.Row
	result := Asked{RunID: row.RunID, Items: q.items, Prompts: int(row.Items), Seconds: row.Seconds}
	if n := len(q.wordless); n > 0 {
		result.Warnings = append(result.Warnings, fmt.Sprintf("%d items are left out for lack of words in language %q: %s",
			n, q.language(), strings.Join(q.wordless[:min(n, 5)], ", ")))
	}
	if n := len(q.alone); n > 0 {
		result.Warnings = append(result.Warnings, fmt.Sprintf("%d items have no word with associates of population %q and are "+
			"asked without: %s", n, q.config.Associates, strings.Join(q.alone[:min(n, 5)], ", ")))
	}
	return result
}
