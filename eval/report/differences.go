package report

import (
	"context"
	"fmt"
	"strings"

	"alignctl/eval"
	"alignctl/internal/chart"
)

// A contest is what of a suite's metrics is shown of comparisons.
type contest struct{ suite, title, note, which string }

var contests = []contest{
	{eval.Associations, "Differences in associations", "", `metric in ('recall_weighted', 'ndcg_at_10', 'spearman') or regexp_matches(metric, '^p_at_[0-9]+$')`},
	{eval.Norms, "Differences in norms", "A smaller distance is nearer to people. ", `metric like '%\_distance' escape '\'`},
	{eval.Ranking, "Differences in ranking", "", `metric = 'ranking'`},
	{eval.Survey, "Differences in survey answers", "Of distances, less is nearer to the country's people; nearer and tie are shares of the questions. ",
		`slice in ('', 'high_tension') and (metric like 'emd\_norm\_%' escape '\' or metric like 'nearer\_%' escape '\' or metric in ('tie', 'invalid'))`},
}

// differenceQuery gives comparisons. %[1]s is the suite, %[2]s the runs, %[3]s what
// metrics.
const differenceQuery = `select c.run_id, c.scoring_id, c.against_run_id, c.against, c.model, c.adapter, c.against_model, c.against_adapter,
  array_to_string(r.languages, ' ') as languages, c.metric, c.slice, c.value, c.against_value, c.difference, c.ci_low, c.ci_high,
  c.p_value, c.p_holm, c.effect, c.mde, c.n
from eval.compare c join eval.runs r on r.run_id = c.run_id
where c.suite = '%[1]s' and c.run_id in %[2]s
  and (%[3]s)
order by r.started_at, c.run_id, c.scoring_id, c.against, c.slice, length(c.metric), c.metric`

// differences are what eval compare found between the runs.
func (s *Subject) differences(ctx context.Context) ([]Section, error) {
	if !s.scored() {
		return nil, nil
	}
	var sections []drawn
	for _, c := range contests {
		section := Section{ID: "differences-" + c.suite, Title: c.title,
			Note: "The mean over the items that both were asked of the one model's value minus the other's, with its 95 % interval. " + c.note +
				"p is two-sided, corrected by Holm for the metrics of the comparison.",
			SQL: fmt.Sprintf(differenceQuery, c.suite, list(s.Evaluations), c.which)}
		sections = append(sections, drawn{section, each([]string{"scoring_id", "against"}, s.difference)})
	}
	return s.fill(ctx, sections...)
}

// shortQuery gives the differences that are read first.
const shortQuery = `select c.suite, c.run_id, c.against_run_id, array_to_string(r.languages, ' ') as languages, c.metric, c.slice, c.value, c.against_value,
  c.difference, c.ci_low, c.ci_high, c.p_holm, c.n
from eval.compare c join eval.runs r on r.run_id = c.run_id
where c.run_id in %s and (c.suite = 'associations' and c.metric = 'p_at_5' or c.suite = 'ranking' and c.metric = 'ranking'
  or c.suite = 'norms' and c.metric like '%%\_distance' escape '\'
  or c.suite = 'wvs' and c.slice = 'high_tension' and c.metric like 'nearer\_%%' escape '\')
order by list_position(['associations', 'ranking', 'norms', 'wvs'], c.suite), r.started_at, c.run_id, c.scoring_id, c.against, c.metric`

// short says the most important differences in words.
func (s *Subject) short(ctx context.Context) ([]Section, error) {
	if !s.scored() {
		return nil, nil
	}
	section := Section{ID: "short", Title: "Comparisons that were made",
		Note: "Each model against another on the same items, with the mean of the paired differences, its 95 % interval and the p value corrected for the number of metrics.",
		SQL:  fmt.Sprintf(shortQuery, list(s.Evaluations))}
	return s.fill(ctx, drawn{section, func(to *Section) {
		for _, r := range to.Table.rows() {
			to.Points = append(to.Points, s.sentence(r))
		}
	}})
}

// sentence says a difference.
func (s *Subject) sentence(r row) string {
	name := metricName(r.text("metric"))
	if slice := r.text("slice"); slice != "" {
		name += ", " + strings.ToLower(sliceTitle(slice))
	}
	text := fmt.Sprintf("%s, %s: %s %s against %s of %s; difference %s", s.label(r.text("run_id")), r.text("languages"), name,
		chart.Number(r.number("value")), chart.Number(r.number("against_value")), s.label(r.text("against_run_id")),
		chart.Interval(r.number("difference"), r.number("ci_low"), r.number("ci_high")))
	if p := r.number("p_holm"); p == p {
		text += ", p " + pValue(p)
	}
	return strings.NewReplacer("p <", "p\u00a0<", " = ", "\u00a0=\u00a0").Replace(text + ", n = " + r.text("n") + ".")
}

// difference draws one comparison.
func (s *Subject) difference(rows []row) []chart.Figure {
	f := chart.Dots{X: chart.Axis{Label: "difference", Zero: true}}
	apart := 0
	for _, slice := range group(rows, "slice") {
		g := chart.DotGroup{Label: sliceTitle(slice[0].text("slice")) + sameCount(slice)}
		for _, r := range slice {
			d := chart.Dot{Label: metricName(r.text("metric")), Value: r.number("difference"), Low: r.number("ci_low"), High: r.number("ci_high"),
				Note: fmt.Sprintf("%s against %s", chart.Number(r.number("value")), chart.Number(r.number("against_value")))}
			if p := r.number("p_holm"); p == p {
				d.Label += ", p " + pValue(p)
			}
			if d.Low > 0 || d.High < 0 {
				apart++
			}
			g.Rows = append(g.Rows, d)
		}
		f.Groups = append(f.Groups, g)
	}
	f.Text = chart.Text{Title: s.versus(rows[0]), Desc: fmt.Sprintf("Of %d differences %d have an interval without 0.", len(rows), apart)}
	return []chart.Figure{f}
}

// versus names a comparison.
func (s *Subject) versus(r row) string {
	title := s.label(r.text("run_id")) + " minus " + s.label(r.text("against_run_id"))
	if languages := r.text("languages"); languages != "" {
		title += " (" + languages + ")"
	}
	return title
}

func sliceTitle(slice string) string {
	switch slice {
	case "":
		return "All items"
	case "high_tension":
		return "Items of high tension"
	}
	return slice
}

// pValue is a p value as journals print it.
func pValue(p float64) string {
	if p < .001 {
		return "< 0.001"
	}
	return "= " + chart.Number(p)
}
