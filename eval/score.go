package eval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/internal/reply"
	"alignctl/internal/stat"
	"alignctl/lake"
)

// Latest names the newest run of eval.runs.
const Latest = "latest"

// DefaultPopulation is whose responses count where the options don't say.
const DefaultPopulation = "all"

// DefaultKs are the k of the precision at k.
func DefaultKs() []int { return []int{5, 10, 20, 30, 40, 50} }

// ScoreOptions says how to score a run.
type ScoreOptions struct {
	Run        string // run id in eval.samples, or Latest
	Population string // of core.strength; "": DefaultPopulation
	Ks         []int  // nil: DefaultKs
	Bootstrap  stat.Bootstrap
	Command    string
	Version    string // of alignctl
}

// A Scored is what Score or Compare published.
type Scored struct {
	RunID       string
	Against     string // of Compare: the run whose values are taken off
	Metrics     []MetricRow
	WithoutGold []string // cues asked that have no human responses, left out
	Warnings    []string
}

// Score scores the answers of a run (the first sample of each item) against
// people's responses and publishes eval.scores and eval.metrics, in place of
// the run's earlier ones. Scoring again in the same way changes nothing.
// Comparisons with the run stay while its scores do, and go when these change.
func Score(ctx context.Context, l *lake.Lake, o ScoreOptions) (_ Scored, err error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return Scored{}, err
	}
	run, err := begin(ctx, l, o.info(), SamplesTable.Name, strengthTable)
	if err != nil {
		return Scored{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	if o.Run, err = findRun(ctx, run.Session(), o.Run); err != nil {
		return Scored{}, err
	}
	if err := o.record(ctx, run); err != nil {
		return Scored{}, err
	}
	answers, err := readAnswers(ctx, run.Session(), o.Run)
	if err != nil {
		return Scored{}, err
	}
	gold, err := readGold(ctx, run.Session(), "select language, cue from eval.samples where run_id = $2", o.Population, o.Run)
	if err == nil && len(gold) == 0 {
		err = noGold(ctx, run.Session(), o)
	}
	if err != nil {
		return Scored{}, err
	}
	s := scoring{options: o, split: answers[0].split}
	s.score(answers, gold)
	if err := s.publish(ctx, run); err != nil {
		return Scored{}, err
	}
	return s.result(), nil
}

func (o ScoreOptions) withDefaults() ScoreOptions {
	if o.Population == "" {
		o.Population = DefaultPopulation
	}
	if len(o.Ks) == 0 {
		o.Ks = DefaultKs()
	}
	o.Bootstrap = o.Bootstrap.WithDefaults()
	return o
}

func (o ScoreOptions) validate() error {
	for i, k := range o.Ks {
		if k < 1 {
			return fmt.Errorf("score precision at k: k is %d, must be at least 1", k)
		}
		if slices.Contains(o.Ks[:i], k) {
			return fmt.Errorf("score precision at k: k = %d is given twice", k)
		}
	}
	return o.Bootstrap.Validate()
}

func (o ScoreOptions) info() lake.RunInfo {
	return lake.RunInfo{Command: o.Command, Version: o.Version, Config: map[string]any{
		"run": o.Run, "population": o.Population, "k": o.Ks, "bootstrap": o.Bootstrap,
	}}
}

// record says what the scores are made from: the run's answers, and what people
// say in the languages of its cues.
func (o ScoreOptions) record(ctx context.Context, run *lake.Run) error {
	if _, err := run.InputScope(ctx, SamplesTable.Name, o.Run); err != nil {
		return err
	}
	_, err := run.InputScopes(ctx, strengthTable,
		"language in (select language from eval.samples where run_id = ?)", o.Run)
	return err
}

// A scoring is the work of one Score call.
type scoring struct {
	options ScoreOptions
	split   string

	scores      []ScoreRow
	metrics     []MetricRow
	withoutGold []string
}

// score scores each answer that has gold and sums up.
func (s *scoring) score(answers []answer, gold map[key]Gold) {
	var scores []CueScore
	for _, a := range answers {
		people, known := gold[a.key]
		if !known {
			s.withoutGold = append(s.withoutGold, a.cue)
			continue
		}
		for _, score := range ScoreAnswer(a.cue, reply.Parse(a.output, a.cue), people, s.options.Ks) {
			scores = append(scores, score)
			s.scores = append(s.scores, ScoreRow{RunID: s.options.Run, Language: a.language, Cue: a.cue,
				Metric: score.Metric, Value: score.Value, ParseStatus: string(score.Status)})
		}
	}
	for _, m := range Summarise(scores, s.options.Bootstrap) {
		row := estimateRow(s.options.Run, m.Name, m.Estimate, s.options.Bootstrap)
		row.Method = s.people() + "; mean over cues; " + s.options.Bootstrap.String()
		s.metrics = append(s.metrics, row)
	}
	s.metrics = append(s.metrics, MetricRow{RunID: s.options.Run, Metric: CuesWithoutGold,
		Value: float64(len(s.withoutGold)), N: int64(len(answers)),
		Method: s.people() + "; count among the cues asked", Seed: int64(s.options.Bootstrap.Seed)})
}

func (s *scoring) people() string {
	return fmt.Sprintf("population %s, split %s", s.options.Population, s.split)
}

// publish writes scores and metrics.
func (s *scoring) publish(ctx context.Context, run *lake.Run) error {
	changed, err := s.writeScores(ctx, run)
	if err != nil {
		return err
	}
	if changed {
		if err := dropComparisons(ctx, run, s.options.Run); err != nil {
			return err
		}
	}
	comparisons, err := readMetrics(ctx, run.Session(), s.options.Run)
	if err != nil {
		return err
	}
	comparisons = slices.DeleteFunc(comparisons, func(m MetricRow) bool { return m.Against == "" })
	if len(comparisons) > 0 {
		if _, err := run.InputScope(ctx, MetricsTable.Name, s.options.Run); err != nil {
			return err
		}
	}
	metrics := append(comparisons, s.metrics...)
	if _, err := lake.ReplaceRows(ctx, run, MetricsTable, s.options.Run, metrics); err != nil {
		return err
	}
	_, err = run.Publish(ctx, lake.Done)
	return err
}

// writeScores says whether the scores differ from those that the run had.
func (s *scoring) writeScores(ctx context.Context, run *lake.Run) (changed bool, err error) {
	before, err := fingerprint(ctx, run.Session(), s.options.Run)
	if err != nil {
		return false, err
	}
	if _, err := lake.ReplaceRows(ctx, run, ScoresTable, s.options.Run, s.scores); err != nil {
		return false, err
	}
	after, err := fingerprint(ctx, run.Session(), s.options.Run)
	return before != after, err
}

// fingerprint tells contents of a run's scores apart within one session.
func fingerprint(ctx context.Context, s *lake.Session, run string) (string, error) {
	if held, err := holds(ctx, s, ScoresTable); err != nil || !held {
		return "", err
	}
	sums, err := texts(ctx, s, "select concat(count(*), ' ', sum(hash(s))) from eval.scores s where run_id = $1", run)
	if err != nil {
		return "", fmt.Errorf("read scores of run %q: %w", run, err)
	}
	return sums[0], nil
}

func (s *scoring) result() Scored {
	result := Scored{RunID: s.options.Run, Metrics: s.metrics, WithoutGold: s.withoutGold}
	if n := len(s.withoutGold); n > 0 {
		result.Warnings = append(result.Warnings, fmt.Sprintf(
			"%d cues have no responses of population %q and are left out: %s", n, s.options.Population, first(s.withoutGold, 5)))
	}
	if s.split == trainSplit {
		result.Warnings = append(result.Warnings, trainWarning)
	}
	return result
}

// first lists at most n of the names.
func first(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:n], ", ") + ", ..."
}
