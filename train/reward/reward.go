// Package reward says what a model's answer is worth, for training that learns
// from rewards. It knows nothing of models: samples go in, scores come out.
//
// A reward is a sum of weighted parts. A part is one of the functions here
// ([Names]) or SQL, which DuckDB runs over a whole batch of samples beside the
// tables of the lake. An answer that can't be read is worth -1 to a part that
// must read it, says why, and is never NaN: a value that isn't a finite number
// is an error that names its samples.
package reward

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"alignctl/internal/ranking"
)

// A Sample is an answer to a question, with what people say to it.
type Sample struct {
	ExampleID  string      `json:"example_id"`
	Language   string      `json:"language"`
	Cue        string      `json:"cue"`
	Prompt     string      `json:"prompt"`     // as the model read it
	Completion string      `json:"completion"` // what it answered, without the token that ends it
	Label      []Associate `json:"label"`      // people's associates, the most frequent first
}

// An Associate is a response that people gave to a cue.
type Associate = ranking.Associate

// name tells a sample from others, for errors.
func (s Sample) name() string {
	answer := []rune(s.Completion)
	if len(answer) > shownRunes {
		answer = append(answer[:shownRunes], '…')
	}
	return fmt.Sprintf("example %q (answer %q)", s.ExampleID, string(answer))
}

// shownRunes is how much of an answer an error shows.
const shownRunes = 40

// A Score is what a sample is worth.
type Score struct {
	Reward float64 // sum over the parts of weight times value
	Parts  []Part  // in the order of the weights
	Failed string  // why the answer couldn't be read, by the first part that couldn't; "" where all could
}

// A Part is the value of one part of a reward, without its weight.
type Part struct {
	Name   string
	Value  float64
	Failed string // why it couldn't read the answer; "" where it could
}

// A Scorer scores a batch of samples, in their order. Where a sample has no
// value, or one that isn't finite, there is an error and no score.
type Scorer interface {
	Score(context.Context, []Sample) ([]Score, error)
}

// failedValue is what an answer is worth to a part that can't read it: the least
// that a correlation can be, so that silence is no way out.
const failedValue = -1

// A value is what a part gives a sample.
type value struct {
	value  float64
	failed string
}

func failed(why string) value { return value{failedValue, why} }

// A part gives each sample of a batch a value.
type part interface {
	values(context.Context, []Sample) ([]value, error)
}

// A function is a part that looks at one sample at a time.
type function struct {
	of         func(Sample) value
	needsLabel bool
}

func (f function) values(_ context.Context, samples []Sample) ([]value, error) {
	if err := f.check(samples); err != nil {
		return nil, err
	}
	values := make([]value, len(samples))
	for i, s := range samples {
		values[i] = f.of(s)
	}
	return values, nil
}

// check refuses samples that the function can't look at.
func (f function) check(samples []Sample) error {
	if !f.needsLabel {
		return nil
	}
	unlabelled := func(s Sample) bool { return len(s.Label) == 0 }
	if i := slices.IndexFunc(samples, unlabelled); i >= 0 {
		return fmt.Errorf("example %q has no label: people's associates are the column label of the data set, "+
			"or core.strength has them for its language and cue", samples[i].ExampleID)
	}
	return nil
}

// functions are the named parts.
var functions = map[string]function{
	"ranking":           {rankingReward, true},
	"ranking_published": {rankingPublished, true},
	"hit_strength":      {hitStrength, true},
	"format":            {format, false},
}

// sqlPart is the name of the part that is SQL.
const sqlPart = "sql"

// Names are the parts that a reward can be made of, besides SQL.
func Names() []string { return slices.Sorted(maps.Keys(functions)) }

// Weighted is a Scorer that adds up weighted parts.
type Weighted struct {
	weights []Weight
	parts   []part
	tables  []string
}

// Tables are the tables of the lake that the reward reads, sorted: inputs of a
// run that learns from it.
func (w *Weighted) Tables() []string { return w.tables }

// Check refuses questions to which no answer could be scored, before any is
// asked: they are samples without a completion.
func (w *Weighted) Check(questions []Sample) error {
	for i, p := range w.parts {
		f, ok := p.(function)
		if !ok {
			continue
		}
		if err := f.check(questions); err != nil {
			return fmt.Errorf("reward %s: %w", w.weights[i].Name, err)
		}
	}
	return nil
}

// Score scores samples. SQL sees all of them at once.
func (w *Weighted) Score(ctx context.Context, samples []Sample) ([]Score, error) {
	scores := make([]Score, len(samples))
	for i, weight := range w.weights {
		values, err := w.parts[i].values(ctx, samples)
		if err != nil {
			return nil, fmt.Errorf("score %d samples by %s: %w", len(samples), weight.Name, err)
		}
		for j, v := range values {
			scores[j].add(weight, v)
		}
	}
	return scores, nil
}

func (s *Score) add(w Weight, v value) {
	s.Reward += w.Weight * v.value
	s.Parts = append(s.Parts, Part{Name: w.Name, Value: v.value, Failed: v.failed})
	if s.Failed == "" {
		s.Failed = v.failed
	}
}
