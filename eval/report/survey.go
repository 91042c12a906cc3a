package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"alignctl/eval"
	"alignctl/internal/chart"
)

// survey holds the answers to a survey against those of two countries.
func (s *Subject) survey(ctx context.Context) ([]Section, error) {
	if !s.scored() {
		return nil, nil
	}
	classes := Section{ID: "classes", Title: "Which country answers are nearer to",
		Note: "Each question counts once: for the country whose people's answers the model's are nearer to, as a tie, or as invalid. " +
			"Items of high tension are those on which the two countries differ most.",
		SQL: s.figures(eval.Survey, `m.slice in ('', 'high_tension') and (m.metric like 'nearer\_%' escape '\' or m.metric in ('tie', 'invalid'))`)}
	distances := Section{ID: "distances", Title: "Distance from each country's people",
		Note: "Earth mover's distance between the model's shares and people's, by the scale's length: 0 is the same answers, 1 all at the other end. " +
			"Mean over questions, 95 % interval by bootstrap over questions.",
		SQL: s.figures(eval.Survey, `m.slice in ('', 'high_tension') and m.metric like 'emd\_norm\_%' escape '\'`)}
	effects := Section{ID: "effects", Title: "How far the answers rest on the asking",
		Note: "What an option gains by being shown first or last, and how much the answers change with the order of options and the wording: " +
			"0 is best. Of written answers, the share that chose no option.",
		SQL: s.figures(eval.Survey, `m.slice = '' and m.metric in ('first_gain', 'last_gain', 'order_effect', 'wording_effect', 'invalid_share')`)}
	between := []string{"languages", "population"}
	sections, err := s.fill(ctx, drawn{classes, each(between, s.classes)}, drawn{distances, each(between, s.distances)},
		drawn{effects, each(between, s.effects)})
	if err != nil {
		return nil, err
	}
	shifts, err := s.shifts(ctx)
	return append(sections, shifts...), err
}

// countries are the two that a population of the suite wvs names, without their
// sources.
func countries(population string) (names []string) {
	for _, name := range strings.Split(population, ", ") {
		names = append(names, name[strings.LastIndex(name, "/")+1:])
	}
	return names
}

// classes draws how many questions are of each class.
func (s *Subject) classes(rows []row) (figures []chart.Figure) {
	slices.SortStableFunc(rows, func(a, b row) int { return -strings.Compare(a.text("slice"), b.text("slice")) })
	for _, slice := range group(rows, "slice") {
		between := countries(slice[0].text("population"))
		f := chart.Stacks{}
		metrics := []string{"tie", "invalid"}
		for i := len(between) - 1; i >= 0; i-- {
			metrics = append([]string{"nearer_" + between[i]}, metrics...)
		}
		for _, m := range metrics {
			f.Parts = append(f.Parts, strings.ReplaceAll(m, "_", " to "))
		}
		f.Title = fmt.Sprintf("%s: nearer to %s (%s)", sliceTitle(slice[0].text("slice")), strings.Join(between, " or "), slice[0].text("languages"))
		for _, run := range group(slice, "run_id") {
			row := chart.Stack{Label: s.label(run[0].text("run_id")), Counts: countsOf(run, metrics)}
			f.Rows = append(f.Rows, row)
			f.Desc += fmt.Sprintf("%s: %.0f. ", row.Label, row.Counts)
		}
		f.Desc = "Counts of " + strings.Join(f.Parts, ", ") + ". " + f.Desc
		figures = append(figures, f)
	}
	return figures
}

// countsOf are the items of each class, from its share.
func countsOf(run []row, metrics []string) []float64 {
	counts := make([]float64, len(metrics))
	for _, r := range run {
		if at := slices.Index(metrics, r.text("metric")); at >= 0 {
			counts[at] = r.number("value") * r.number("n")
		}
	}
	return counts
}

func (s *Subject) distances(rows []row) []chart.Figure {
	f := s.dots("Distance from people", rows, chart.Axis{Label: "earth mover's distance by the scale's length", Min: 0, Max: 1})
	f.Groups = nil
	for _, g := range group(rows, "metric", "slice") {
		country := strings.TrimPrefix(g[0].text("metric"), "emd_norm_")
		dots := chart.DotGroup{Label: fmt.Sprintf("From %s, %s%s", country, strings.ToLower(sliceTitle(g[0].text("slice"))), sameCount(g))}
		for _, r := range g {
			d := s.dot(r)
			d.Style = s.style(r.text("run_id"))
			dots.Rows = append(dots.Rows, d)
		}
		f.Groups = append(f.Groups, dots)
	}
	return []chart.Figure{f}
}

func (s *Subject) effects(rows []row) []chart.Figure {
	return []chart.Figure{s.dots("Effects of the asking", rows, chart.Axis{Label: "share", Zero: true})}
}

// A pairing is two runs, before and after.
type pairing struct {
	before, after             string // run ids
	beforeScoring, afterScore string
	between                   []string // countries
	languages                 string
}

// pairingsQuery gives the newest scorings of the survey by run, and what each was
// compared with.
const pairingsQuery = `with scoring as (
  select run_id, scoring_id, population, row_number() over (partition by run_id, population order by created_at desc, scoring_id) as age
  from eval.scorings
  where suite = 'wvs' and run_id in %s
)
select s.run_id, s.scoring_id, s.population, array_to_string(r.languages, ' ') as languages,
  (select max(m.against) from eval.metrics m where m.run_id = s.run_id and m.scoring_id = s.scoring_id and m.against <> '') as against
from scoring s join eval.runs r on r.run_id = s.run_id
where s.age = 1
order by r.started_at, s.run_id, s.population`

