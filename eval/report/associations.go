package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"alignctl/eval"
	"alignctl/internal/chart"
)

// figuresQuery gives figures of the runs' newest scorings of a suite, by the
// people and the parser. %[1]s is the suite, %[2]s the runs, %[3]s what metrics.
const figuresQuery = `with scoring as (
  select run_id, scoring_id, population, parser,
    row_number() over (partition by run_id, population, parser order by created_at desc, scoring_id) as age
  from eval.scorings
  where suite = '%[1]s' and run_id in %[2]s
)
select array_to_string(r.languages, ' ') as languages, r.split, s.population, s.parser, m.metric, m.run_id, m.scoring_id,
  coalesce(r.served_model, r.model_path) as model, r.adapter_path as adapter, m.slice, m.value, m.ci_low, m.ci_high, m.n,
  m.p_value, m.p_holm, m.effect
from eval.metrics m
join scoring s on s.run_id = m.run_id and s.scoring_id = m.scoring_id and s.age = 1
join eval.runs r on r.run_id = m.run_id
where m.against = '' and %[3]s
order by languages, r.split, s.population, s.parser, length(m.metric), m.metric, list_position(['', 'answers=random', 'answers=frequency', 'answers=people-half'], m.slice), m.slice, r.started_at, m.run_id`

func (s *Subject) figures(suite, which string) string {
	return fmt.Sprintf(figuresQuery, suite, list(s.Evaluations), which)
}

// sameQuestion are the columns that figures share which may stand together.
var sameQuestion = []string{"languages", "split", "population", "parser"}

// panel names what figures that stand together share.
func panel(r row) string {
	title := r.text("languages")
	if split := r.text("split"); split != "" {
		title += ", split " + split
	}
	if people := r.text("population"); strings.Contains(people, "/") {
		title += ", " + strings.Join(countries(people), " and ")
	} else if people != eval.DefaultPopulation {
		title += ", people " + people
	}
	if parser := r.text("parser"); parser != "default" && parser != "option" {
		title += ", parser " + parser
	}
	return strings.TrimPrefix(title, ", ")
}

// associations holds the words of answers against those of people.
func (s *Subject) associations(ctx context.Context) ([]Section, error) {
	if !s.scored() {
		return nil, nil
	}
	precision := Section{ID: "precision", Title: "Precision of associations",
		Note: "P@k is the share of the first k words of an answer that people gave to the cue too, mean over cues. " +
			"Lines are 95 % intervals by bootstrap over cues. Hollow marks are what others would have earned on the same cues: " +
			"words drawn at random, the most frequent words, and one half of people against the other (a low ceiling).",
		SQL: s.figures(eval.Associations, `regexp_matches(m.metric, '^p_at_[0-9]+$')`)}
	measures := Section{ID: "measures", Title: "Other measures of associations",
		Note: "Weighted recall is the share of people's responses, or of their ten most frequent, that the answer has; nDCG rewards frequent words that come early, " +
			"ρ is the rank correlation of an answer's order with people's over the words that both gave.",
		SQL: s.figures(eval.Associations, `m.metric in ('recall_weighted', 'recall_top_10_weighted', 'ndcg_at_10', 'spearman')`)}
	read := Section{ID: "readable", Title: "Could the answers be read?",
		Note: "An answer without a word in it that could be an associate counts as wrong everywhere; it is not left out.",
		SQL:  s.figures(eval.Associations, `m.slice = '' and m.metric in ('empty_share', 'refused_share', 'unparsable_share')`)}
	return s.fill(ctx, drawn{precision, each(sameQuestion, s.precision)}, drawn{measures, each(sameQuestion, s.measures)},
		drawn{read, each(sameQuestion, s.readable)})
}

// scored says whether there can be figures of evaluations.
func (s *Subject) scored() bool {
	return len(s.Evaluations) > 0 && s.has(evalRuns, evalScorings, evalMetrics, evalScores)
}

// metricNames are what metrics are called in figures.
var metricNames = map[string]string{
	"recall_weighted": "Weighted recall", "recall_top_10_weighted": "Recall of the top ten",
	"ndcg_at_10": "nDCG@10", "spearman": "Order, ρ", "words": "Words in an answer",
	"first_gain": "Gain of the option shown first", "last_gain": "Gain of the option shown last", "order_effect": "Effect of the order",
	"wording_effect": "Effect of the wording", "invalid_share": "Invalid answers",
}

// metricName is what a metric is called in figures: P@5 for p_at_5.
func metricName(metric string) string {
	if name, known := metricNames[metric]; known {
		return name
	}
	if country, is := strings.CutPrefix(metric, "emd_norm_"); is {
		return "Distance from " + country
	}
	if k, is := strings.CutPrefix(metric, "p_at_"); is {
		return strings.ReplaceAll("P@"+k, "_", ", ")
	}
	return upper(strings.ReplaceAll(strings.ReplaceAll(metric, "nearer_", "nearer to "), "_", " "))
}

// sliceNames are what those who answered in a model's place are called.
var sliceNames = map[string]string{
	eval.RandomSlice: "random words", eval.FrequencySlice: "most frequent words", eval.PeopleSlice: "half of people",
	eval.NormPeopleSlice: "people",
}

// sliceStyles are how they are drawn.
var sliceStyles = map[string]chart.Style{
	eval.RandomSlice: chart.Reference, eval.FrequencySlice: chart.Reference - 1, eval.PeopleSlice: chart.Reference - 2,
	eval.NormPeopleSlice: chart.Reference,
}

