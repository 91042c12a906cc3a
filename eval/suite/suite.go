// Package suite evaluates several models in several languages, by one or more
// of the suites of package eval and by the survey of package wvs. A suite can be
// run again and again: what has been asked, in the same way and of the same
// data, isn't asked again, and what broke off goes on.
package suite

import (
	"context"
	"errors"
	"fmt"

	"alignctl/eval"
	"alignctl/eval/wvs"
	"alignctl/internal/stat"
	"alignctl/lake"
)

// A Suite is what to measure, cell by cell.
type Suite struct {
	Name      string // eval.suites keeps its cells under this
	Cells     []Cell
	Baseline  string // name of the model with which the others are compared in each language; "" for none
	Anew      bool   // ask again what has been asked
	Bootstrap stat.Bootstrap
	Command   string
	Version   string // of alignctl
}

// A Cell is a model in a language, with all that is measured of it.
type Cell struct {
	Model    string // its name in the suite
	Language string
	Who      Answerer

	Generate *eval.GenerateOptions // nil: don't ask for associations
	Scores   []eval.ScoreOptions   // of these answers; their runs are the suite's to set
	Ask      *wvs.AskOptions       // nil: don't put the survey
	Survey   *wvs.ScoreOptions     // of these answers, likewise
}

// An Answerer is a model before it is opened.
type Answerer interface {
	Source() (eval.Source, error)
	Open(ctx context.Context) (eval.Model, error)
}

// A Result is what a suite measured.
type Result struct {
	Rows   []Row   // of eval.suites
	Failed []error // cells that couldn't be measured, or not whole
}

// Run measures each cell and publishes eval.suites. A cell that fails doesn't keep
// the others from being measured; an error is the end of all, and what was measured
// before is published. say is told what happens.
func (s Suite) Run(ctx context.Context, l *lake.Lake, say func(format string, args ...any)) (Result, error) {
	w := work{Suite: s, lake: l, say: say}
	err := w.cells(ctx)
	if err == nil {
		err = w.compare(ctx)
	}
	// What is measured is kept, though the user wants to stop.
	if publishErr := w.publish(context.WithoutCancel(ctx)); publishErr != nil {
		err = errors.Join(publishErr, err)
	}
	return w.Result, err
}

// A work is one Run.
type work struct {
	Suite
	Result
	lake *lake.Lake
	say  func(format string, args ...any)
}

func (w *work) cells(ctx context.Context) error {
	for i, c := range w.Cells {
		w.say("[%d/%d] %s in %s", i+1, len(w.Cells), c.Model, c.Language)
		if err := w.measure(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) fail(err error) {
	w.say("%v", err)
	w.Failed = append(w.Failed, err)
}

// compare sets each scoring against the baseline's of the same language and
// suite.
func (w *work) compare(ctx context.Context) error {
	baseline := map[[2]string]string{}
	for _, r := range w.Rows {
		if r.Model == w.Baseline {
			baseline[[2]string{r.Language, r.Suite}] = r.ScoringID
		}
	}
	for i := range w.Rows {
		r := &w.Rows[i]
		against := baseline[[2]string{r.Language, r.Suite}]
		if against == "" || r.Model == w.Baseline {
			continue
		}
		_, err := eval.Compare(ctx, w.lake, eval.CompareOptions{Run: r.ScoringID, Against: against, Bootstrap: w.Bootstrap,
			Command: w.Command, Version: w.Version})
		switch {
		case ctx.Err() != nil:
			return err
		case err != nil:
			w.fail(fmt.Errorf("compare %s with %s in %s: %w", r.Model, w.Baseline, r.Language, err))
		default:
			r.Against = &against
		}
	}
	return nil
}
