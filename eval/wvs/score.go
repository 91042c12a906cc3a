package wvs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/eval"
	"alignctl/internal/reply"
	"alignctl/internal/stat"
	"alignctl/lake"
)

// ItemsWithoutPeople counts the items that the run asked and that not both
// countries answered, ItemsLeaked those that the leak filter dropped.
const (
	ItemsWithoutPeople = "items_without_people"
	ItemsLeaked        = "items_leaked"
	HighTensionMetric  = "high_tension" // 1: among the items with the highest tension
)

// ScoreOptions says how to score a run.
type ScoreOptions struct {
	Run         string // run id in eval.runs
	People      People // two countries
	Normalise   string // PlainSum ("") or one of Normalisations: likelihoods of answers
	Nearer      string // ByDistribution ("") or ByMode
	HighTension int    // how many items are of high tension; 0: DefaultHighTension
	Epsilon     float64
	Leak        string // data set whose training cues may not stand in a question's words; "": no filter
	Texts       string // source of these words; "": all
	Published   Published
	Bootstrap   stat.Bootstrap
	Command     string
	Version     string // of alignctl
}

// Score holds a run's answers against those of people in two countries and
// publishes a scoring: rows of eval.scorings, eval.scores and eval.metrics.
func Score(ctx context.Context, l *lake.Lake, o ScoreOptions) (_ eval.Scored, err error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return eval.Scored{}, err
	}
	run, err := eval.Begin(ctx, l, lake.RunInfo{Command: o.Command, Version: o.Version, Config: o.config()},
		eval.RunsTable.Name, ReadoutsTable.Name, distributionTable)
	if err != nil {
		return eval.Scored{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	if o.Run, err = eval.FindRun(ctx, run.Session(), o.Run); err != nil {
		return eval.Scored{}, err
	}
	s := scorer{options: o}
	if err := s.read(ctx, run); err != nil {
		return eval.Scored{}, err
	}
	s.score()
	scored := eval.Scored{RunID: o.Run, Metrics: s.scoring.Metrics, Warnings: s.warnings}
	if scored.ScoringID, err = s.scoring.Write(ctx, run); err != nil {
		return eval.Scored{}, err
	}
	_, err = run.Publish(ctx, lake.Done)
	return scored, err
}

func (o ScoreOptions) withDefaults() ScoreOptions {
	if o.Normalise == "" {
		o.Normalise = PlainSum
	}
	if o.Nearer == "" {
		o.Nearer = ByDistribution
	}
	if o.HighTension == 0 {
		o.HighTension = DefaultHighTension
	}
	if o.Epsilon == 0 {
		o.Epsilon = DefaultEpsilon
	}
	if o.Leak != "" && !strings.Contains(o.Leak, ".") {
		o.Leak = "data." + o.Leak
	}
	o.Bootstrap = o.Bootstrap.WithDefaults()
	return o
}

func (o ScoreOptions) validate() error {
	countries := o.People.Countries
	switch {
	case len(countries) != 2:
		return fmt.Errorf("score answers between %d countries: want two", len(countries))
	case countries[0].Code == countries[1].Code:
		return fmt.Errorf("score answers between %s: want two different countries", list(countries))
	case !slices.Contains(Normalisations(), o.Normalise):
		return fmt.Errorf("score answers: normalisation %q is none of %s", o.Normalise, strings.Join(Normalisations(), ", "))
	case o.Nearer != ByDistribution && o.Nearer != ByMode:
		return fmt.Errorf("score answers: nearer by %q: want %s or %s", o.Nearer, ByDistribution, ByMode)
	case o.HighTension < 1:
		return fmt.Errorf("score answers: %d items of high tension: want at least 1", o.HighTension)
	case !(o.Epsilon > 0):
		return fmt.Errorf("score answers: epsilon %g must be above 0", o.Epsilon)
	}
	return o.Bootstrap.Validate()
}

// config is all that decides a scoring's rows, besides the run.
func (o ScoreOptions) config() map[string]any {
	return map[string]any{"suite": Suite, "countries": list(o.People.Countries), "weighted": o.People.Weighted,
		"normalise": o.Normalise, "nearer": o.Nearer, "high_tension": o.HighTension, "epsilon": o.Epsilon, "leak": o.Leak,
		"texts": o.Texts, "published": o.Published, "bootstrap": o.Bootstrap}
}

// A scorer is the work of one Score call.
type scorer struct {
	options  ScoreOptions
	survey   Survey
	language string
	shown    map[string][]shown
	leaked   map[string]bool

	scoring  eval.Scoring
	results  []result // in the order of the questionnaire
	warnings []string
}

// A result is an item with the values of its metrics.
type result struct {
	item     Item
	status   reply.Status
	tense    bool // among the items with the highest tension
	measures []measure
}

// read reads what people and the model answered.
func (s *scorer) read(ctx context.Context, run *lake.Run) (err error) {
	session := run.Session()
	if s.survey, err = s.options.People.Read(ctx, session); err != nil {
		return err
	}
	s.options.People.Countries = s.survey.Countries
	for _, table := range []string{eval.SamplesTable.Name, ReadoutsTable.Name} {
		if _, err := run.InputScope(ctx, table, s.options.Run); err != nil {
			return err
		}
	}
	if s.shown, err = readShown(ctx, session, s.options.Run); err != nil {
		return err
	}
	if s.language, err = languageOf(ctx, session, s.options.Run); err != nil {
		return err
	}
	if s.options.Leak != "" {
		if _, err := run.Input(ctx, s.options.Leak); err != nil {
			return err
		}
		if s.leaked, err = leaked(ctx, session, s.options.Leak, s.language, s.options.Texts); err != nil {
			return err
		}
	}
	s.scoring = eval.Scoring{RunID: s.options.Run, Suite: Suite, Options: s.options.config(),
		Population: list(s.survey.Countries), Parser: "option", Version: s.options.Version}
	s.scoring.People, err = s.survey.record(ctx, run)
	return err
}

// record says that a run reads the survey, and gives the digests of its tables.
func (s Survey) record(ctx context.Context, run *lake.Run) (map[string]string, error) {
	digests := map[string]string{}
	for _, table := range []string{questionTable, optionTable, distributionTable} {
		for _, c := range s.Countries {
			pin, err := run.InputScope(ctx, table, c.Source)
			if err != nil {
				return nil, err
			}
			digests[table] = pin.Digest
		}
	}
	return digests, nil
}

// languageOf is the language in which a run asked.
func languageOf(ctx context.Context, s *lake.Session, run string) (language string, err error) {
	query := "select any_value(language order by language) from eval.samples where run_id = $1"
	err = s.Each(ctx, query, []any{run}, func(rows *sql.Rows) error { return rows.Scan(&language) })
	return language, err
}

// score scores each item that the run asked and people answered, and sums up.
func (s *scorer) score() {
	without, dropped, tense := len(s.shown), 0, 0
	r := reading{normalise: s.options.Normalise, published: s.options.Published}
	for _, c := range s.survey.contrasts(s.options.Published) { // the highest tension first
		all, asked := s.shown[c.Item.Question]
		if !asked {
			continue
		}
		without--
		if s.leaked[c.Item.Question] {
			dropped++
			continue
		}
		high := c.Tension != nil && tense < s.options.HighTension
		if high {
			tense++
		}
		s.results = append(s.results, s.result(c, high, r.read(all)))
	}
	slices.SortStableFunc(s.results, func(a, b result) int { return a.item.Number - b.item.Number })
	s.rows()
	s.summarise()
	s.count(ItemsWithoutPeople, without)
	if s.options.Leak != "" {
		s.count(ItemsLeaked, dropped)
	}
}
