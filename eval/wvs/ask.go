package wvs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"alignctl/eval"
	"alignctl/lake"
)

// The defaults of AskOptions.
const (
	DefaultTemplate    = "plain-en-1"
	DefaultOrders      = 4
	DefaultDraws       = 10
	DefaultMaxTokens   = 32
	DefaultFirstTokens = 20
)

// AskOptions says which items to put to a model, in which words and orders, and
// how its answers are read.
type AskOptions struct {
	Countries  []Country `json:"countries"`            // items that all of them were asked
	Templates  []string  `json:"templates"`            // as FindTemplate takes them; nil: DefaultTemplate
	Country    string    `json:"country"`              // what fills {country} in a template
	Associates string    `json:"associates,omitempty"` // population of core.strength whose associates fill {associates}; "": none
	Texts      string    `json:"texts"`                // source of the survey's words; "": any that has them
	Readout    string    `json:"readout"`              // Likelihood (""), FirstToken or Sampled
	Keys       string    `json:"keys"`                 // before the options; "": none for Likelihood, else Letters
	Orders     int       `json:"orders"`               // of the options, in each wording; 0: DefaultOrders
	Seed       int64     `json:"seed"`                 // of the orders and draws
	Limit      int       `json:"limit"`                // ask the first so many items; 0: all
	Published  Published `json:"published"`

	Draws       int     `json:"draws,omitempty"`          // of each order, for Sampled; 0: DefaultDraws
	Temperature float64 `json:"temperature,omitempty"`    // for Sampled; 0: greedy, the same answer in each draw
	MaxTokens   int     `json:"max_new_tokens,omitempty"` // for Sampled; 0: DefaultMaxTokens
	NoLogProbs  bool    `json:"no_logprobs,omitempty"`    // for Sampled: don't ask a server for them
	// FirstTokens is how many of its most probable first tokens a server tells, for
	// FirstToken; 0: DefaultFirstTokens.
	FirstTokens int `json:"first_tokens,omitempty"`

	// Model says how the model was opened, in the words of whoever opened it, so
	// that a Resumption can tell.
	Model     json.RawMessage `json:"model"`
	Batch     int             `json:"-"` // prompts side by side; 0: as suits the model
	SaveEvery time.Duration   `json:"-"` // publish finished answers that often; 0: eval.DefaultSaveEvery
	Command   string          `json:"-"`
	Version   string          `json:"-"` // of alignctl
}

// An Asked is what Ask or Resume kept.
type Asked struct {
	RunID    string
	Items    int
	Prompts  int
	Seconds  float64
	Warnings []string
}

// Ask puts the survey's items to a model and publishes what came of it in
// eval.runs, eval.samples and eval.readouts. Each call is a run of its own.
// Finished answers are published every SaveEvery, with the status running. When
// the context is cancelled or the model gives up, all of them are kept with the
// status interrupted, and the error is returned with the run: Resume asks what is
// missing.
func Ask(ctx context.Context, l *lake.Lake, open eval.Opener, o AskOptions) (Asked, error) {
	o = o.withDefaults()
	templates, err := o.templates()
	if err != nil {
		return Asked{}, err
	}
	q := questionnaire{config: runConfig{Suite, o, templates}, open: open}
	return q.do(ctx, l)
}

func (o AskOptions) withDefaults() AskOptions {
	if len(o.Templates) == 0 {
		o.Templates = []string{DefaultTemplate}
	}
	o.Readout = cmp.Or(o.Readout, Likelihood)
	if o.Keys == "" && o.Readout == Likelihood {
		o.Keys = NoKeys
	}
	o.Keys = cmp.Or(o.Keys, Letters)
	o.Orders = cmp.Or(o.Orders, DefaultOrders)
	o.SaveEvery = cmp.Or(o.SaveEvery, eval.DefaultSaveEvery)
	o.Draws = cmp.Or(o.Draws, DefaultDraws)
	o.MaxTokens = cmp.Or(o.MaxTokens, DefaultMaxTokens)
	o.FirstTokens = cmp.Or(o.FirstTokens, DefaultFirstTokens)
	return o.relevant()
}

// relevant clears what the read-out doesn't look at: it is no part of the run.
func (o AskOptions) relevant() AskOptions {
	if o.Readout != Sampled {
		o.Draws, o.Temperature, o.MaxTokens, o.NoLogProbs = 0, 0, 0, false
	}
	if o.Readout != FirstToken {
		o.FirstTokens = 0
	}
	return o
}

// templates reads the prompts' wordings.
func (o AskOptions) templates() (all []Template, err error) {
	for _, name := range o.Templates {
		t, err := FindTemplate(name)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// validate refuses what can't be asked.
func (o AskOptions) validate() error {
	readouts, keys := []string{Likelihood, FirstToken, Sampled}, []string{NoKeys, Letters, Numbers}
	switch {
	case !slices.Contains(readouts, o.Readout):
		return fmt.Errorf("ask: read-out %q is none of %s", o.Readout, strings.Join(readouts, ", "))
	case !slices.Contains(keys, o.Keys):
		return fmt.Errorf("ask: keys %q are none of %s", o.Keys, strings.Join(keys, ", "))
	case o.Readout == FirstToken && o.Keys == NoKeys:
		return errors.New("ask: the read-out first-token needs keys: letters or numbers")
	case min(o.Draws, o.Limit, o.FirstTokens) < 0 || o.Temperature < 0:
		return errors.New("ask: draws, limit, first tokens and temperature can't be negative")
	}
	return nil
}
