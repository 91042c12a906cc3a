package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"alignctl/eval"
	"alignctl/internal/chart"
)

// norms hold the ratings of a model's words against those of people's.
func (s *Subject) norms(ctx context.Context) ([]Section, error) {
	if !s.scored() {
		return nil, nil
	}
	gap := Section{ID: "norm-gap", Title: "Ratings of a model's words, against people's",
		Note: "For each cue the median rating of the model's first words minus that of people's words; the mean over cues with its 95 % interval. " +
			"At 0 the model's words are as pleasant, arousing, dominant or concrete as people's. p: Wilcoxon signed-rank over cues, corrected by Holm.",
		SQL: s.figures(eval.Norms, `m.metric like '%\_gap' escape '\'`)}
	spread := Section{ID: "norm-distributions", Title: "Distributions of ratings",
		Note: "Filled: the cues' median ratings of the model's words; outline: of people's words to the same cues. Ticks on the floor are the medians. " +
			"Ratings of valence, arousal and dominance go from 1 to 9, of concreteness from 1 to 5.",
		SQL: fmt.Sprintf(distributionQuery, list(s.Evaluations))}
	return s.fill(ctx, drawn{gap, each(sameQuestion, s.gaps)},
		drawn{spread, each(append(slices.Clone(sameQuestion), "dimension"), s.distributions)})
}

// distributionQuery counts cues by their median rating, in 16 bins from end to
// end of the scale.
const distributionQuery = `with scoring as (
  select run_id, scoring_id, population, parser,
    row_number() over (partition by run_id, population, parser order by created_at desc, scoring_id) as age
  from eval.scorings
  where suite = 'norms' and run_id in %s
),
rating as (
  select s.run_id, s.scoring_id, s.population, s.parser, split_part(v.metric, '_', 1) as dimension,
    if(v.metric like '%%people%%', 'people', 'model') as words, v.value,
    if(v.metric like 'concreteness%%', 0.25, 0.5) as width
  from eval.scores v join scoring s on s.run_id = v.run_id and s.scoring_id = v.scoring_id and s.age = 1
  where v.metric like '%%\_median' escape '\'
),
counted as (
  select run_id, population, parser, dimension, words, width, least(greatest(floor((value - 1) / width), 0), 15) as bin, count(*) as cues
  from rating group by all
),
middle as (
  select run_id, scoring_id, dimension, words, median(value) as median from rating group by all
)
select array_to_string(r.languages, ' ') as languages, r.split, c.population, c.parser, c.dimension, c.run_id, c.words,
  1 + c.bin * c.width as low, 1 + (c.bin + 1) * c.width as high, c.cues, m.median
from counted c
join middle m on m.run_id = c.run_id and m.dimension = c.dimension and m.words = c.words
join eval.runs r on r.run_id = c.run_id
order by languages, r.split, c.population, c.parser, c.dimension, r.started_at, c.run_id, c.words, low`

// gaps draws a group for each dimension.
func (s *Subject) gaps(rows []row) []chart.Figure {
	f := s.dots("Model minus people", rows, chart.Axis{Label: "difference of ratings, in points of the scale", Zero: true})
	for i, dimension := range group(rows, "metric") {
		name := strings.TrimSuffix(dimension[0].text("metric"), "_gap")
		f.Groups[i].Label = upper(name) + sameCount(dimension)
		for j, r := range dimension {
			if p := r.number("p_holm"); p == p {
				f.Groups[i].Rows[j].Label += ", p " + pValue(p)
			}
		}
	}
	return []chart.Figure{f}
}

func upper(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// distributions draws a dimension, a row a run.
func (s *Subject) distributions(rows []row) []chart.Figure {
	dimension := rows[0].text("dimension")
	f := chart.Distributions{X: chart.Axis{Label: dimension + ", median rating of a cue's words", Min: 1, Max: 9}, Name: "the model's words", Against: "people's words"}
	if dimension == "concreteness" {
		f.X.Max = 5
	}
	for _, run := range group(rows, "run_id") {
		d := chart.Distribution{Label: s.label(run[0].text("run_id")), Median: chart.Missing, AgainstMedian: chart.Missing}
		for _, side := range group(run, "words") {
			if side[0].text("words") == "people" {
				d.Against, d.AgainstMedian = histogram(side), side[0].number("median")
			} else {
				d.Bins, d.Median = histogram(side), side[0].number("median")
			}
		}
		if len(d.Bins) == 0 {
			d.Label += " (no rated word)"
		}
		f.Desc += fmt.Sprintf("%s: median %s against people's %s. ", d.Label, chart.Number(d.Median), chart.Number(d.AgainstMedian))
		f.Rows = append(f.Rows, d)
	}
	f.Title = upper(dimension) + " (" + panel(rows[0]) + ")"
	return []chart.Figure{f}
}

func histogram(rows []row) (bins []chart.Bin) {
	whole := 0.0
	for _, r := range rows {
		whole += r.number("cues")
	}
	for _, r := range rows {
		bins = append(bins, chart.Bin{Low: r.number("low"), High: r.number("high"), Share: r.number("cues") / whole})
	}
	return bins
}
