package report

import (
	"context"
	"fmt"
	"strings"
)

// A Report is sections on one page.
type Report struct {
	Title    string
	Lead     string // what it is about, in a sentence
	Made     string // from what version of the lake, by what
	Command  string // that makes it again
	Sections []Section
}

// Options say how a report is headed.
type Options struct {
	Command string // that made it
	Version string // of alignctl
}

// New makes the report of a subject. The same lake gives the same report.
func New(ctx context.Context, s *Subject, o Options) (*Report, error) {
	sections, err := s.Sections(ctx)
	if err != nil {
		return nil, err
	}
	r := &Report{Title: "Evaluation of " + s.models(), Command: o.Command, Sections: sections}
	if len(s.Evaluations) == 0 {
		r.Title = "Training of " + s.models()
	}
	r.Lead = s.about() + ". Every figure has its rows and the SQL that gives them below it; intervals are of 95 %."
	r.Made, err = s.version(ctx, o.Version)
	return r, err
}

// about counts the runs.
func (s *Subject) about() string {
	var parts []string
	if n := len(s.Evaluations); n > 0 {
		parts = append(parts, counted(n, "evaluation"))
	}
	if n := len(s.Trainings); n > 0 {
		parts = append(parts, counted(n, "training run"))
	}
	return strings.Join(parts, " and ")
}

// models names what the report is about.
func (s *Subject) models() string {
	var names []string
	seen := map[string]bool{}
	for _, run := range s.runs() {
		if label := s.label(run); !seen[label] {
			seen[label] = true
			names = append(names, label)
		}
	}
	if len(names) > 3 {
		return counted(len(names), "model")
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// version says which version of the lake the report was made from.
func (s *Subject) version(ctx context.Context, alignctl string) (string, error) {
	t, err := s.lake.Query(ctx, "select max(publish) as publish, strftime(max(published_at), '%Y-%m-%d %H:%M') as at from meta.outputs")
	if err != nil {
		return "", err
	}
	r := t.rows()[0]
	return fmt.Sprintf("Made by alignctl %s from version %s of the lake, published %s UTC.", alignctl, r.text("publish"), r.text("at")), nil
}