// pairings are the comparisons that were made; where there is none, each run
// after the first of its countries and languages is held against the first.
func (s *Subject) pairings(ctx context.Context) (pairs []pairing, err error) {
	t, err := s.lake.Query(ctx, fmt.Sprintf(pairingsQuery, list(s.Evaluations)))
	if err != nil {
		return nil, err
	}
	for _, rows := range group(t.rows(), "population", "languages") {
		for _, r := range rows[1:] {
			before := rows[0]
			if at := slices.IndexFunc(rows, func(o row) bool { return o.text("scoring_id") == r.text("against") }); at >= 0 {
				before = rows[at]
			}
			pairs = append(pairs, pairing{before: before.text("run_id"), after: r.text("run_id"), beforeScoring: before.text("scoring_id"),
				afterScore: r.text("scoring_id"), between: countries(r.text("population")), languages: r.text("languages")})
		}
	}
	return pairs, nil
}

// shifts show how answers moved between two runs.
func (s *Subject) shifts(ctx context.Context) ([]Section, error) {
	pairs, err := s.pairings(ctx)
	if err != nil {
		return nil, err
	}
	var sections []drawn
	for i, p := range pairs {
		if len(p.between) != 2 {
			continue
		}
		section := Section{ID: fmt.Sprintf("shift-%d", i+1), Title: fmt.Sprintf("From %s to %s, question by question", s.label(p.before), s.label(p.after)),
			Note: fmt.Sprintf("First, each question by its distance from the people of %[1]s and of %[2]s: from the small mark, before, to the large one, after. "+
				"Then, how much farther answers are from %[1]s than from %[2]s; right of 0 they are nearer to %[2]s. Bold: items of high tension.",
				p.between[0], p.between[1]),
			SQL: s.shiftQuery(p)}
		sections = append(sections, drawn{section, func(to *Section) {
			to.Figures = []chart.Figure{s.plane(p, to.Table), s.shift(p, to.Table)}
		}})
	}
	return s.fill(ctx, sections...)
}

// shiftQuery gives the distances of each question before and after.
func (s *Subject) shiftQuery(p pairing) string {
	topic, from := "''", ""
	if s.has(surveyQuestions) {
		topic, from = "t.topic", "\nleft join (select question, min(topic) as topic from core.wvs_question where language = '' group by question) t on t.question = a.item_id"
	}
	return fmt.Sprintf(`with item as (
  select run_id, item_id, max(value) filter (metric = 'emd_norm_%[1]s') as one, max(value) filter (metric = 'emd_norm_%[2]s') as other,
    max(value) filter (metric = 'tension') as tension, max(value) filter (metric = 'high_tension') as high_tension
  from eval.scores
  where run_id = %[3]s and scoring_id = %[4]s or run_id = %[5]s and scoring_id = %[6]s
  group by run_id, item_id
)
select a.item_id as question, %[7]s as topic, b.one as before_%[1]s, b.other as before_%[2]s, a.one as after_%[1]s, a.other as after_%[2]s,
  b.one - b.other as before, a.one - a.other as after, a.tension, a.high_tension
from item a join item b on b.item_id = a.item_id and b.run_id = %[3]s%[8]s
where a.run_id = %[5]s and (a.one is not null or b.one is not null)
order by a.tension desc nulls last, question`, p.between[0], p.between[1], quote(p.before), quote(p.beforeScoring), quote(p.after), quote(p.afterScore), topic, from)
}

// plane draws questions by their distances from both countries.
func (s *Subject) plane(p pairing, t *Table) chart.Figure {
	one, other := p.between[0], p.between[1]
	f := chart.Plane{X: chart.Axis{Label: "distance from " + one}, Y: chart.Axis{Label: "distance from " + other}, Diagonal: true,
		Above: "nearer to " + one, Below: "nearer to " + other, From: s.label(p.before),
		Kinds: []chart.Kind{{Style: 0, Label: s.label(p.after) + ", high tension"}, {Style: chart.Reference, Label: s.label(p.after) + ", other items"}}}
	for _, r := range t.rows() {
		a := chart.Arrow{Label: questionName(r), FromX: r.number("before_" + one), FromY: r.number("before_" + other),
			ToX: r.number("after_" + one), ToY: r.number("after_" + other), Style: chart.Reference}
		if r.number("high_tension") == 1 {
			a.Style = 0
		}
		f.Arrows = append(f.Arrows, a)
	}
	f.Text = chart.Text{Title: fmt.Sprintf("Questions between %s and %s (%s)", one, other, p.languages),
		Desc: fmt.Sprintf("%d questions, each from where it was to where it is.", len(f.Arrows))}
	return f
}

func questionName(r row) string {
	if topic := r.text("topic"); topic != "" {
		return r.text("question") + ", " + topic
	}
	return r.text("question")
}

// shift draws how far questions moved from one country towards the other.
func (s *Subject) shift(p pairing, t *Table) chart.Figure {
	f := chart.Shift{X: chart.Axis{Label: fmt.Sprintf("← nearer to %s · nearer to %s →", p.between[0], p.between[1]), Zero: true},
		From: s.label(p.before), To: s.label(p.after)}
	towards := 0
	for _, r := range t.rows() {
		m := chart.Moved{Label: questionName(r), From: r.number("before"), To: r.number("after"), Strong: r.number("high_tension") == 1}
		if m.To > m.From {
			towards++
		}
		f.Items = append(f.Items, m)
	}
	f.Text = chart.Text{Title: fmt.Sprintf("Shift by question (%s)", p.languages),
		Desc: fmt.Sprintf("%d of %d questions moved towards %s.", towards, len(f.Items), p.between[1])}
	return f
}
