package eval

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"

	"alignctl/internal/fold"
	"alignctl/internal/progress"
	"alignctl/internal/stat"
	"alignctl/lake"
)

// normTable holds people's ratings of words.
const normTable = "core.norm"

// DefaultNormWords is how many words of a list are looked up.
const DefaultNormWords = 10

// NormDimensions are the dimensions of the suite Norms.
func NormDimensions() []string { return []string{"valence", "arousal", "dominance", "concreteness"} }

const concreteness = "concreteness"

// concrete is the rating from which a word is concrete, the middle of the scale.
const concrete = 3

// minPairs is the fewest cues that a test of the norms takes.
const minPairs = 10

// NormOptions are the options of the suite Norms.
type NormOptions struct {
	Sources []string // of core.norm; nil: all, of which none may rate in the same dimension as another
	Words   int      // first words of a list that are looked up; 0: DefaultNormWords
}

func (o NormOptions) validate() error {
	if o.Words < 0 {
		return fmt.Errorf("score norms: %d words is fewer than one", o.Words)
	}
	return nil
}

// NormMetric names a figure of a dimension: valence_median.
func NormMetric(dimension, figure string) string { return dimension + "_" + figure }

// The figures of a dimension. Those of a cue are about the first words of its
// list that have a rating; people's words are the slice NormPeopleSlice.
const (
	MedianFigure        = "median"          // of the words; of a run the median of its cues'
	PeopleMedianFigure  = "people_median"   // of a cue: of people's words
	DistanceFigure      = "distance"        // between the two, without its sign
	CoverageFigure      = "coverage"        // of a cue: share of its words that have a rating
	MeanOfMediansFigure = "mean_of_medians" // of a run
	TokenCoverageFigure = "token_coverage"  // of a run: share of all words that have a rating
	TypeCoverageFigure  = "type_coverage"   // and of the different ones
	GapFigure           = "gap"             // of a run: mean over cues of the model's median minus people's
)

// NormPeopleSlice is the slice of figures of people's own words.
const NormPeopleSlice = "answers=people"

var normsSuite = suite{
	needs: []string{strengthTable, normTable},
	config: func(o ScoreOptions) map[string]any {
		return map[string]any{"population": o.Population, "parser": o.Parser, "words": o.Norms.Words, "sources": o.Norms.Sources}
	},
	read:    (*scorer).readNorms,
	score:   (*scorer).scoreNorms,
	defects: []Defect{NullCueLost, MeanOfMedians, Uncorrected},
}

// ratings are people's ratings of words, by language, dimension and folded word.
type ratings map[dimension]map[string]float64

// A dimension is what words are rated in, in a language.
type dimension struct{ language, name string }

// normsQuery gives the ratings of the languages of a run, of the spellings of a
// folded word the folded one first.
const normsQuery = `
select language, dimension, source, folded, value
from core.norm
where dimension in ('valence', 'arousal', 'dominance', 'concreteness')
	and language in (select language from eval.samples where run_id = $1)
	and ($2 = '' or list_contains(string_split($2, ','), source))
order by language, dimension, source, folded, word <> folded, word`

func (s *scorer) readNorms(ctx context.Context, run *lake.Run) error {
	if err := s.readPeople(ctx, run); err != nil {
		return err
	}
	if err := s.input(ctx, run, normTable); err != nil {
		return err
	}
	sources, err := s.readRatings(ctx, run.Session())
	if err == nil && len(s.ratings) == 0 {
		err = fmt.Errorf("it has no %s of the language of the run's cues", strings.Join(NormDimensions(), ", "))
	}
	if err != nil {
		return fmt.Errorf("read core.norm: %w", err)
	}
	s.options.Norms.Sources = distinct(sources)
	return nil
}

