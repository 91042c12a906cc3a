package eval

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"alignctl/internal/stat"
	"alignctl/lake"
)

// metricsQuery gives a run's rows of eval.metrics.
const metricsQuery = `
select run_id, scoring_id, metric, slice, against, value, stderr, ci_low, ci_high, p_value, p_holm, effect, mde,
	n, method, seed
from eval.metrics
where run_id = $1
order by scoring_id, metric, slice, against`

// readMetrics reads what eval.metrics holds of a run; nothing where the lake
// has no such table yet.
func readMetrics(ctx context.Context, s *lake.Session, run string) ([]MetricRow, error) {
	if held, err := holds(ctx, s, MetricsTable); err != nil || !held {
		return nil, err
	}
	var metrics []MetricRow
	err := s.Each(ctx, metricsQuery, []any{run}, func(rows *sql.Rows) error {
		var m MetricRow
		err := rows.Scan(&m.RunID, &m.ScoringID, &m.Metric, &m.Slice, &m.Against, &m.Value, &m.StdErr, &m.CILow, &m.CIHigh,
			&m.PValue, &m.PHolm, &m.Effect, &m.MDE, &m.N, &m.Method, &m.Seed)
		metrics = append(metrics, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read metrics of run %q: %w", run, err)
	}
	return metrics, nil
}

// dropComparisons takes out of eval.metrics what rests on a scoring's scores:
// its comparisons with others, and theirs with it.
func dropComparisons(ctx context.Context, run *lake.Run, id string) error {
	if held, err := holds(ctx, run.Session(), MetricsTable); err != nil || !held {
		return err
	}
	scopes, err := texts(ctx, run.Session(), "select distinct run_id from eval.metrics "+
		"where against = $1 or scoring_id = $1 and against <> '' order by all", id)
	if err != nil {
		return fmt.Errorf("find comparisons with scoring %q: %w", id, err)
	}
	for _, scope := range scopes {
		metrics, err := readMetrics(ctx, run.Session(), scope)
		if err != nil {
			return err
		}
		kept := slices.DeleteFunc(metrics, func(m MetricRow) bool {
			return m.Against != "" && (m.ScoringID == id || m.Against == id)
		})
		if _, err := lake.ReplaceRows(ctx, run, MetricsTable, scope, kept); err != nil {
			return err
		}
	}
	return nil
}

// estimateRow is a row of eval.metrics with the figures of an estimate by a
// bootstrap.
func estimateRow(metric string, e stat.Estimate, b stat.Bootstrap) MetricRow {
	row := MetricRow{Metric: metric, StdErr: e.StdErr, CILow: e.Low, CIHigh: e.High, N: int64(e.N), Seed: int64(b.Seed)}
	if e.N > 0 {
		row.Value = &e.Value
	}
	return row
}

// A Tally gathers items' values by slice and metric. The order in which items
// come is part of the resampling: keep it fixed.
type Tally struct {
	figures []sliced // in the order in which they first come
	samples []stat.Sample
	places  map[sliced]int
}

// A sliced is a metric of a slice of the items.
type sliced struct{ slice, metric string }

// Add adds an item's value.
func (t *Tally) Add(slice, metric string, value float64) {
	figure := sliced{slice, metric}
	place, known := t.places[figure]
	if !known {
		if t.places == nil {
			t.places = map[sliced]int{}
		}
		place = len(t.figures)
		t.places[figure] = place
		t.figures, t.samples = append(t.figures, figure), append(t.samples, stat.Sample{})
	}
	t.samples[place].Values = append(t.samples[place].Values, value)
}

// Means gives the mean over items of each metric in each slice, without a
// method.
func (t *Tally) Means(b stat.Bootstrap) []MetricRow {
	rows := make([]MetricRow, len(t.figures))
	for i, e := range b.Means(t.samples...) {
		rows[i] = estimateRow(t.figures[i].metric, e, b)
		rows[i].Slice = t.figures[i].slice
	}
	return rows
}
