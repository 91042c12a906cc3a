package eval

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"alignctl/internal/stat"
	"alignctl/lake"
)

// CompareOptions names two scored runs.
type CompareOptions struct {
	Run       string // run id, or Latest
	Against   string // the run whose values are taken off
	Bootstrap stat.Bootstrap
	Command   string
	Version   string // of alignctl
}

// Compare publishes, for each metric that both runs have, the mean over their
// common cues of Run's score minus Against's, with the interval and p value of
// a paired bootstrap, as rows of eval.metrics under Run. Both must have been
// scored in the same way.
func Compare(ctx context.Context, l *lake.Lake, o CompareOptions) (_ Scored, err error) {
	o.Bootstrap = o.Bootstrap.WithDefaults()
	if err := o.Bootstrap.Validate(); err != nil {
		return Scored{}, err
	}
	run, err := begin(ctx, l, o.info(), ScoresTable.Name, MetricsTable.Name)
	if err != nil {
		return Scored{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	c := comparison{options: o}
	if err := c.check(ctx, run.Session()); err != nil {
		return Scored{}, err
	}
	if err := c.record(ctx, run); err != nil {
		return Scored{}, err
	}
	if err := c.pair(ctx, run.Session()); err != nil {
		return Scored{}, err
	}
	others, err := readMetrics(ctx, run.Session(), c.options.Run)
	if err != nil {
		return Scored{}, err
	}
	others = slices.DeleteFunc(others, func(m MetricRow) bool { return m.Against == c.options.Against })
	if _, err := lake.ReplaceRows(ctx, run, MetricsTable, c.options.Run, append(others, c.metrics...)); err != nil {
		return Scored{}, err
	}
	if _, err := run.Publish(ctx, lake.Done); err != nil {
		return Scored{}, err
	}
	return Scored{RunID: c.options.Run, Against: c.options.Against, Metrics: c.metrics, Warnings: c.warnings}, nil
}

func (o CompareOptions) info() lake.RunInfo {
	return lake.RunInfo{Command: o.Command, Version: o.Version, Config: map[string]any{
		"run": o.Run, "against": o.Against, "bootstrap": o.Bootstrap,
	}}
}

// A comparison is the work of one Compare call.
type comparison struct {
	options  CompareOptions
	metrics  []MetricRow
	warnings []string
}

// check resolves the runs and refuses what can't be compared.
func (c *comparison) check(ctx context.Context, s *lake.Session) (err error) {
	if c.options.Run, err = findRun(ctx, s, c.options.Run); err != nil {
		return err
	}
	if c.options.Against, err = findRun(ctx, s, c.options.Against); err != nil {
		return err
	}
	if c.options.Run == c.options.Against {
		return fmt.Errorf("compare run %q: it is the same run twice", c.options.Run)
	}
	methods := map[string]string{}
	for _, id := range []string{c.options.Run, c.options.Against} {
		found, err := texts(ctx, s, "select any_value(method order by method) from eval.metrics "+
			"where run_id = $1 and against = '' and metric = $2 having count(*) > 0", id, CuesWithoutGold)
		if err != nil {
			return fmt.Errorf("compare run %q: %w", id, err)
		}
		if len(found) == 0 {
			return fmt.Errorf("compare run %q: it has no scores (alignctl eval score %s)", id, id)
		}
		methods[id] = found[0]
	}
	if a, b := methods[c.options.Run], methods[c.options.Against]; a != b {
		return fmt.Errorf("compare run %q with %q: they were scored in different ways, (%s) and (%s)",
			c.options.Run, c.options.Against, a, b)
	}
	return nil
}

// record says what the comparison is made from: both runs' scores, and the
// metrics that it is added to.
func (c *comparison) record(ctx context.Context, run *lake.Run) error {
	for _, id := range []string{c.options.Run, c.options.Against} {
		if _, err := run.InputScope(ctx, ScoresTable.Name, id); err != nil {
			return err
		}
	}
	_, err := run.InputScope(ctx, MetricsTable.Name, c.options.Run)
	return err
}

// pairsQuery gives the scores of two runs on the same cues, and null where
// only one has the cue.
const pairsQuery = `
select metric, a.value, b.value
from (select * from eval.scores where run_id = $1) a
full join (select * from eval.scores where run_id = $2) b using (language, cue, metric)
order by metric, language, cue`

// pair sets the runs' scores side by side and estimates the differences.
func (c *comparison) pair(ctx context.Context, s *lake.Session) error {
	p := pairs{values: map[string]*[2][]float64{}, lone: map[string]int{}}
	err := eachRow(ctx, s, pairsQuery, []any{c.options.Run, c.options.Against}, p.scan)
	if err != nil {
		return fmt.Errorf("compare run %q: %w", c.options.Run, err)
	}
	if len(p.values) == 0 {
		return fmt.Errorf("compare run %q with %q: they have no cue in common", c.options.Run, c.options.Against)
	}
	if n := p.lone[WordsMetric]; n > 0 {
		c.warnings = append(c.warnings, fmt.Sprintf("%d cues are in only one of the runs and are left out", n))
	}
	for _, metric := range p.names {
		both := p.values[metric]
		d := c.options.Bootstrap.PairedDifference(both[0], both[1])
		row := estimateRow(c.options.Run, metric, d.Estimate, c.options.Bootstrap)
		row.Against, row.PValue = c.options.Against, &d.P
		row.Method = "mean of paired differences over cues; " + c.options.Bootstrap.String()
		c.metrics = append(c.metrics, row)
	}
	return nil
}

// pairs gathers two runs' scores by metric.
type pairs struct {
	names  []string // metrics in order
	values map[string]*[2][]float64
	lone   map[string]int // scores without a partner
}

func (p *pairs) scan(rows *sql.Rows) error {
	var metric string
	var a, b sql.NullFloat64
	if err := rows.Scan(&metric, &a, &b); err != nil {
		return err
	}
	if !a.Valid || !b.Valid {
		p.lone[metric]++
		return nil
	}
	both := p.values[metric]
	if both == nil {
		both = &[2][]float64{}
		p.values[metric] = both
		p.names = append(p.names, metric)
	}
	both[0], both[1] = append(both[0], a.Float64), append(both[1], b.Float64)
	return nil
}
