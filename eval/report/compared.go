package report

import (
	"cmp"
	"context"
	"strings"

	"alignctl/internal/chart"
)

// compared says which evaluations the report is about.
func (s *Subject) compared(ctx context.Context) ([]Section, error) {
	if !s.has(evalRuns) || len(s.Evaluations) == 0 {
		return nil, nil
	}
	section := Section{ID: "evaluations", Title: "Evaluations",
		Note: "Each model was asked about the items of a split that it was not trained on, unless the split is train. " +
			"The same name in figures below is the same model.",
		SQL: `select run_id, suite, kind, coalesce(served_model, model_path) as model, adapter_path as adapter,
  array_to_string(languages, ' ') as languages, split, dataset, dataset_snapshot, template, decoding, seed, items as answers,
  status, ` + s.scorings() + ` as scorings, backend, version, started_at, model_sha256, adapter_sha256
from eval.runs
where run_id in ` + list(s.Evaluations) + `
order by started_at, run_id`}
	return s.fill(ctx, drawn{section, func(to *Section) { to.Summary = s.evaluated(to.Table) }})
}

// scorings counts the scorings of a run in SQL.
func (s *Subject) scorings() string {
	if !s.has(evalScorings) {
		return "0"
	}
	return "(select count(*) from eval.scorings s where s.run_id = runs.run_id)"
}

// evaluated is what of the evaluations is read first.
func (s *Subject) evaluated(t *Table) *Table {
	short := &Table{Columns: []string{"model", "asked for", "languages", "split", "prompts from", "answers", "state", "run"}}
	for _, r := range t.rows() {
		split := cmp.Or(r.text("split"), "–")
		short.Rows = append(short.Rows, []any{s.label(r.text("run_id")), r.text("suite"), r.text("languages"), split, r.text("dataset"),
			r.value("answers"), stateOf(r), r.text("run_id")})
	}
	return short
}

// stateOf says what became of an evaluation.
func stateOf(r row) string {
	state := r.text("status")
	if state == "done" && r.number("scorings") == 0 {
		return "not scored yet"
	}
	if state == "done" {
		return state
	}
	return "⚠ " + state
}

// training says how models were trained, with their curves.
func (s *Subject) training(ctx context.Context) ([]Section, error) {
	if !s.has(trainRuns) || len(s.Trainings) == 0 {
		return nil, nil
	}
	runs := Section{ID: "trainings", Title: "Training runs",
		Note: "What was trained, from what and on what. A run that did not end as done has the weights of its last saved step, or none; " +
			"of one that is declared somebody says that it ran elsewhere.",
		SQL: `select run_id, method, status, base_path, base_sha256, dataset, dataset_snapshot, dataset_digest, template, seed, steps, examples,
  tokens, round(seconds, 1) as seconds, best_step, best_eval_loss, saved_step, early_stop, backend, version, started_at, ended_at, config
from train.runs
where run_id in ` + list(s.Trainings) + `
order by started_at, run_id`}
	return s.fill(ctx, append([]drawn{{runs, func(to *Section) { to.Summary = s.trained(to.Table) }}}, s.curves()...)...)
}

// trained is what of the training runs is read first.
func (s *Subject) trained(t *Table) *Table {
	short := &Table{Columns: []string{"model", "method", "from", "trained on", "steps", "best on dev", "state", "run"}}
	for _, r := range t.rows() {
		state := r.text("status")
		if state != "done" {
			state = "⚠ " + state
		}
		short.Rows = append(short.Rows, []any{s.label(r.text("run_id")), r.text("method"), endOf(r.text("base_path"), 1), r.text("dataset"),
			r.value("steps"), best(r), state, r.text("run_id")})
	}
	return short
}

// best is the best dev loss, or held-out reward where the method has one, which
// is kept as minus the reward.
func best(r row) string {
	value := r.number("best_eval_loss")
	if method := r.text("method"); strings.HasPrefix(method, "ppo") || strings.HasPrefix(method, "grpo") {
		return "reward " + chart.Number(-value)
	}
	return "loss " + chart.Number(value)
}
