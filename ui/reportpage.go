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

// report makes the part of a report that the address asks for, or one to begin
// with.
func (v *visit) report(s *sql.Session, runs []string) (*reportBody, error) {
	subject, err := report.Open(v.ctx, report.InSession(s), runs)
	if err != nil {
		return nil, v.none(err)
	}
	subject.Rights = true // what is shown stays on this machine
	b := &reportBody{Runs: runs, Answered: subject.Evaluations}
	b.choose(subject)
	for _, b.Part = range b.begin(v.URL.Query().Get("part"), subject) {
		if err := b.fill(v.ctx, subject); err != nil || len(b.Sections) > 0 {
			return b, err
		}
	}
	return b, nil
}

// choose finds the parts that the runs can have.
func (b *reportBody) choose(subject *report.Subject) {
	for _, part := range report.Parts() {
		if part.ID == "training" && len(subject.Trainings) > 0 || part.ID != "training" && len(subject.Evaluations) > 0 {
			b.Parts = append(b.Parts, part)
		}
	}
}

// begin are the parts of which the first that shows anything is shown: the one
// that was asked for, else what people look for, the page of a training being
// about the training.
func (b *reportBody) begin(asked string, subject *report.Subject) []string {
	if asked != "" {
		return []string{asked}
	}
	parts := []string{"associations", "survey", "compared"}
	if slices.ContainsFunc(b.Runs, func(run string) bool { return slices.Contains(subject.Trainings, run) }) {
		parts = append([]string{"training"}, parts...)
	}
	return parts
}

// fill makes the sections of the part, if the runs can have it.
func (b *reportBody) fill(ctx context.Context, subject *report.Subject) error {
	at := slices.IndexFunc(b.Parts, func(p report.Part) bool { return p.ID == b.Part })
	if at < 0 {
		return nil
	}
	sections, err := subject.Make(ctx, b.Parts[at])
	if err != nil {
		return err
	}
	for _, section := range sections {
		html, err := section.HTML()
		if err != nil {
			return err
		}
		b.Sections = append(b.Sections, html)
	}
	return nil
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
