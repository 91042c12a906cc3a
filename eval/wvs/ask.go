package wvs

import (
	"context"
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
	DefaultTemplate  = "plain-en-1"
	DefaultOrders    = 4
	DefaultDraws     = 10
	DefaultMaxTokens = 32
)

// AskOptions says which items to put to a model, in which words and orders, and
// how its answers are read.
type AskOptions struct {
	Countries []Country // items that all of them were asked
	Templates []string  // as FindTemplate takes them; nil: DefaultTemplate
	Country   string    // what fills {country} in a template
	Texts     string    // source of the survey's words; "": any that has them
	Readout   string    // Likelihood (""), FirstToken or Sampled
	Keys      string    // before the options; "": none for Likelihood, else Letters
	Orders    int       // of the options, in each wording; 0: DefaultOrders
	Seed      int64     // of the orders and draws
	Limit     int       // ask the first so many items; 0: all
	Published Published

	Draws       int     // of each order, for Sampled; 0: DefaultDraws
	Temperature float64 // for Sampled; 0: greedy, the same answer in each draw
	MaxTokens   int     // for Sampled; 0: DefaultMaxTokens
	Batch       int     // for Sampled; 0: as suits the model

	Command string
	Version string // of alignctl
}

// An Asked is what Ask kept.
type Asked struct {
	RunID    string
	Items    int
	Prompts  int
	Seconds  float64
	Warnings []string
}

// Ask puts the survey's items to a model and publishes what came of it in
// eval.runs, eval.samples and eval.readouts. Each call is a run of its own. When
// the context is cancelled or the model gives up, what it was asked before is
// published with the status interrupted, and the error returned with the run.
func Ask(ctx context.Context, l *lake.Lake, open eval.Opener, o AskOptions) (_ Asked, err error) {
	o = o.withDefaults()
	w, err := o.wording()
	if err != nil {
		return Asked{}, err
	}
	run, err := eval.Begin(ctx, l, lake.RunInfo{Command: o.Command, Version: o.Version, Config: o.config()},
		questionTable, optionTable, distributionTable)
	if err != nil {
		return Asked{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	q := questionnaire{options: o, wording: w, runID: run.ID()}
	if err := q.read(ctx, run); err != nil {
		return Asked{}, err
	}
	m, err := open(ctx)
	if err != nil {
		return Asked{}, err
	}
	defer m.Close()
	q.started = time.Now().UTC()
	asked := q.ask(ctx, m)
	if asked != nil && len(q.samples) == 0 {
		return Asked{}, asked
	}
	// What is finished is kept, though the user wants to stop or the model gave up.
	if err := q.publish(context.WithoutCancel(ctx), run, m.Source(), asked == nil); err != nil {
		return Asked{}, errors.Join(err, asked)
	}
	return q.asked(), asked
}

func (o AskOptions) withDefaults() AskOptions {
	if len(o.Templates) == 0 {
		o.Templates = []string{DefaultTemplate}
	}
	if o.Readout == "" {
		o.Readout = Likelihood
	}
	if o.Keys == "" && o.Readout == Likelihood {
		o.Keys = NoKeys
	} else if o.Keys == "" {
		o.Keys = Letters
	}
	if o.Orders == 0 {
		o.Orders = DefaultOrders
	}
	if o.Readout == Sampled {
		return o.sampled()
	}
	return o
}

// sampled fills in what only the read-out of this name needs.
func (o AskOptions) sampled() AskOptions {
	if o.Draws == 0 {
		o.Draws = DefaultDraws
	}
	if o.MaxTokens == 0 {
		o.MaxTokens = DefaultMaxTokens
	}
	return o
}

// wording reads the templates and refuses what can't be asked.
func (o AskOptions) wording() (w wording, err error) {
	readouts, keys := []string{Likelihood, FirstToken, Sampled}, []string{NoKeys, Letters, Numbers}
	switch {
	case !slices.Contains(readouts, o.Readout):
		return w, fmt.Errorf("ask: read-out %q is none of %s", o.Readout, strings.Join(readouts, ", "))
	case !slices.Contains(keys, o.Keys):
		return w, fmt.Errorf("ask: keys %q are none of %s", o.Keys, strings.Join(keys, ", "))
	case o.Readout == FirstToken && o.Keys == NoKeys:
		return w, errors.New("ask: the read-out first-token needs keys: letters or numbers")
	case o.Draws < 0 || o.Limit < 0 || o.Temperature < 0:
		return w, errors.New("ask: draws, limit and temperature can't be negative")
	}
	w = wording{country: o.Country, keys: o.Keys, orders: o.Orders, seed: o.Seed}
	for _, name := range o.Templates {
		t, err := FindTemplate(name)
		if err != nil {
			return w, err
		}
		w.templates = append(w.templates, t)
	}
	return w, w.validate()
}

// config is the options in force, for the lake's record of the run and eval.runs.
func (o AskOptions) config() map[string]any {
	config := map[string]any{"suite": Suite, "countries": list(o.Countries), "templates": o.Templates, "country": o.Country,
		"texts": o.Texts, "readout": o.Readout, "keys": o.Keys, "orders": o.Orders, "seed": o.Seed, "limit": o.Limit,
		"published": o.Published}
	if o.Readout == Sampled {
		config["draws"], config["temperature"], config["max_new_tokens"] = o.Draws, o.Temperature, o.MaxTokens
	}
	return config
}
