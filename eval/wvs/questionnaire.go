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

	keys   int // of options, of which a server was to tell the probability,
	unseen int // and those that weren't among its most probable tokens
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

// asked sums up.
func (q *questionnaire) asked() Asked {
	row := q.record.Row
	result := Asked{RunID: row.RunID, Items: q.items, Prompts: int(row.Items), Seconds: row.Seconds}
	warn := func(format string, args ...any) {
		result.Warnings = append(result.Warnings, fmt.Sprintf(format, args...))
	}
	if n := len(q.wordless); n > 0 {
		warn("%d items are left out for lack of words in language %q: %s", n, q.language(),
			strings.Join(q.wordless[:min(n, 5)], ", "))
	}
	if q.unseen > 0 {
		warn("%d of %d letters or numbers of options were not among the %d most probable first tokens: they count as 0",
			q.unseen, q.keys, q.config.FirstTokens)
	}
	if n := len(q.alone); n > 0 {
		result.Warnings = append(result.Warnings, fmt.Sprintf("%d items have no word with associates of population %q and are "+
			"asked without: %s", n, q.config.Associates, strings.Join(q.alone[:min(n, 5)], ", ")))
	}
	return result
}
