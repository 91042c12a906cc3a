package reward

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/lake"
)

// Options say what a reward is made of. Their zero value is no reward.
type Options struct {
	Parts string `json:"reward"`     // such as "ranking" or "ranking=1,format=0.2"; "": SQL alone
	SQL   string `json:"reward_sql"` // an expression or a query: see [Options.Open]; "" for none
}

// A Weight is how much a part counts.
type Weight struct {
	Name   string
	Weight float64
}

// Weights reads which parts count, and how much: a list such as
// "ranking=1,format=0.2", where a name alone counts 1. Weights are above 0, since
// an answer that can't be read must cost something.
func (o Options) Weights() ([]Weight, error) {
	text := o.Parts
	if text == "" && o.SQL != "" {
		text = sqlPart
	}
	var weights []Weight
	for item := range strings.SplitSeq(text, ",") {
		w, err := parseWeight(strings.TrimSpace(item))
		if err != nil {
			return nil, fmt.Errorf("read reward %q: %w", text, err)
		}
		if slices.ContainsFunc(weights, func(other Weight) bool { return other.Name == w.Name }) {
			return nil, fmt.Errorf("read reward %q: %s stands there twice", text, w.Name)
		}
		weights = append(weights, w)
	}
	return weights, o.checkSQL(weights)
}

func parseWeight(item string) (Weight, error) {
	name, number, given := strings.Cut(item, "=")
	w := Weight{Name: strings.TrimSpace(name), Weight: 1}
	known := append(Names(), sqlPart)
	if !slices.Contains(known, w.Name) {
		return w, fmt.Errorf("no reward is called %q (there are %s)%s", w.Name, strings.Join(known, ", "),
			nearest.Hint(w.Name, known))
	}
	if !given {
		return w, nil
	}
	var err error
	w.Weight, err = strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(w.Weight > 0) || math.IsInf(w.Weight, 0) {
		return w, fmt.Errorf("weight %q of %s: want a number above 0", number, w.Name)
	}
	return w, nil
}

// checkSQL sees to it that SQL counts where it is given, and only there.
func (o Options) checkSQL(weights []Weight) error {
	counts := slices.ContainsFunc(weights, func(w Weight) bool { return w.Name == sqlPart })
	switch {
	case counts && o.SQL == "":
		return fmt.Errorf("read reward %q: %s needs the SQL (--reward-sql)", o.Parts, sqlPart)
	case !counts && o.SQL != "":
		return fmt.Errorf("read reward %q: the SQL doesn't count in it: add %s=WEIGHT", o.Parts, sqlPart)
	}
	return nil
}

// Open makes the scorer. SQL runs in the session, which must outlive it, and is
// checked here against the session's tables. It is
//
//   - an expression over the columns of samples, such as
//     len(list_filter(words, lambda w: w in ('blue', 'sky'))) / 10, or
//   - a query of samples and tables of the lake whose columns are sample (which
//     one, as samples.sample says), reward and, if answers may be unreadable,
//     failed (why this one is, which makes its reward -1; NULL where it isn't),
//     with a row for each sample.
//
// The table samples has a row for each answer: sample BIGINT, example_id,
// language, cue, prompt, completion VARCHAR, label STRUCT(response VARCHAR, n
// BIGINT, rank DOUBLE)[], and what was read in the completion: words VARCHAR[],
// the associates that it lists, and ranked VARCHAR[], those under its final
// ranking (NULL where it has none). Words of all three are lower-case and without
// marks around them.
func (o Options) Open(ctx context.Context, session *lake.Session) (*Weighted, error) {
	weights, err := o.Weights()
	if err != nil {
		return nil, err
	}
	w := &Weighted{weights: weights}
	for _, weight := range weights {
		if weight.Name != sqlPart {
			w.parts = append(w.parts, functions[weight.Name])
			continue
		}
		query, err := openSQL(ctx, session, o.SQL)
		if err != nil {
			return nil, fmt.Errorf("read reward SQL: %w", err)
		}
		w.parts, w.tables = append(w.parts, query), query.tables
	}
	return w, nil
}
