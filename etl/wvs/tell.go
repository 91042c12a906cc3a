package wvs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"alignctl/etl"
)

// toldCountries is up to how many countries the report tells one by one.
const toldCountries = 5

// toldColumns is how many columns that are left out the report names.
const toldColumns = 12

// tell puts into the report what a load decided, and what the source holds now.
func (w *loader) tell(ctx context.Context) error {
	for _, f := range w.plan.files {
		w.tellFile(f)
	}
	if b := w.plan.codebook; b != nil {
		w.note("codebook %s: %d texts, %d labels; %d entries are no questions of wave 7",
			b.Name(), len(b.Texts), len(b.Labels), b.Others)
	}
	if w.plan.codebook == nil && !w.plan.keepsWords() {
		w.note("no codebook: questions and answers have no words")
	}
	if err := w.tellCountries(ctx); err != nil {
		return err
	}
	if err := w.tellWeights(ctx); err != nil {
		return err
	}
	return w.tellStates(ctx)
}

func (w *loader) note(format string, args ...any) {
	w.job.Report.Notes = append(w.job.Report.Notes, fmt.Sprintf(format, args...))
}

// tellFile says what of a file isn't loaded, and what it lacks.
func (w *loader) tellFile(f *etl.Checked) {
	if out := leftOut(f); len(out) > 0 {
		w.note("%s: %d questions; %d other columns are left out: %s",
			f.Name(), len(questionsOf(f)), len(out), someOf(out))
	}
	has := func(name string) bool {
		return slices.ContainsFunc(f.Columns, func(c etl.Column) bool { return c.Name == name })
	}
	if !has("weight") {
		w.note("%s: no column W_WEIGHT, so that weighted shares are NULL", f.Name())
	}
	if !has("interview") {
		w.note("%s: no column D_INTERVIEW, so that a respondent is known by the line alone", f.Name())
	}
}

// someOf lists the first of many names.
func someOf(names []string) string {
	if len(names) > toldColumns {
		return strings.Join(names[:toldColumns], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}

// tellCountries counts the source's respondents.
func (w *loader) tellCountries(ctx context.Context) error {
	rows, err := w.job.Run.Session().Query(ctx, `select country, count(*) from wvs_respondent
		group by country order by country`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		c := etl.Count{Table: respondentSpec().Name}
		if err := rows.Scan(&c.Kind, &c.Rows); err != nil {
			return err
		}
		w.job.Report.Counts = append(w.job.Report.Counts, c)
		w.job.Report.Rows += c.Rows
	}
	return rows.Err()
}

// tellWeights says who has no weight where others have one.
func (w *loader) tellWeights(ctx context.Context) error {
	var without int64
	err := etl.Scan(ctx, w.job.Run.Session(), `select count(*) from wvs_respondent r where weight is null
		and exists (select 1 from wvs_respondent o where o.country = r.country and o.weight is not null)`, &without)
	if err == nil && without > 0 {
		w.note("%d respondents have no weight: they count in n and share, not in weighted_n and weighted_share", without)
	}
	return err
}

// tellStates says which questions a country wasn't asked.
func (w *loader) tellStates(ctx context.Context) error {
	rows, err := w.job.Run.Session().Query(ctx, `select m.country, m.state, m.question from wvs_missing m
		join wvs_fact f on f.question = m.question
		where m.state <> 'asked' and (f.question = 'Q' || f.number or m.state = 'not asked')
		order by m.country, m.state desc, f.number, m.question`)
	if err != nil {
		return err
	}
	defer rows.Close()
	type group struct{ country, state string }
	var order []group
	questions := map[group][]string{}
	for rows.Next() {
		var g group
		var question string
		if err := rows.Scan(&g.country, &g.state, &question); err != nil {
			return err
		}
		if questions[g] == nil {
			order = append(order, g)
		}
		questions[g] = append(questions[g], question)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(w.job.Report.Counts) > toldCountries {
		w.note("questions that a country wasn't asked: see core.wvs_missing, where state is not 'asked'")
		return nil
	}
	for _, g := range order {
		w.note("%s, %s: %s", g.country, g.state, ranges(questions[g]))
	}
	return nil
}

// ranges joins the names of questions, those in a row as Q82-Q90.
func ranges(names []string) string {
	var parts []string
	for i := 0; i < len(names); {
		j := i
		for j+1 < len(names) && names[j+1] == fmt.Sprintf("Q%d", numberOf(names[j])+1) && plainName(names[j]) {
			j++
		}
		part := names[i]
		if j > i {
			part += "-" + names[j]
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

// plainName reports whether a question has nothing behind its number.
func plainName(name string) bool { return name == fmt.Sprintf("Q%d", numberOf(name)) }
