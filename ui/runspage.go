package ui

import (
	stdsql "database/sql"
	"fmt"
	"slices"
	"time"

	"alignctl/lake/duck"
	"alignctl/sql"
)

// runsOnPage is how many runs of a kind a page lists.
const runsOnPage = 100

// A runsBody lists the runs of the lake.
type runsBody struct {
	Trainings   []training
	Evaluations []evaluation
	Others      []otherRun
	Page, Pages int // of Others
	All         int64
	Search      string
}

// A training is a row of train.runs.
type training struct {
	ID, Method, Base, Data, Status string
	Started                        time.Time
	Steps                          int64
	Loss, DevLoss                  stdsql.Null[float64]
}

// An evaluation is a row of eval.runs with its main figure.
type evaluation struct {
	ID, Suite, Model, Data, Split, Status string
	Started                               time.Time
	Items                                 int64
	Metric                                stdsql.Null[string]
	Value, Low, High                      stdsql.Null[float64]
}

// An otherRun is a row of meta.runs.
type otherRun struct {
	ID, Command, Status string
	Started             time.Time
	Seconds             stdsql.Null[float64]
}

const trainingsSQL = `select run_id, method, base_path, dataset, status, started_at, steps, loss, best_eval_loss
from (from train.runs where contains(lower(concat_ws(' ', run_id, method, base_path, dataset, status)), lower(%[1]s))
	order by started_at desc, run_id desc limit %[2]d)
left join (select run_id, arg_max(value, step) as loss from train.steps where metric = 'loss' group by run_id) using (run_id)
order by started_at desc, run_id desc`

const evaluationsSQL = `select run_id, suite, coalesce(served_model, adapter_path, model_path), dataset, split, status, started_at, items
from eval.runs where contains(lower(concat_ws(' ', run_id, suite, served_model, adapter_path, model_path, dataset, split, status)), lower(%[1]s))
order by started_at desc, run_id desc limit %[2]d`

// figuresSQL is a figure of each evaluation: of its newest scoring the first
// metric in this order that it has.
const figuresSQL = `select run_id, metric, value, ci_low, ci_high from eval.metrics
join eval.scorings using (run_id, scoring_id)
where slice = '' and against = '' and metric in ('p_at_5', 'emd_norm', 'js_distance_2')
qualify row_number() over (partition by run_id order by metric = 'p_at_5' desc, created_at desc, scoring_id, metric) = 1`

const othersSQL = `select run_id, command, status, started_at, epoch(ended_at) - epoch(started_at), count(*) over ()
from meta.runs where contains(lower(concat_ws(' ', run_id, command, status)), lower(%[1]s))
order by started_at desc, run_id desc limit %[2]d offset %[3]d`

func runsPage(v *visit) (page, error) {
	b := runsBody{Search: v.URL.Query().Get("search"), Page: v.pageNumber()}
	err := v.session(func(s *sql.Session) error { return b.fill(v, s) })
	b.Pages = max(1, int(b.All+runsOnPage-1)/runsOnPage)
	return page{template: "runs", Title: "Runs", Tab: "runs", Body: b, Live: b.running()}, err
}

func (b *runsBody) fill(v *visit, s *sql.Session) (err error) {
	search := duck.Literal(b.Search)
	if v.has("train.runs", "train.steps") {
		b.Trainings, err = list(v, s, fmt.Sprintf(trainingsSQL, search, runsOnPage), func(r *training, rows *sql.Rows) error {
			return rows.Scan(&r.ID, &r.Method, &r.Base, &r.Data, &r.Status, &r.Started, &r.Steps, &r.Loss, &r.DevLoss)
		})
		if err != nil {
			return err
		}
	}
	if v.has("eval.runs") {
		if b.Evaluations, err = v.evaluations(s, search); err != nil {
			return err
		}
	}
	if !v.has("meta.runs") {
		return nil
	}
	query := fmt.Sprintf(othersSQL, search, runsOnPage, (b.Page-1)*runsOnPage)
	b.Others, err = list(v, s, query, func(r *otherRun, rows *sql.Rows) error {
		return rows.Scan(&r.ID, &r.Command, &r.Status, &r.Started, &r.Seconds, &b.All)
	})
	return err
}

// evaluations lists evaluations, each with its figure where it was scored.
func (v *visit) evaluations(s *sql.Session, search string) ([]evaluation, error) {
	all, err := list(v, s, fmt.Sprintf(evaluationsSQL, search, runsOnPage), func(r *evaluation, rows *sql.Rows) error {
		return rows.Scan(&r.ID, &r.Suite, &r.Model, &r.Data, &r.Split, &r.Status, &r.Started, &r.Items)
	})
	if err != nil || !v.has("eval.metrics", "eval.scorings") {
		return all, err
	}
	at := map[string]int{}
	for i, r := range all {
		at[r.ID] = i
	}
	_, err = list(v, s, figuresSQL, func(f *evaluation, rows *sql.Rows) error {
		err := rows.Scan(&f.ID, &f.Metric, &f.Value, &f.Low, &f.High)
		if i, listed := at[f.ID]; listed {
			all[i].Metric, all[i].Value, all[i].Low, all[i].High = f.Metric, f.Value, f.Low, f.High
		}
		return err
	})
	return all, err
}

// running says whether a run is at work, so that the page may change.
func (b *runsBody) running() bool {
	const running = "running"
	return slices.ContainsFunc(b.Trainings, func(r training) bool { return r.Status == running }) ||
		slices.ContainsFunc(b.Evaluations, func(r evaluation) bool { return r.Status == running })
}
