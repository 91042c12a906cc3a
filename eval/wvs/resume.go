package wvs

import (
	"context"
	"encoding/json"
	"fmt"

	"alignctl/eval"
	"alignctl/lake"
)

// A runConfig is what meta.runs remembers of the options, for Resumption. The
// templates stand there whole: a file of the user's may be another by then.
type runConfig struct {
	Suite string `json:"suite"`
	AskOptions
	Wordings []Template `json:"wordings"`
}

// asked is how the items are asked, for eval.runs, which says elsewhere who
// answers.
func (o AskOptions) asked() (string, error) {
	text, err := json.Marshal(struct {
		AskOptions
		Model *string `json:"model,omitempty"`
	}{AskOptions: o})
	if err != nil {
		return "", fmt.Errorf("describe the run: %w", err)
	}
	return string(text), nil
}

// A Resumption is a run of Ask that can go on, or the news that it is done.
type Resumption struct {
	*eval.Begun
	Options AskOptions // of the run; Batch and what JSON leaves out are the caller's to set

	templates []Template
}

// FindResumption looks for a run by its id, or eval.Latest.
func FindResumption(ctx context.Context, l *lake.Lake, run string) (*Resumption, error) {
	b, err := eval.FindBegun(ctx, l, Suite, run)
	if err != nil {
		return nil, err
	}
	var config runConfig
	if err := b.Options(&config); err != nil {
		return nil, err
	}
	return &Resumption{b, config.AskOptions, config.Wordings}, nil
}

// Resume goes on with a run as Ask would have: it asks what has no answer yet, in
// the same words of the same survey, all under the run's id.
func Resume(ctx context.Context, l *lake.Lake, open eval.Opener, r *Resumption) (Asked, error) {
	if r.Done {
		return Asked{}, fmt.Errorf("resume run %q: it is done", r.RunID)
	}
	q := questionnaire{config: runConfig{Suite, r.Options.withDefaults(), r.templates}, open: open, earlier: r.Begun}
	return q.do(ctx, l)
}

// FindAsked looks for the newest run that put the same to the same source, of the
// survey as it is now; nil where there is none. What it finds may be done, or wait
// for Resume.
func FindAsked(ctx context.Context, l *lake.Lake, o AskOptions, from eval.Source) (*Resumption, error) {
	o = o.withDefaults()
	templates, err := o.templates()
	if err != nil {
		return nil, err
	}
	pins, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	b, err := eval.FindSame(ctx, l, runConfig{Suite, o, templates}, eval.Asker{Suite: Suite, From: from, Pins: pins})
	if err != nil || b == nil {
		return nil, err
	}
	return &Resumption{b, o, templates}, nil
}
