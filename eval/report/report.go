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
	r.Lead = fmt.Sprintf("%s and %s. Every figure has its rows and the SQL that gives them below it; intervals are of 95 %%.",
		counted(len(s.Evaluations), "evaluation"), counted(len(s.Trainings), "training run"))
	r.Made, err = s.version(ctx, o.Version)
	return r, err
}

// models names what the report is about.
func (s *Subject) models() string {
	var names []string
	seen := map[string]bool{}
	for _, run := range append(append([]string{}, s.Evaluations...), s.Trainings...) {
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
