package eval

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/internal/ranking"
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
	Run         string       // run id in eval.samples, or Latest
	Suite       string       // "": Associations
	Population  string       // of core.strength; "": DefaultPopulation
	Parser      reply.Parser // "": reply.Default
	Ks          []int        // of Associations; nil: DefaultKs
	Norms       NormOptions
	AsPublished []Defect // to repeat, in any order
	Bootstrap   stat.Bootstrap
	Command     string
	Version     string // of alignctl
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

// A suite measures something of a run's answers.
type suite struct {
	needs   []string // tables of people's answers
	config  func(ScoreOptions) map[string]any
	read    func(*scorer, context.Context, *lake.Run) error
	score   func(*scorer, context.Context)
	defects []Defect
}

// Survey is the suite of package eval/wvs.
const Survey = "wvs"

// The suites of Score.
const (
	Associations = "associations" // an answer's words against people's
	Norms        = "norms"        // how people rate an answer's words, against how they rate people's
	Ranking      = "ranking"      // the order into which an answer puts words, against people's
)

var suites = map[string]suite{Associations: associationsSuite, Norms: normsSuite, Ranking: rankingSuite}

// Suites are their names.
func Suites() []string { return slices.Sorted(maps.Keys(suites)) }

// Score scores the answers of a run (the first sample of each item) against
// people's and publishes a scoring: rows of eval.scorings, eval.scores and
// eval.metrics. Scoring again in the same way changes nothing; another way adds
// rows.
func Score(ctx context.Context, l *lake.Lake, o ScoreOptions) (_ Scored, err error) {
	o = o.withDefaults()
	if err := o.Validate(); err != nil {
		return Scored{}, err
	}
	run, err := Begin(ctx, l, o.info(), append([]string{SamplesTable.Name}, suites[o.Suite].needs...)...)
	if err != nil {
		return Scored{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	if o.Run, err = FindRun(ctx, run.Session(), o.Run); err != nil {
		return Scored{}, err
	}
	s := scorer{options: o, suite: suites[o.Suite]}
	if err := s.work(ctx, run); err != nil {
		return Scored{}, err
	}
	if _, err := run.Publish(ctx, lake.Done); err != nil {
		return Scored{}, err
	}
	return s.result(), nil
}

func (o ScoreOptions) withDefaults() ScoreOptions {
	if o.Suite == "" {
		o.Suite = Associations
	}
	if o.Population == "" {
		o.Population = DefaultPopulation
	}
	if o.Parser == "" {
		o.Parser = reply.Default
	}
	if len(o.Ks) == 0 {
		o.Ks = DefaultKs()
	}
	if o.Norms.Words == 0 {
		o.Norms.Words = DefaultNormWords
	}
	o.AsPublished = slices.Sorted(slices.Values(o.AsPublished))
	o.Bootstrap = o.Bootstrap.WithDefaults()
	return o
}

// Validate refuses options that can't be met on any lake.
func (o ScoreOptions) Validate() error {
	o = o.withDefaults()
	if _, known := suites[o.Suite]; !known {
		return fmt.Errorf("score suite %q: there are %s", o.Suite, strings.Join(Suites(), ", "))
	}
	for i, k := range o.Ks {
		if k < 1 {
			return fmt.Errorf("score precision at k: k is %d, must be at least 1", k)
		}
		if slices.Contains(o.Ks[:i], k) {
			return fmt.Errorf("score precision at k: k = %d is given twice", k)
		}
	}
	return errors.Join(o.Parser.Validate(), o.Norms.validate(), validateDefects("score "+o.Suite, suites[o.Suite].defects, o.AsPublished), o.Bootstrap.Validate())
}

func (o ScoreOptions) info() lake.RunInfo {
	config := o.config()
	config["run"] = o.Run
	return lake.RunInfo{Command: o.Command, Version: o.Version, Config: config}
}

// config is all that decides a scoring's rows, besides the run.
func (o ScoreOptions) config() map[string]any {
	config := map[string]any{"suite": o.Suite, "bootstrap": o.Bootstrap}
	if len(o.AsPublished) > 0 {
		config["as_published"] = o.AsPublished
	}
	maps.Copy(config, suites[o.Suite].config(o))
	return config
}

func (o ScoreOptions) repeats(d Defect) bool { return slices.Contains(o.AsPublished, d) }

// A scorer is the work of one Score call.
type scorer struct {
	options ScoreOptions
	suite   suite
	answers []answer
	gold    map[key]Gold
	rivals  []rival                        // of Associations
	ratings ratings                        // of Norms
	labels  map[string][]ranking.Associate // of Ranking, by item

	id          string
	scoring     Scoring
	withoutGold []string
	warnings    []string
}

// work scores and writes.
func (s *scorer) work(ctx context.Context, run *lake.Run) (err error) {
	s.scoring = Scoring{RunID: s.options.Run, Suite: s.options.Suite, People: map[string]string{}, Version: s.options.Version}
	if _, err := run.InputScope(ctx, SamplesTable.Name, s.options.Run); err != nil {
		return err
	}
	if s.answers, err = readAnswers(ctx, run.Session(), s.options.Run); err != nil {
		return err
	}
	if s.options.repeats(NullCueLost) {
		s.answers = slices.DeleteFunc(s.answers, func(a answer) bool { return slices.Contains(lostCues, a.cue) })
		if len(s.answers) == 0 {
			return fmt.Errorf("score run %q as published: it has no cue but those that get lost", s.options.Run)
		}
	}
	if err := s.suite.read(s, ctx, run); err != nil {
		return err
	}
	s.suite.score(s, ctx)
	s.scoring.Options = s.options.config()
	s.id, err = s.scoring.Write(ctx, run)
	return err
}

// readPeople reads people's responses to the cues.
func (s *scorer) readPeople(ctx context.Context, run *lake.Run) (err error) {
	s.scoring.Population, s.scoring.Parser = s.options.Population, string(s.options.Parser)
	if err := s.input(ctx, run, strengthTable); err != nil {
		return err
	}
	const asked = "select language, cue from eval.samples where run_id = $2"
	associates, err := readAssociates(ctx, run.Session(), asked, s.options.Population, s.options.Run)
	if err == nil && len(associates) == 0 {
		err = noGold(ctx, run.Session(), s.options)
	}
	s.gold = make(map[key]Gold, len(associates))
	for k, list := range associates {
		if s.options.repeats(RawGold) {
			s.gold[k] = newRawGold(list)
			continue
		}
		s.gold[k] = NewGold(k.cue, list)
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

// withGold gives the answers whose cues have human responses, and notes the
// others.
func (s *scorer) withGold() (answers []answer) {
	for _, a := range s.answers {
		if _, known := s.gold[a.key]; known {
			answers = append(answers, a)
		} else {
			s.withoutGold = append(s.withoutGold, a.cue)
		}
	}
	return answers
}

// parse reads the list of associates in an answer.
func (s *scorer) parse(a answer) reply.List {
	return s.options.Parser.Parse(a.output, a.cue, a.language)
}

// keep adds an item's values to the scores.
func (s *scorer) keep(a answer, values []CueScore) {
	for _, v := range values {
		s.scoring.Scores = append(s.scoring.Scores, ScoreRow{ItemID: a.item, Language: a.language, Cue: &a.cue,
			Metric: v.Metric, Value: v.Value, Status: string(v.Status)})
	}
}

// A group is values whose means are a slice of eval.metrics.
type group struct {
	slice  string
	method []string // what to say of the slice
	scores []CueScore
}

// means adds the mean over cues of each metric of each group.
func (s *scorer) means(groups ...group) {
	var t Tally
	methods := map[string][]string{}
	for _, g := range groups {
		methods[g.slice] = g.method
		for _, c := range g.scores {
			t.Add(g.slice, c.Metric, c.Value)
		}
	}
	for _, row := range t.Means(s.options.Bootstrap) {
		s.add(row, slices.Concat(methods[row.Slice], []string{"mean over cues", s.options.Bootstrap.String()})...)
	}
}

// count adds a number of cues among those asked.
func (s *scorer) count(metric string, n int) {
	value := float64(n)
	s.add(MetricRow{Metric: metric, Value: &value, N: int64(len(s.answers)), Seed: int64(s.options.Bootstrap.Seed)},
		"count among the cues asked")
}

// add adds a metric, whose method says whom and what it is about, too.
func (s *scorer) add(row MetricRow, method ...string) {
	about := []string{fmt.Sprintf("population %s, split %s", s.options.Population, s.answers[0].split)}
	if s.options.Parser != reply.Default {
		about = append(about, "parser "+string(s.options.Parser))
	}
	for _, d := range s.options.AsPublished {
		about = append(about, "as published: "+string(d))
	}
	row.Method = strings.Join(append(about, method...), "; ")
	s.scoring.Metrics = append(s.scoring.Metrics, row)
}

func (s *scorer) result() Scored {
	result := Scored{RunID: s.options.Run, ScoringID: s.id, Metrics: s.scoring.Metrics, WithoutGold: s.withoutGold,
		Warnings: s.warnings}
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
