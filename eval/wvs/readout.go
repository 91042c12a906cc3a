package wvs

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"alignctl/lake"
)

// A shown is an item as a model saw it once, and what came of it.
type shown struct {
	question string
	variant  string
	sample   int32
	output   string       // what the model wrote, where it was asked to
	options  []ReadoutRow // by place
}

// written says whether the model was asked to write.
func (a shown) written() bool { return a.options[0].Tokens == 0 }

// shownQuery gives the options that a model was shown, and what it wrote.
const shownQuery = `
select item_id, variant, sample, coalesce(s.output, ''), r.code, r.place, r.key, r.label, r.logprob, r.first_logprob,
	r.tokens, r.characters
from eval.readouts r left join eval.samples s using (run_id, item_id, variant, sample)
where run_id = $1
order by item_id, variant, sample, r.place`

// readShown reads what a run asked, by question.
func readShown(ctx context.Context, s *lake.Session, run string) (map[string][]shown, error) {
	byQuestion := map[string][]shown{}
	err := s.Each(ctx, shownQuery, []any{run}, func(rows *sql.Rows) error {
		var a shown
		var o ReadoutRow
		err := rows.Scan(&a.question, &a.variant, &a.sample, &a.output, &o.Code, &o.Place, &o.Key, &o.Label, &o.LogProb,
			&o.FirstLogProb, &o.Tokens, &o.Characters)
		all := byQuestion[a.question]
		if n := len(all); n == 0 || all[n-1].variant != a.variant || all[n-1].sample != a.sample {
			all = append(all, a)
		}
		last := &all[len(all)-1]
		last.options = append(last.options, o)
		byQuestion[a.question] = all
		return err
	})
	if err == nil && len(byQuestion) == 0 {
		err = fmt.Errorf("eval.readouts has none: ask by alignctl eval wvs")
	}
	if err != nil {
		return nil, fmt.Errorf("read what run %q was shown: %w", run, err)
	}
	return byQuestion, nil
}

// The ways to make log-probabilities of answers of different length comparable.
const (
	PlainSum     = "none"
	ByTokens     = "tokens"
	ByCharacters = "characters"
)

// Normalisations lists them.
func Normalisations() []string { return []string{PlainSum, ByTokens, ByCharacters} }

// A reading turns what a model said of options into shares.
type reading struct {
	normalise string
	published Published
}

// shares gives each option shown its share, nil where the model chose none; mass
// is the probability that the model gave to all of them together.
func (r reading) shares(a shown) (shares []float64, mass float64) {
	if a.written() {
		shares = make([]float64, len(a.options))
		i := a.choose(a.output)
		if i < 0 {
			return nil, 0
		}
		shares[i] = 1
		return shares, 1
	}
	scores := make([]float64, len(a.options))
	for i, o := range a.options {
		if scores[i] = math.Inf(-1); o.LogProb != nil { // else too little for a server to tell
			mass += math.Exp(*o.LogProb)
			scores[i] = r.score(o)
		}
	}
	return softmax(scores), min(1, mass)
}

// score is the log of an option's share, before all are made to sum to 1.
func (r reading) score(o ReadoutRow) float64 {
	switch {
	case r.published.OneToken && o.Tokens > 1:
		return math.Inf(-1)
	case r.published.OneToken:
		return *o.FirstLogProb
	case r.normalise == ByTokens:
		return *o.LogProb / float64(o.Tokens)
	case r.normalise == ByCharacters:
		return *o.LogProb / float64(o.Characters)
	}
	return *o.LogProb
}

// softmax is exp(scores) by their sum; nil where all are minus infinity.
func softmax(scores []float64) []float64 {
	peak := slices.Max(scores)
	if math.IsInf(peak, -1) {
		return nil
	}
	weights := make([]float64, len(scores))
	for i, s := range scores {
		weights[i] = math.Exp(s - peak)
	}
	return normalised(weights)
}
