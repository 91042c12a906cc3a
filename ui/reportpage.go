package ui

import (
	"context"
	"html/template"
	"net/url"
	"slices"

	"alignctl/eval/report"
	"alignctl/lake/duck"
	"alignctl/sql"
)

// A reportBody is a part of the report of some runs, and the way to the others.
type reportBody struct {
	Runs     []string
	Part     string // its id
	Parts    []report.Part
	Sections []template.HTML
	Answered []string // the runs of these that are evaluations
}

// comparePage is the report of several runs.
func comparePage(v *visit) (page, error) {
	runs := v.URL.Query()["run"]
	if len(runs) == 0 {
		return page{}, noneError{"no run was chosen to compare"}
	}
	p := page{template: "compare", Title: "Runs compared", Tab: "runs"}
	err := v.session(func(s *sql.Session) (err error) {
		p.Body, err = v.report(s, runs)
		return err
	})
	return p, err
}

// report makes the part of a report that the address asks for.
func (v *visit) report(s *sql.Session, runs []string) (*reportBody, error) {
	subject, err := report.Open(v.ctx, queried{s}, runs)
	if err != nil {
		return nil, noneError{err.Error()}
	}
	subject.Rights = true // what is shown stays on this machine
	b := &reportBody{Runs: runs, Part: v.URL.Query().Get("part"), Answered: subject.Evaluations}
	b.choose(subject)
	for _, part := range b.Parts {
		if part.ID != b.Part {
			continue
		}
		sections, err := subject.Make(v.ctx, part)
		if err != nil {
			return nil, err
		}
		for _, section := range sections {
			html, err := section.HTML()
			if err != nil {
				return nil, err
			}
			b.Sections = append(b.Sections, html)
		}
	}
	return b, nil
}

// choose finds the parts that the runs can have, and the one to begin with.
func (b *reportBody) choose(subject *report.Subject) {
	for _, part := range report.Parts() {
		training := part.ID == "training"
		if training && len(subject.Trainings) > 0 || !training && len(subject.Evaluations) > 0 {
			b.Parts = append(b.Parts, part)
		}
	}
	if b.Part != "" {
		return
	}
	b.Part = "associations"
	if slices.Contains(subject.Trainings, b.Runs[0]) {
		b.Part = "training"
	}
}

// Address is where a part is.
func (b *reportBody) Address(part string) template.URL {
	query := url.Values{"part": {part}}
	if len(b.Runs) > 1 {
		query["run"] = b.Runs
	}
	return "?" + encoded(query)
}

// reported says whether a report can be made of a run: a training or an
// evaluation.
func (v *visit) reported(s *sql.Session, run string) (bool, error) {
	for _, table := range []string{"train.runs", "eval.runs"} {
		if !v.has(table) {
			continue
		}
		found, err := list(v, s, "select run_id from "+table+" where run_id = "+duck.Literal(run), text)
		if err != nil || len(found) > 0 {
			return len(found) > 0, err
		}
	}
	return false, nil
}

// queried lets a report ask a session.
type queried struct{ session *sql.Session }

// Has says whether the session has a table.
func (q queried) Has(table string) bool { return slices.Contains(q.session.Tables(), table) }

// Query runs a statement.
func (q queried) Query(ctx context.Context, query string) (*report.Table, error) {
	rows, err := q.session.Query(ctx, sql.Statement{SQL: query})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, _, err := rows.Read(-1)
	return &report.Table{Columns: columns, Rows: values}, err
}
