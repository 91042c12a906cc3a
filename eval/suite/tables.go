package suite

import (
	"context"
	"errors"

	"alignctl/lake"
)

// Specs are the tables that this package writes.
func Specs() []lake.Spec { return []lake.Spec{Table} }

// A Row is a row of eval.suites.
type Row struct {
	Name      string  `parquet:"name,id(1)" doc:"the suite's name, that of its file"`
	Model     string  `parquet:"model,id(2)" doc:"what the suite calls the model"`
	Language  string  `parquet:"language,id(3)" doc:"the language it was asked in"`
	Suite     string  `parquet:"suite,id(4)" doc:"what was measured: associations, norms, ranking or wvs"`
	RunID     string  `parquet:"run_id,id(5)" doc:"the run that asked"`
	ScoringID string  `parquet:"scoring_id,id(6)" doc:"how it was scored, as in eval.scorings"`
	Against   *string `parquet:"against,optional,id(7)" doc:"scoring of the suite's baseline that it was compared with; null for the baseline's own, and without one"`
}

// Table is eval.suites.
var Table = lake.SpecOf[Row](lake.Spec{
	Name:    "eval.suites",
	Doc:     "a scoring of a model in a language, under the name that a suite gives them",
	Key:     []string{"name", "model", "language", "suite"},
	Scope:   "name",
	Licence: lake.OpenData,
})

// publish puts the suite's rows in place of those of its last run.
func (w *work) publish(ctx context.Context) (err error) {
	if len(w.Rows) == 0 {
		return nil
	}
	run, err := w.lake.Begin(ctx, lake.RunInfo{Command: w.Command, Version: w.Version, Config: map[string]any{"suite": w.Name}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	for _, r := range w.Rows {
		if _, err := run.InputScope(ctx, "eval.scorings", r.RunID); err != nil {
			return err
		}
	}
	if _, err := lake.ReplaceRows(ctx, run, Table, w.Name, w.Rows); err != nil {
		return err
	}
	_, err = run.Publish(ctx, lake.Done)
	return err
}
