package eval

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"alignctl/internal/stat"
	"alignctl/lake"
)

// CompareOptions names two scored runs, or two scorings.
type CompareOptions struct {
	Run       string // run id, scoring id, or Latest; a run stands for its newest scoring
	Against   string // whose values are taken off
	Suite     string // of the scoring that a run stands for; "": of Run's newest
	Bootstrap stat.Bootstrap
	Command   string
	Version   string // of alignctl
}

// Compare publishes, for each metric that both scorings have, the mean over
// their common items of Run's score minus Against's, with the interval and p
// value of a paired bootstrap, as rows of eval.metrics under Run's scoring.
// Runs must have been scored in the same way; scorings that are named need not.
func Compare(ctx context.Context, l *lake.Lake, o CompareOptions) (_ Scored, err error) {
	o.Bootstrap = o.Bootstrap.WithDefaults()
	if err := o.Bootstrap.Validate(); err != nil {
		return Scored{}, err
	}
	run, err := Begin(ctx, l, o.info(), ScoringsTable.Name, ScoresTable.Name, MetricsTable.Name)
	if err != nil {
		return Scored{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	c := comparison{options: o}
	if err := c.find(ctx, run.Session()); err != nil {
		return Scored{}, err
	}
	if err := c.record(ctx, run); err != nil {
		return Scored{}, err
	}
	if err := c.pair(ctx, run.Session()); err != nil {
		return Scored{}, err
	}
	if err := c.write(ctx, run); err != nil {
		return Scored{}, err
	}
	if _, err := run.Publish(ctx, lake.Done); err != nil {
		return Scored{}, err
	}
	return Scored{RunID: c.of.RunID, ScoringID: c.of.ScoringID, Against: c.against.ScoringID, Metrics: c.metrics,
		Warnings: c.warnings}, nil
}

func (o CompareOptions) info() lake.RunInfo {
	return lake.RunInfo{Command: o.Command, Version: o.Version, Config: map[string]any{
		"run": o.Run, "against": o.Against, "suite": o.Suite, "bootstrap": o.Bootstrap,
	}}
}

// A comparison is the work of one Compare call.
type comparison struct {
	options     CompareOptions
	of, against ScoringRow
	metrics     []MetricRow
	warnings    []string
}

// find finds the scorings and refuses what can't be compared.
func (c *comparison) find(ctx context.Context, s *lake.Session) (err error) {
	if c.of, err = findScoring(ctx, s, c.options.Run, c.options.Suite); err != nil {
		return err
	}
	if c.against, err = findScoring(ctx, s, c.options.Against, c.of.Suite); err != nil {
		return err
	}
	if c.of.ScoringID == c.against.ScoringID {
		return fmt.Errorf("compare %q with %q: it is the same scoring twice", c.options.Run, c.options.Against)
	}
	return c.checkWays()
}

// findScoring finds a scoring by its id, or a run's newest one of a suite.
func findScoring(ctx context.Context, s *lake.Session, name, suite string) (ScoringRow, error) {
	named, err := readScorings(ctx, s, "scoring_id = $1", name)
	if err != nil || len(named) > 0 {
		return append(named, ScoringRow{})[0], err
	}
	run, err := FindRun(ctx, s, name)
	if err != nil {
		return ScoringRow{}, err
	}
	scorings, err := readScorings(ctx, s, "run_id = $1 and $2 in ('', suite)", run, suite)
	if err == nil && len(scorings) == 0 {
		err = fmt.Errorf("compare run %[1]q: it has no scores%[2]s (alignctl eval score %[1]s)", run, ofSuite(suite))
	}
	return append(scorings, ScoringRow{})[0], err
}

func ofSuite(suite string) string {
	if suite == "" {
		return ""
	}
	return " of suite " + suite
}

// checkWays says where the scorings differ otherwise than by their runs: an
// error, unless both were named.
func (c *comparison) checkWays() error {
	if c.of.People != c.against.People {
		c.warnings = append(c.warnings, "the tables of people's answers have changed between the two scorings: "+
			"score the older one again")
	}
	ways, err := [2]string{}, error(nil)
	for i, s := range []ScoringRow{c.of, c.against} {
		if ways[i], err = s.way(); err != nil {
			return err
		}
	}
	if ways[0] == ways[1] {
		return nil
	}
	differ := fmt.Sprintf("they were scored in different ways, %s (%s) and %s (%s)", c.of.ScoringID, ways[0],
		c.against.ScoringID, ways[1])
	if c.options.Run == c.of.ScoringID && c.options.Against == c.against.ScoringID {
		c.warnings = append(c.warnings, differ)
		return nil
	}
	return fmt.Errorf("compare run %q with %q: %s; name two scorings of eval.scorings to compare them all the same",
		c.options.Run, c.options.Against, differ)
}

// way is what decides a scoring's scores: its options but for the intervals.
func (r ScoringRow) way() (string, error) {
	var options map[string]any
	if err := json.Unmarshal([]byte(r.Options), &options); err != nil {
		return "", fmt.Errorf("read options of scoring %q: %w", r.ScoringID, err)
	}
	delete(options, "bootstrap")
	return canonicalJSON(options)
}

// record says what the comparison is made from: both runs' scores, and the
// metrics that it is added to.
func (c *comparison) record(ctx context.Context, run *lake.Run) error {
	for _, id := range []string{c.of.RunID, c.against.RunID} {
		if _, err := run.InputScope(ctx, ScoresTable.Name, id); err != nil {
			return err
		}
	}
	_, err := run.InputScope(ctx, MetricsTable.Name, c.of.RunID)
	return err
}

// write puts the comparison in place of an earlier one of the two scorings.
func (c *comparison) write(ctx context.Context, run *lake.Run) error {
	others, err := readMetrics(ctx, run.Session(), c.of.RunID)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(m MetricRow) bool {
		return m.ScoringID == c.of.ScoringID && m.Against == c.against.ScoringID
	})
	_, err = lake.ReplaceRows(ctx, run, MetricsTable, c.of.RunID, append(others, c.metrics...))
	return err
}

// pairsQuery gives the values of two scorings on the same items, and null where
// only one has the item: the same cue, however it was asked for. A survey's
// questions of high tension, in both, are a slice of their own.
const pairsQuery = `
with score as (
	select run_id, scoring_id, language, coalesce(cue, item_id) as item, metric, value
	from eval.scores
),
pair as (
	select language, item, metric, a.value as x, b.value as y
	from (select * from score where run_id = $1 and scoring_id = $2) a
	full join (select * from score where run_id = $3 and scoring_id = $4) b using (language, item, metric)
),
tense as (
	select language, item from pair where metric = 'high_tension' and x = 1 and y = 1
)
select slice, metric, x, y
from (
	select '' as slice, * from pair
	union all
	select 'high_tension' as slice, * from pair semi join tense using (language, item)
)
order by slice, metric, language, item`

// pair sets the scorings' values side by side and estimates the differences.
func (c *comparison) pair(ctx context.Context, s *lake.Session) error {
	p := pairs{lone: map[string]int{}}
	args := []any{c.of.RunID, c.of.ScoringID, c.against.RunID, c.against.ScoringID}
	if err := s.Each(ctx, pairsQuery, args, p.scan); err != nil {
		return fmt.Errorf("compare run %q: %w", c.options.Run, err)
	}
	if len(p.figures) == 0 {
		return fmt.Errorf("compare run %q with %q: they have no item in common", c.options.Run, c.options.Against)
	}
	if n := p.lone[WordsMetric]; n > 0 {
		c.warnings = append(c.warnings, fmt.Sprintf("%d cues are in only one of the runs and are left out", n))
	}
	for i, d := range c.options.Bootstrap.Differences(p.scores...) {
		row := estimateRow(p.figures[i].metric, d.Estimate, c.options.Bootstrap)
		row.Slice = p.figures[i].slice
		row.RunID, row.ScoringID, row.Against = c.of.RunID, c.of.ScoringID, c.against.ScoringID
		row.PValue, row.MDE = d.P, d.Detectable
		row.Method = "mean of paired differences over items; " + c.options.Bootstrap.String()
		switch c.of.Suite {
		case Norms:
			signedRank(&row, p.scores[i])
		case Survey:
			turned(&row, p.scores[i])
		}
		c.metrics = append(c.metrics, row)
	}
	c.correct()
	return nil
}

// signedRank puts the study's test of the norms in place of the bootstrap's: of
// the distances from people it says which model is closer to them.
func signedRank(row *MetricRow, scores stat.Pairs) {
	row.Method += "; Wilcoxon signed-rank, effect: matched-pairs rank-biserial correlation"
	row.PValue = nil
	if len(scores.X) >= minPairs {
		test := stat.Wilcoxon(scores.X, scores.Y)
		row.PValue, row.Effect = test.P, test.Effect
	}
}

// turned puts the exact test of items that turned from no to yes, or back, in
// place of the bootstrap's, where all values are one or the other: the classes of
// a survey's answers before and after training.
func turned(row *MetricRow, scores stat.Pairs) {
	var gained, lost int
	for i, x := range scores.X {
		switch y := scores.Y[i]; {
		case x == 1 && y == 0:
			gained++
		case x == 0 && y == 1:
			lost++
		case x != y || x != 0 && x != 1:
			return
		}
	}
	p := stat.McNemar(gained, lost)
	row.PValue = &p
	row.Method += fmt.Sprintf("; McNemar's exact test: %d turned to yes, %d to no", gained, lost)
}

// correct corrects the p values for the number of metrics.
func (c *comparison) correct() {
	p := make([]*float64, len(c.metrics))
	for i, m := range c.metrics {
		p[i] = m.PValue
	}
	for i, corrected := range stat.Holm(p) {
		c.metrics[i].PHolm = corrected
	}
}

// pairs gathers two runs' scores by metric, from rows in the metrics' order.
type pairs struct {
	figures []sliced       // in order
	scores  []stat.Pairs   // of each
	lone    map[string]int // scores without a partner, by metric
}

func (p *pairs) scan(rows *sql.Rows) error {
	var f sliced
	var a, b sql.NullFloat64
	if err := rows.Scan(&f.slice, &f.metric, &a, &b); err != nil {
		return err
	}
	if !a.Valid || !b.Valid {
		p.lone[f.metric]++
		return nil
	}
	last := len(p.figures) - 1
	if last < 0 || p.figures[last] != f {
		last++
		p.figures, p.scores = append(p.figures, f), append(p.scores, stat.Pairs{})
	}
	scores := &p.scores[last]
	scores.X, scores.Y = append(scores.X, a.Float64), append(scores.Y, b.Float64)
	return nil
}
