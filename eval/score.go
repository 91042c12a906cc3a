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

// Associations is the suite that holds an answer's words against people's.
const Associations = "associations"

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
	ScoringID   string
	Against     string // of Compare: the scoring whose values are taken off
	Metrics     []MetricRow
	WithoutGold []string // cues asked that have no human responses, left out
	Warnings    []string
}

// Score scores the answers of a run (the first sample of each item) against
// people's responses and publishes a scoring: rows of eval.scorings, eval.scores
// and eval.metrics. Scoring again in the same way changes nothing; another way
// adds rows.
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
	s := scorer{options: o}
	if err := s.read(ctx, run); err != nil {
		return Scored{}, err
	}
	s.score()
	if s.id, err = s.scoring.Write(ctx, run); err != nil {
		return Scored{}, err
	}
	if _, err := run.Publish(ctx, lake.Done); err != nil {
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
	config := o.config()
	config["run"] = o.Run
	return lake.RunInfo{Command: o.Command, Version: o.Version, Config: config}
}

// config is all that decides a scoring's rows, besides the run.
func (o ScoreOptions) config() map[string]any {
	return map[string]any{"suite": Associations, "population": o.Population, "k": o.Ks, "bootstrap": o.Bootstrap}
}

// A scorer is the work of one Score call.
type scorer struct {
	options ScoreOptions
	answers []answer
	gold    map[key]Gold

	id          string
	scoring     Scoring
	withoutGold []string
}

// read reads the answers and what people say.
func (s *scorer) read(ctx context.Context, run *lake.Run) (err error) {
	id := s.options.Run
	s.scoring = Scoring{RunID: id, Suite: Associations, Options: s.options.config(), Population: s.options.Population,
		People: map[string]string{}, Version: s.options.Version}
	if _, err := run.InputScope(ctx, SamplesTable.Name, id); err != nil {
		return err
	}
	if s.answers, err = readAnswers(ctx, run.Session(), id); err != nil {
		return err
	}
	if err := s.input(ctx, run, strengthTable); err != nil {
		return err
	}
	const asked = "select language, cue from eval.samples where run_id = $2"
	s.gold, err = readGold(ctx, run.Session(), asked, s.options.Population, id)
	if err == nil && len(s.gold) == 0 {
		err = noGold(ctx, run.Session(), s.options)
	}
	return err
}

// input records what people say in the languages of the run's cues as inputs,
// and the digest of the table.
func (s *scorer) input(ctx context.Context, run *lake.Run, table string) error {
	scopes, err := run.InputScopes(ctx, table, "language in (select language from eval.samples where run_id = ?)",
		s.options.Run)
	if err != nil || len(scopes) == 0 {
		return err
	}
	pin, err := run.InputScope(ctx, table, scopes[0])
	s.scoring.People[table] = pin.Digest
	return err
}

// score scores each answer that has gold and sums up.
func (s *scorer) score() {
	var scores []CueScore
	for _, a := range s.answers {
		people, known := s.gold[a.key]
		if !known {
			s.withoutGold = append(s.withoutGold, a.cue)
			continue
		}
		for _, score := range ScoreAnswer(a.cue, reply.Parse(a.output, a.cue), people, s.options.Ks) {
			scores = append(scores, score)
			s.scoring.Scores = append(s.scoring.Scores, ScoreRow{ItemID: a.item, Language: a.language, Cue: &a.cue,
				Metric: score.Metric, Value: score.Value, Status: string(score.Status)})
		}
	}
	for _, m := range Summarise(scores, s.options.Bootstrap) {
		row := estimateRow(m.Name, m.Estimate, s.options.Bootstrap)
		row.Method = s.people() + "; mean over cues; " + s.options.Bootstrap.String()
		s.scoring.Metrics = append(s.scoring.Metrics, row)
	}
	without := float64(len(s.withoutGold))
	s.scoring.Metrics = append(s.scoring.Metrics, MetricRow{Metric: CuesWithoutGold, Value: &without,
		N: int64(len(s.answers)), Method: s.people() + "; count among the cues asked", Seed: int64(s.options.Bootstrap.Seed)})
}

func (s *scorer) people() string {
	return fmt.Sprintf("population %s, split %s", s.options.Population, s.answers[0].split)
}

func (s *scorer) result() Scored {
	result := Scored{RunID: s.options.Run, ScoringID: s.id, Metrics: s.scoring.Metrics, WithoutGold: s.withoutGold}
	if n := len(s.withoutGold); n > 0 {
		result.Warnings = append(result.Warnings, fmt.Sprintf(
			"%d cues have no responses of population %q and are left out: %s", n, s.options.Population, first(s.withoutGold, 5)))
	}
	if s.answers[0].split == trainSplit {
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