// readRatings reads people's ratings of words, and gives the source of each
// dimension's.
func (s *scorer) readRatings(ctx context.Context, session *lake.Session) (sources map[dimension]string, err error) {
	s.ratings, sources = ratings{}, map[dimension]string{}
	args := []any{s.options.Run, strings.Join(s.options.Norms.Sources, ",")}
	err = session.Each(ctx, normsQuery, args, func(rows *sql.Rows) error {
		var d dimension
		var source, word string
		var value float64
		if err := rows.Scan(&d.language, &d.name, &source, &word, &value); err != nil {
			return err
		}
		if one := sources[d]; one != "" && one != source {
			return fmt.Errorf("%s and %s both rate %s: choose one (--norms)", one, source, d.name)
		}
		sources[d] = source
		s.ratings.add(d, word, value)
		return nil
	})
	return sources, err
}

// add adds a word's rating where it has none yet.
func (r ratings) add(d dimension, word string, value float64) {
	if r[d] == nil {
		r[d] = map[string]float64{}
	}
	if _, known := r[d][word]; !known {
		r[d][word] = value
	}
}

// distinct gives the values of a map, each once, in order.
func distinct(sources map[dimension]string) (names []string) {
	for _, source := range sources {
		names = append(names, source)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// scoreNorms scores each dimension that has ratings.
func (s *scorer) scoreNorms(ctx context.Context) {
	answers := s.withGold()
	task := progress.Start(ctx, "score", int64(len(NormDimensions())), "dimensions")
	defer task.Done()
	var gaps []int // rows of the tests
	for _, name := range NormDimensions() {
		d := s.lookUp(name, answers)
		task.Add(1)
		if len(d.model.medians)+len(d.people.medians) == 0 {
			continue
		}
		gaps = append(gaps, s.sumUp(d))
	}
	s.correct(gaps)
	s.count(CuesWithoutGold, len(s.withoutGold))
}

// A normSide is what one side's words, the model's or people's, are rated.
type normSide struct {
	medians []float64       // of the cues that have a rated word
	words   int             // of all cues
	rated   int             // of these
	types   map[string]bool // the different words, and whether they are rated
	shares  []CueScore      // of concrete, abstract and unknown words, cue by cue
}

// A normTally is what cues give in a dimension.
type normTally struct {
	name          string
	model, people normSide
	pairs         stat.Pairs // medians of the cues that have both
	scores        []CueScore
}

// lookUp looks up the first words of each answer and of people.
func (s *scorer) lookUp(name string, answers []answer) normTally {
	t := normTally{name: name, model: normSide{types: map[string]bool{}}, people: normSide{types: map[string]bool{}}}
	for _, a := range answers {
		ratings, known := s.ratings[dimension{a.language, name}]
		if !known {
			continue
		}
		list := s.parse(a)
		model := t.model.add(s.firstWords(list.Words), ratings, name)
		people := t.people.add(s.firstWords(s.gold[a.key].words), ratings, name)
		values := t.pair(model, people)
		for i := range values {
			values[i].Status = list.Status
		}
		s.keep(a, values)
		t.scores = append(t.scores, values...)
	}
	return t
}

func (s *scorer) firstWords(words []string) []string {
	return words[:min(s.options.Norms.Words, len(words))]
}

// A lookup is what became of a list's words.
type lookup struct {
	median   *float64 // nil where none is rated
	coverage *float64 // nil where there are none
}

// add looks up the words of a cue.
func (n *normSide) add(words []string, ratings map[string]float64, name string) (l lookup) {
	var values []float64
	concretes := 0
	for _, w := range words {
		w = fold.Word(w)
		value, known := ratings[w]
		n.types[w] = known
		if known {
			values = append(values, value)
			concretes += int(indicator(value >= concrete))
		}
	}
	n.words, n.rated = n.words+len(words), n.rated+len(values)
	if len(words) > 0 {
		n.addShares(name, concretes, len(values), len(words))
		coverage := float64(len(values)) / float64(len(words))
		l.coverage = &coverage
	}
	if len(values) > 0 {
		median := stat.Median(values)
		l.median = &median
		n.medians = append(n.medians, median)
	}
	return l
}

// addShares notes how many of a cue's words are concrete, abstract and unknown.
func (n *normSide) addShares(name string, concretes, rated, words int) {
	if name != concreteness {
		return
	}
	add := func(metric string, count int) {
		n.shares = append(n.shares, CueScore{Metric: metric, Value: float64(count) / float64(words)})
	}
	add("concrete_share", concretes)
	add("abstract_share", rated-concretes)
	add("unknown_concreteness_share", words-rated)
}

// pair notes a cue's medians where both sides have one, and gives its values.
func (t *normTally) pair(model, people lookup) (values []CueScore) {
	add := func(figure string, value *float64) {
		if value != nil {
			values = append(values, CueScore{Metric: NormMetric(t.name, figure), Value: *value})
		}
	}
	add(MedianFigure, model.median)
	add(PeopleMedianFigure, people.median)
	add(CoverageFigure, model.coverage)
	if model.median != nil && people.median != nil {
		t.pairs.X, t.pairs.Y = append(t.pairs.X, *model.median), append(t.pairs.Y, *people.median)
		distance := math.Abs(*model.median - *people.median)
		add(DistanceFigure, &distance)
	}
	return values
}

// sumUp adds the figures of a dimension, and gives the place of the row with
// the test.
func (s *scorer) sumUp(t normTally) int {
	s.sumUpSide(t.name, "", t.model)
	s.sumUpSide(t.name, NormPeopleSlice, t.people)
	distances := slices.DeleteFunc(t.scores, func(c CueScore) bool { return c.Metric != NormMetric(t.name, DistanceFigure) })
	s.means(group{scores: distances})
	d := s.options.Bootstrap.Differences(t.pairs)[0]
	row := estimateRow(NormMetric(t.name, GapFigure), d.Estimate, s.options.Bootstrap)
	row.MDE = d.Detectable
	if len(t.pairs.X) >= minPairs {
		test := stat.Wilcoxon(t.pairs.X, t.pairs.Y)
		row.PValue, row.Effect = test.P, test.Effect
	}
	s.add(row, "mean over cues of the model's median minus people's", s.options.Bootstrap.String(),
		"Wilcoxon signed-rank, effect: matched-pairs rank-biserial correlation")
	return len(s.scoring.Metrics) - 1
}

// sumUpSide adds the figures of one side.
func (s *scorer) sumUpSide(name, slice string, side normSide) {
	sample := stat.Sample{Values: side.medians}
	median, mean := s.options.Bootstrap.Medians(sample)[0], s.options.Bootstrap.Means(sample)[0]
	doc := "median of the cues' medians"
	if s.options.repeats(MeanOfMedians) {
		median, doc = mean, "mean of the cues' medians"
	}
	for _, figure := range []struct {
		name string
		stat.Estimate
		doc string
	}{{MedianFigure, median, doc}, {MeanOfMediansFigure, mean, "mean of the cues' medians"}} {
		row := estimateRow(NormMetric(name, figure.name), figure.Estimate, s.options.Bootstrap)
		row.Slice = slice
		s.add(row, figure.doc, s.options.Bootstrap.String())
	}
	s.addShare(NormMetric(name, TokenCoverageFigure), slice, side.rated, side.words)
	rated := 0
	for _, known := range side.types {
		rated += int(indicator(known))
	}
	s.addShare(NormMetric(name, TypeCoverageFigure), slice, rated, len(side.types))
	s.means(group{slice: slice, scores: side.shares})
}

// addShare adds a share without an interval, undefined of nothing.
func (s *scorer) addShare(metric, slice string, part, whole int) {
	row := MetricRow{Metric: metric, Slice: slice, N: int64(whole), Seed: int64(s.options.Bootstrap.Seed)}
	if whole > 0 {
		share := float64(part) / float64(whole)
		row.Value = &share
	}
	s.add(row, "share of the first words that have a rating")
}

// correct corrects the p values of rows for their number.
func (s *scorer) correct(rows []int) {
	p := make([]*float64, len(rows))
	for i, at := range rows {
		p[i] = s.scoring.Metrics[at].PValue
	}
	if !s.options.repeats(Uncorrected) {
		p = stat.Holm(p)
	}
	for i, at := range rows {
		s.scoring.Metrics[at].PHolm = p[i]
	}
}
