package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"alignctl/internal/reply"
	"alignctl/lake"
)

// shownCues is how many cues of a language are shown, shownWords how many of
// people's words to one.
const (
	shownCues  = 8
	shownWords = 12
)

// answersQuery gives what people and runs answered to some cues of each
// language: those that most of the runs were asked about, drawn by a hash.
const answersQuery = `with asked as (
  select language, cue, count(distinct run_id) as runs
  from eval.samples
  where run_id in %[1]s and sample = 0 and cue <> ''
  group by language, cue
),
drawn as (
  select language, cue, row_number() over (partition by language order by runs desc, md5(language || ':' || cue), cue) as place
  from asked
),
shown as (
  select language, cue, place from drawn where place <= %[2]d
)
select a.language, a.place, a.cue, '' as run_id, '' as parser, string_agg(s.response, ', ' order by coalesce(s.n123, s.n1) desc, s.response) as answer
from shown a join core.strength s on s.language = a.language and s.cue = a.cue
where s.population = coalesce((select max(population) from eval.scorings where suite = 'associations' and run_id in %[1]s), 'all')
group by a.language, a.place, a.cue
union all
select a.language, a.place, a.cue, e.run_id, coalesce((select max(s.parser) from eval.scorings s where s.run_id = e.run_id and s.suite = 'associations'), ''),
  e.output
from shown a join eval.samples e on e.language = a.language and e.cue = a.cue
where e.run_id in %[1]s and e.sample = 0
order by all`

// answers shows what runs and people answered to the same cues.
func (s *Subject) answers(ctx context.Context) ([]Section, error) {
	if len(s.Evaluations) == 0 || !s.has(evalRuns, evalSamples, evalScorings, strengths) {
		return nil, nil
	}
	section := Section{ID: "answers", Title: "Some answers",
		Note: fmt.Sprintf("%d cues a language, drawn by a hash of the cue, not chosen. Words that people gave too are bold and have a tick. "+
			"People's words are their most frequent ones.", shownCues),
		SQL: fmt.Sprintf(answersQuery, list(s.Evaluations), shownCues)}
	ok, err := s.show(ctx, &section)
	if !ok {
		return nil, err
	}
	if section.Withheld, err = s.withheld(ctx); err != nil {
		return nil, err
	}
	if section.Withheld != "" {
		section.Table = nil
		return []Section{section}, nil
	}
	section.Answers = s.sideBySide(section.Table)
	return []Section{section}, nil
}

// withheld says why what people answered may not be shown; "": it may. It is in
// the files whose loads made core.strength.
func (s *Subject) withheld(ctx context.Context) (string, error) {
	if s.Rights {
		return "", nil
	}
	closed, err := s.column(ctx, s.ancestry()+`select distinct f.source || ' is under ' || if(f.licence = '', 'a licence that nobody recorded', f.licence) as text
from meta.files f join ancestor a on a.run_id = f.run_id
where f.licence not in `+list(lake.OpenLicences())+` and f.run_id in (select run_id from meta.snapshots where table_name = 'core.strength')
order by text`)
	return strings.Join(closed, "; "), err
}

// sideBySide sets the answers of the runs that were asked in a language beside
// each other.
func (s *Subject) sideBySide(t *Table) (all []Answers) {
	for _, rows := range group(t.rows(), "language") {
		a := Answers{Language: rows[0].text("language")}
		var asked []string
		for _, run := range s.Evaluations {
			if slices.ContainsFunc(rows, func(r row) bool { return r.text("run_id") == run }) {
				asked, a.Runs = append(asked, run), append(a.Runs, s.label(run))
			}
		}
		for _, cue := range group(rows, "cue") {
			a.Cues = append(a.Cues, answered(cue, asked, a.Language))
		}
		all = append(all, a)
	}
	return all
}

// answered reads the answers to one cue.
func answered(rows []row, runs []string, language string) Cue {
	c := Cue{Word: rows[0].text("cue"), Given: make([][]Word, len(runs))}
	gold := map[string]bool{}
	for _, r := range rows {
		if r.text("run_id") == "" {
			for w := range strings.SplitSeq(r.text("answer"), ", ") {
				gold[reply.Word(w)] = true
				c.People = append(c.People, w)
			}
		}
	}
	c.People = c.People[:min(shownWords, len(c.People))]
	for _, r := range rows {
		if at := slices.Index(runs, r.text("run_id")); at >= 0 {
			found := reply.Parser(r.text("parser")).Parse(r.text("answer"), c.Word, language)
			c.Given[at] = words(found, gold)
		}
	}
	return c
}

// words are the first words of an answer, or what it was in their place.
func words(found reply.List, gold map[string]bool) (all []Word) {
	for _, w := range found.Words[:min(2*shownWords, len(found.Words))] {
		all = append(all, Word{Text: w, Shared: gold[reply.Word(w)]})
	}
	if len(all) == 0 {
		all = []Word{{Text: "(" + string(found.Status) + ")"}}
	}
	return all
}