// precision draws P@5 and P@10 by model, and the precision by k.
func (s *Subject) precision(rows []row) []chart.Figure {
	var head []row
	for _, r := range rows {
		if m := r.text("metric"); m == "p_at_5" || m == "p_at_10" {
			head = append(head, r)
		}
	}
	figures := []chart.Figure{s.dots("Precision by model", head, chart.Axis{Label: "share of the first k words that people gave too", Min: 0, Max: 1})}
	if len(group(rows, "metric")) > 2 {
		figures = append(figures, s.byK(rows))
	}
	return figures
}

// dots draws a group of rows for each metric.
func (s *Subject) dots(title string, rows []row, x chart.Axis) chart.Dots {
	f := chart.Dots{X: x}
	var said []string
	for _, metric := range group(rows, "metric") {
		name := metricName(metric[0].text("metric"))
		g := chart.DotGroup{Label: name + sameCount(metric)}
		for _, r := range s.distinct(metric) {
			d := s.dot(r)
			if sameCount(metric) == "" {
				d.Label += ", n = " + r.text("n")
			}
			g.Rows = append(g.Rows, d)
		}
		f.Groups = append(f.Groups, g)
		said = append(said, name+" "+ends(g.Rows))
	}
	f.Text = chart.Text{Title: title + " (" + panel(rows[0]) + ")", Desc: strings.Join(said, "; ") + "."}
	return f
}

// ends says between which values dots lie.
func ends(dots []chart.Dot) string {
	var defined []chart.Dot
	for _, d := range dots {
		if d.Value == d.Value {
			defined = append(defined, d)
		}
	}
	if len(defined) == 0 {
		return "is undefined"
	}
	byValue := func(a, b chart.Dot) int { return cmp.Compare(a.Value, b.Value) }
	low, high := slices.MinFunc(defined, byValue), slices.MaxFunc(defined, byValue)
	return fmt.Sprintf("from %s (%s) to %s (%s)", chart.Number(low.Value), low.Label, chart.Number(high.Value), high.Label)
}

// sameCount says how many items figures rest on; "" where it isn't one number.
func sameCount(rows []row) string {
	for _, r := range rows {
		if r.text("n") != rows[0].text("n") {
			return ""
		}
	}
	return ", n = " + rows[0].text("n")
}

// distinct leaves out rows of a slice that say the same as an earlier run's.
func (s *Subject) distinct(rows []row) (kept []row) {
	seen := map[string]bool{}
	for _, r := range rows {
		key := r.text("slice") + " " + r.text("value")
		if r.text("slice") != "" && seen[key] {
			continue
		}
		seen[key] = true
		kept = append(kept, r)
	}
	return kept
}

func (s *Subject) dot(r row) chart.Dot {
	d := chart.Dot{Label: s.who(r), Value: r.number("value"), Low: r.number("ci_low"), High: r.number("ci_high"), Style: s.style(r.text("run_id")),
		Note: "n = " + r.text("n")}
	if style, known := sliceStyles[r.text("slice")]; known {
		d.Style = style
	}
	return d
}

// who is who answered: a model, or whoever did in its place.
func (s *Subject) who(r row) string {
	if name, known := sliceNames[r.text("slice")]; known {
		return name
	}
	return s.label(r.text("run_id"))
}

// style is the same for the same model.
func (s *Subject) style(run string) chart.Style { return s.styles[run] }

// byK draws the precision by k, a line a model.
func (s *Subject) byK(rows []row) chart.Figure {
	f := chart.Curves{X: chart.Axis{Label: "k, words of the answer"}, Y: chart.Axis{Label: "P@k", Min: 0, Max: 1}}
	f.Text = chart.Text{Title: "Precision by k (" + panel(rows[0]) + ")", Desc: "A line for each model; the values are those of the table."}
	for _, of := range group(s.distinct(rows), "run_id", "slice") {
		line := chart.Line{Label: s.who(of[0]), Style: s.dot(of[0]).Style}
		for _, r := range of {
			k, err := strconv.Atoi(strings.TrimPrefix(r.text("metric"), "p_at_"))
			if err != nil {
				continue
			}
			line.Points = append(line.Points, chart.Point{X: float64(k), Y: r.number("value"), Low: r.number("ci_low"), High: r.number("ci_high")})
		}
		f.Lines = append(f.Lines, line)
	}
	return f
}

func (s *Subject) measures(rows []row) []chart.Figure {
	return []chart.Figure{s.dots("Other measures by model", rows, chart.Axis{Label: "value; 1 is best", Zero: true})}
}

// readable draws how many answers there was nothing to read in.
func (s *Subject) readable(rows []row) []chart.Figure {
	f := chart.Stacks{Parts: []string{"read", "empty", "refused", "unparsable"}}
	f.Text = chart.Text{Title: "Answers that could be read (" + panel(rows[0]) + ")"}
	for _, of := range group(rows, "run_id") {
		counts := map[string]float64{}
		n := of[0].number("n")
		counts["read"] = n
		for _, r := range of {
			part := strings.TrimSuffix(r.text("metric"), "_share")
			counts[part] = r.number("value") * r.number("n")
			counts["read"] -= counts[part]
		}
		row := chart.Stack{Label: s.label(of[0].text("run_id"))}
		for _, part := range f.Parts {
			row.Counts = append(row.Counts, counts[part])
		}
		f.Rows = append(f.Rows, row)
		f.Desc += fmt.Sprintf("%s: %.0f of %.0f answers read. ", row.Label, counts["read"], n)
	}
	return []chart.Figure{f}
}
