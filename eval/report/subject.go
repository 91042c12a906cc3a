package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"alignctl/eval"
	"alignctl/internal/chart"
)

// A Subject is what a report is about: some runs at a version of the lake.
type Subject struct {
	Evaluations []string // run ids of eval.runs, by their start
	Trainings   []string // run ids of train.runs, by their start
	Rights      bool     // whoever asks has the rights to pass on what people answered

	lake   Lake
	labels map[string]string      // of runs
	kinds  map[string]string      // of evaluations: what was asked, in which languages
	styles map[string]chart.Style // of runs, the same for the same model
}

// Open finds runs by their ids in eval.runs and train.runs, by the name of a suite
// in eval.suites, or as latest, the newest evaluation (of a lake without one the
// newest training). A training run brings the evaluations of what it trained, an
// evaluation the training of what it asked.
func Open(ctx context.Context, l Lake, runs []string) (*Subject, error) {
	s := &Subject{lake: l}
	if err := s.checkShape(ctx); err != nil {
		return nil, err
	}
	for _, run := range runs {
		if err := s.find(ctx, run); err != nil {
			return nil, err
		}
	}
	if err := s.complete(ctx); err != nil {
		return nil, err
	}
	return s, s.name(ctx)
}

// checkShape refuses tables of eval that an older alignctl left without a column.
func (s *Subject) checkShape(ctx context.Context) error {
	for _, spec := range eval.Specs() {
		if !s.lake.Has(spec.Name) {
			continue
		}
		have, err := s.column(ctx, "select column_name from duckdb_columns() where schema_name || '.' || table_name = "+quote(spec.Name))
		if err != nil {
			return err
		}
		for _, c := range spec.Columns {
			if !slices.Contains(have, c.Name) {
				return fmt.Errorf("read table %s: an older alignctl wrote it, without the column %s: score or ask its runs again, "+
					"which says how", spec.Name, c.Name)
			}
		}
	}
	return nil
}

// The tables that a lake may lack.
const (
	evalRuns        = "eval.runs"
	evalSamples     = "eval.samples"
	evalScorings    = "eval.scorings"
	evalScores      = "eval.scores"
	evalMetrics     = "eval.metrics"
	evalSuites      = "eval.suites"
	strengths       = "core.strength"
	surveyQuestions = "core.wvs_question"
	trainRuns       = "train.runs"
	trainModels     = "train.models"
	trainSteps      = "train.steps"
)

// find finds a run of the user's, or those of a suite.
func (s *Subject) find(ctx context.Context, run string) error {
	for _, kind := range []struct {
		table string
		ids   *[]string
	}{{evalRuns, &s.Evaluations}, {trainRuns, &s.Trainings}} {
		if !s.lake.Has(kind.table) {
			continue
		}
		where := "run_id = " + quote(run)
		if run == eval.Latest {
			where = "true"
		}
		found, err := s.column(ctx, "select run_id from "+kind.table+" where "+where+" order by started_at desc, run_id desc limit 1")
		if err != nil {
			return err
		}
		if len(found) > 0 {
			*kind.ids = append(*kind.ids, found...)
			return nil
		}
	}
	if s.lake.Has(evalSuites) {
		of, err := s.column(ctx, "select distinct run_id from eval.suites where name = "+quote(run))
		if err != nil || len(of) > 0 {
			s.Evaluations = append(s.Evaluations, of...)
			return err
		}
	}
	return fmt.Errorf("find run %q: it is neither a run of eval.runs or train.runs nor a suite of eval.suites "+
		"(see them with: alignctl runs ls)", run)
}

// column gives the texts of a query's only column.
func (s *Subject) column(ctx context.Context, query string) (texts []string, err error) {
	t, err := s.lake.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	for _, r := range t.rows() {
		texts = append(texts, r.text(t.Columns[0]))
	}
	return texts, nil
}

// complete adds what belongs to the runs that were named, and orders them.
func (s *Subject) complete(ctx context.Context) (err error) {
	asked, trained := "run_id in "+list(s.Evaluations), "run_id in "+list(s.Trainings)
	if s.lake.Has(evalRuns) && s.lake.Has(trainModels) {
		const made = " from train.models m join eval.runs r on m.sha256 in (r.model_sha256, r.adapter_sha256) where "
		asked += " or run_id in (select r.run_id" + made + "m.run_id in " + list(s.Trainings) + ")"
		trained += " or run_id in (select m.run_id" + made + "r.run_id in " + list(s.Evaluations) + ")"
	}
	if s.Trainings, err = s.byStart(ctx, trainRuns, trained); err == nil {
		s.Evaluations, err = s.byStart(ctx, evalRuns, asked)
	}
	return err
}

