package ui

import (
	stdsql "database/sql"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"

	"alignctl/lake/duck"
	"alignctl/sql"
)

// answersOnPage is how many items a page shows.
const answersOnPage = 30

// A samplesBody shows what models answered.
type samplesBody struct {
	Runs                     []evaluation // that one may choose
	Run, Other               string       // the chosen ones; Other may be ""
	Language, Status, Search string       // filters; "": all
	Languages, Statuses      []string
	RunModel, OtherModel     string
	Items                    []item
	Count                    int64
	Page, Pages              int
}

// An item is what one model, or two, answered to a prompt.
type item struct {
	ID, Cue, Language, Prompt string
	One, Other                answerOf
	People                    []string // their most frequent responses to the cue
}

// An answerOf a model; Given is false where it wasn't asked.
type answerOf struct {
	Given                  bool
	Output, Finish, Status string
	Score                  stdsql.Null[float64]
}

// itemsSQL gives the answers of two runs side by side: those of the first, and
// what the second answered to the same item.
const itemsSQL = `with scored as (
	select run_id, item_id, min(status) as status, max(value) filter (metric = 'p_at_5') as score
	from %[1]s where run_id in (%[2]s, %[3]s) group by run_id, item_id
), answered as (
	select run_id, item_id, variant, sample, language, cue, prompt, output, finish, coalesce(status, '') as status, score
	from eval.samples left join scored using (run_id, item_id)
	where run_id in (%[2]s, %[3]s)
)
select a.item_id, a.cue, a.language, a.prompt, a.output, a.finish, a.status, a.score,
	b.run_id is not null, coalesce(b.output, ''), coalesce(b.finish, ''), coalesce(b.status, ''), b.score, count(*) over ()
from (from answered where run_id = %[2]s) a
left join (from answered where run_id = %[3]s) b using (item_id, variant, sample)
where %[4]s in ('', a.language) and (%[5]s = '' or a.status = %[5]s or b.status = %[5]s)
	and (contains(lower(concat_ws(' ', a.item_id, a.cue, a.output, b.output)), lower(%[6]s)))
order by a.item_id, a.variant, a.sample
limit %[7]d offset %[8]d`

// noScores stands for eval.scores in a lake without scores.
const noScores = "(select '' as run_id, '' as item_id, '' as status, '' as metric, 0.0 as value limit 0)"

// peopleSQL gives people's most frequent responses to some cues.
const peopleSQL = `select language, cue, to_json(list(response order by rank, response)[:12])
from core.strength where population = 'all' and rank <= 10 and (language, cue) in (%s)
group by language, cue`

// At is the address of a page with the same choice.
func (b samplesBody) At(page int) template.URL {
	return encoded(url.Values{"run": {b.Run}, "other": {b.Other}, "language": {b.Language}, "status": {b.Status},
		"search": {b.Search}, "page": {strconv.Itoa(page)}})
}

func samplesPage(v *visit) (page, error) {
	query := v.URL.Query()
	b := samplesBody{Run: query.Get("run"), Other: query.Get("other"), Language: query.Get("language"),
		Status: query.Get("status"), Search: query.Get("search"), Page: v.pageNumber(), Pages: 1}
	p := page{template: "samples", Title: "Answers", Tab: "samples"}
	if v.has("eval.runs", "eval.samples") {
		if err := v.session(func(s *sql.Session) error { return b.fill(v, s) }); err != nil {
			return p, err
		}
	}
	p.Body = b
	return p, nil
}

func (b *samplesBody) fill(v *visit, s *sql.Session) (err error) {
	if b.Runs, err = v.evaluations(s, "''"); err != nil || len(b.Runs) == 0 {
		return err
	}
	if b.Run == "" {
		b.Run = b.Runs[0].ID
	}
	if b.RunModel, err = b.model(b.Run); err != nil {
		return err
	}
	if b.Other != "" {
		if b.OtherModel, err = b.model(b.Other); err != nil {
			return err
		}
	}
	if err = b.choices(v, s); err != nil {
		return err
	}
	if err = b.items(v, s); err != nil || !v.has("core.strength") {
		return err
	}
	return b.people(v, s)
}

// model is what a run asked.
func (b *samplesBody) model(run string) (string, error) {
	for _, r := range b.Runs {
		if r.ID == run {
			return r.Model, nil
		}
	}
	return "", noneError{fmt.Sprintf("there is no evaluation %q", run)}
}

// choices are the languages and statuses that the runs have.
func (b *samplesBody) choices(v *visit, s *sql.Session) (err error) {
	of := "run_id in (" + duck.Literal(b.Run) + ", " + duck.Literal(b.Other) + ")"
	b.Languages, err = list(v, s, "select distinct language from eval.samples where "+of+" order by 1", text)
	if err != nil || !v.has("eval.scores") {
		return err
	}
	b.Statuses, err = list(v, s, "select distinct status from eval.scores where "+of+" order by 1", text)
	return err
}

func (b *samplesBody) items(v *visit, s *sql.Session) (err error) {
	scores := noScores
	if v.has("eval.scores") {
		scores = "eval.scores"
	}
	query := fmt.Sprintf(itemsSQL, scores, duck.Literal(b.Run), duck.Literal(b.Other), duck.Literal(b.Language),
		duck.Literal(b.Status), duck.Literal(b.Search), answersOnPage, (b.Page-1)*answersOnPage)
	b.Items, err = list(v, s, query, func(i *item, rows *sql.Rows) error {
		i.One.Given = true
		return rows.Scan(&i.ID, &i.Cue, &i.Language, &i.Prompt, &i.One.Output, &i.One.Finish, &i.One.Status, &i.One.Score,
			&i.Other.Given, &i.Other.Output, &i.Other.Finish, &i.Other.Status, &i.Other.Score, &b.Count)
	})
	b.Pages = max(1, int(b.Count+answersOnPage-1)/answersOnPage)
	return err
}

// people adds what people said to the cues.
func (b *samplesBody) people(v *visit, s *sql.Session) error {
	cues := make([]string, 0, len(b.Items))
	for _, i := range b.Items {
		if i.Cue != "" {
			cues = append(cues, "("+duck.Literal(i.Language)+", "+duck.Literal(i.Cue)+")")
		}
	}
	if len(cues) == 0 {
		return nil
	}
	said := map[[2]string][]string{}
	_, err := list(v, s, fmt.Sprintf(peopleSQL, strings.Join(cues, ", ")), func(_ *item, rows *sql.Rows) error {
		var language, cue, words string
		if err := rows.Scan(&language, &cue, &words); err != nil {
			return err
		}
		var responses []string
		err := json.Unmarshal([]byte(words), &responses)
		said[[2]string{language, cue}] = responses
		return err
	})
	for i := range b.Items {
		b.Items[i].People = said[[2]string{b.Items[i].Language, b.Items[i].Cue}]
	}
	return err
}
