package suite

import (
	"context"
	"fmt"

	"alignctl/eval"
	"alignctl/eval/wvs"
)

// A measuring is the work on a cell.
type measuring struct {
	Cell
	*work
	from  eval.Source
	model *keptOpen
}

// measure does all of the work on a cell. Its error is the end of the suite.
func (w *work) measure(ctx context.Context, c Cell) error {
	from, err := c.Who.Source()
	if err != nil {
		w.fail(fmt.Errorf("measure %s in %s: %w", c.Model, c.Language, err))
		return nil
	}
	m := measuring{Cell: c, work: w, from: from, model: &keptOpen{open: c.Who.Open}}
	defer m.model.close()
	return m.do(ctx)
}

// do measures what it can: the survey, too, where the associations fail.
func (m *measuring) do(ctx context.Context) error {
	steps := map[string]func(context.Context) error{eval.Associations: m.associations, wvs.Suite: m.survey}
	for _, asks := range m.asks() {
		err := steps[asks](ctx)
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			m.fail(fmt.Errorf("measure %s of %s in %s: %w", asks, m.Model, m.Language, err))
		}
	}
	return nil
}

func (m *measuring) associations(ctx context.Context) error {
	run, err := m.answers(ctx)
	if err != nil {
		return err
	}
	for _, o := range m.Scores {
		o.Run = run
		got, err := eval.Score(ctx, m.lake, o)
		if err != nil {
			return err
		}
		m.measured(o.Suite, got)
	}
	return nil
}

// answers gives the run that holds the model's answers, asking what is missing.
func (m *measuring) answers(ctx context.Context) (string, error) {
	var earlier *eval.Resumption
	var err error
	if !m.Anew {
		earlier, err = eval.FindAsked(ctx, m.lake, *m.Generate, m.from)
	}
	var got eval.Generated
	switch {
	case err != nil:
		return "", err
	case earlier == nil:
		got, err = eval.Generate(ctx, m.lake, m.model.Open, *m.Generate)
	case m.has(eval.Associations, earlier.Begun):
		return earlier.RunID, nil
	default:
		got, err = eval.Resume(ctx, m.lake, m.model.Open, earlier)
	}
	m.warn(got.Warnings)
	return got.RunID, err
}

// has says whether an earlier run is done, and tells what becomes of it.
func (m *measuring) has(suite string, earlier *eval.Begun) bool {
	becomes := "goes on"
	if earlier.Done {
		becomes = "has asked this"
	}
	m.say("%s: run %s %s", suite, earlier.RunID, becomes)
	return earlier.Done
}

func (m *measuring) survey(ctx context.Context) error {
	run, err := m.surveyAnswers(ctx)
	if err != nil {
		return err
	}
	o := *m.Survey
	o.Run = run
	got, err := wvs.Score(ctx, m.lake, o)
	if err != nil {
		return err
	}
	m.measured(wvs.Suite, got)
	return nil
}

// surveyAnswers is answers for the survey.
func (m *measuring) surveyAnswers(ctx context.Context) (string, error) {
	var earlier *wvs.Resumption
	var err error
	if !m.Anew {
		earlier, err = wvs.FindAsked(ctx, m.lake, *m.Ask, m.from)
	}
	var got wvs.Asked
	switch {
	case err != nil:
		return "", err
	case earlier == nil:
		got, err = wvs.Ask(ctx, m.lake, m.model.Open, *m.Ask)
	case m.has(wvs.Suite, earlier.Begun):
		return earlier.RunID, nil
	default:
		got, err = wvs.Resume(ctx, m.lake, m.model.Open, earlier)
	}
	m.warn(got.Warnings)
	return got.RunID, err
}

func (m *measuring) measured(suite string, got eval.Scored) {
	m.warn(got.Warnings)
	m.Rows = append(m.Rows, Row{Name: m.Name, Model: m.Model, Language: m.Language, Suite: suite, RunID: got.RunID,
		ScoringID: got.ScoringID})
}

func (m *measuring) warn(warnings []string) {
	for _, w := range warnings {
		m.say("warning: %s", w)
	}
}

// A keptOpen keeps a model that is loaded, for the cell's other questions.
type keptOpen struct {
	open  eval.Opener
	local *eval.Local
}

// Open gives a model that the caller may close.
func (k *keptOpen) Open(ctx context.Context) (eval.Model, error) {
	if k.local != nil {
		return k.local.Lend(), nil
	}
	m, err := k.open(ctx)
	local, loaded := m.(*eval.Local)
	if err != nil || !loaded {
		return m, err
	}
	k.local = local
	return local.Lend(), nil
}

func (k *keptOpen) close() {
	if k.local != nil {
		k.local.Close()
	}
}