// byStart are the runs of a table for which a condition holds, in their order.
func (s *Subject) byStart(ctx context.Context, table, condition string) ([]string, error) {
	if !s.lake.Has(table) {
		return nil, nil
	}
	return s.column(ctx, "select run_id from "+table+" where "+condition+" order by started_at, run_id")
}

// quote is a text as SQL has it.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// list is texts as a list of SQL that is never empty.
func list(texts []string) string {
	quoted := []string{"''"}
	for i, t := range texts {
		if quoted = append(quoted, quote(t)); i == 0 {
			quoted = quoted[1:]
		}
	}
	return "(" + strings.Join(quoted, ", ") + ")"
}

// label is how a figure calls a run.
func (s *Subject) label(run string) string {
	if label, known := s.labels[run]; known {
		return label
	}
	return run
}

// namesQuery gives, for each run, where its model is, which model that is, and
// what it was asked.
func (s *Subject) namesQuery() string {
	var parts []string
	if s.has(evalRuns) {
		parts = append(parts, `select run_id, coalesce(served_model, adapter_path, model_path) as path,
  coalesce(adapter_sha256, nullif(model_sha256, ''), served_model, model_path) as model,
  concat_ws(' ', suite, array_to_string(languages, ' ')) as kind, started_at from eval.runs`)
	}
	if s.has(trainRuns) {
		saved := "select '' as run_id, '' as path, '' as sha256"
		if s.has(trainModels) {
			saved = "select run_id, min(path) as path, min(sha256) as sha256 from train.models group by run_id"
		}
		parts = append(parts, `select r.run_id, coalesce(m.path, r.method || ' ' || r.run_id) as path, coalesce(m.sha256, r.run_id) as model,
  '' as kind, r.started_at
from train.runs r left join (`+saved+`) m on m.run_id = r.run_id`)
	}
	return strings.Join(parts, "\nunion all\n") + "\norder by started_at, run_id"
}

// name gives the runs labels: the end of the path of what they asked or made, as
// long as it takes to tell different models apart.
func (s *Subject) name(ctx context.Context) error {
	t, err := s.lake.Query(ctx, s.namesQuery())
	if err != nil {
		return err
	}
	s.labels, s.kinds, s.styles = map[string]string{}, map[string]string{}, map[string]chart.Style{}
	models, paths := map[string]string{}, map[string]string{} // of runs; of models
	for _, r := range t.rows() {
		run, model, path := r.text("run_id"), r.text("model"), r.text("path")
		s.labels[run], s.kinds[run], models[run] = endOf(path, 1), r.text("kind"), model
		if !slices.Contains(s.runs(), run) {
			continue
		}
		if have, known := paths[model]; !known || len(path) < len(have) {
			paths[model] = path
		}
	}
	styles := map[string]chart.Style{} // of models
	for _, run := range s.runs() {
		if _, known := styles[models[run]]; !known {
			styles[models[run]] = chart.Style(len(styles))
		}
		s.styles[run] = styles[models[run]]
	}
	short := shorten(paths)
	for _, r := range t.rows() {
		if label, known := short[r.text("model")]; known {
			s.labels[r.text("run_id")] = label
		}
	}
	s.tellApart()
	return nil
}

// tellApart adds the end of its id to the label of a run whose model was asked
// for the same more than once.
func (s *Subject) tellApart() {
	times := map[string]int{}
	for _, run := range s.Evaluations {
		times[s.labels[run]+" "+s.kinds[run]]++
	}
	for _, run := range s.Evaluations {
		if times[s.labels[run]+" "+s.kinds[run]] > 1 {
			s.labels[run] += " ·" + run[strings.LastIndex(run, "-")+1:]
		}
	}
}

// shorten gives each text its last parts between slashes, as many as tell the
// different ones apart.
func shorten(paths map[string]string) map[string]string {
	short := map[string]string{}
	for parts := 1; parts <= 8; parts++ {
		whole := map[string]string{} // by its short form
		clash := false
		for key, path := range paths {
			end := endOf(path, parts)
			if other, taken := whole[end]; taken && other != path {
				clash = true
			}
			short[key], whole[end] = end, path
		}
		if !clash {
			break
		}
	}
	return short
}

func endOf(path string, parts int) string {
	names := strings.Split(strings.TrimRight(path, "/"), "/")
	return strings.Join(names[max(0, len(names)-parts):], "/")
}
