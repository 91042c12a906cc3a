package wvs

import (
	"fmt"
	"maps"
	"slices"

	"alignctl/internal/nearest"
)

// Published brings back defects of the study's public code, each by its name, so
// that its figures can be reproduced and what a defect moves be seen.
type Published struct {
	EMDOfShares bool `json:"emd_of_shares,omitempty"` // EMD of the shares as values, not of their places
	StringOrder bool `json:"string_order,omitempty"`  // codes sorted as texts (1, 10, 2), cut to the shorter list, matched by index
	Intersect   bool `json:"intersect,omitempty"`     // options that one side lacks are left out of both
	OneToken    bool `json:"one_token,omitempty"`     // of an option's key only a single token is read: 10 has no share, and 1 has its
	OfferUnused bool `json:"offer_unused,omitempty"`  // options that nobody chose are shown, too
	NoTemplate  bool `json:"no_template,omitempty"`   // the prompt without the model's chat template
}

// The defects by their names, those of asking and those of scoring.
var (
	askedWith = map[string]func(*Published){
		"offer-unused":     func(p *Published) { p.OfferUnused = true },
		"no-chat-template": func(p *Published) { p.NoTemplate = true },
	}
	scoredWith = map[string]func(*Published){
		"emd-of-shares": func(p *Published) { p.EMDOfShares = true },
		"string-order":  func(p *Published) { p.StringOrder = true },
		"intersect":     func(p *Published) { p.Intersect = true },
		"one-token":     func(p *Published) { p.OneToken = true },
	}
)

// AskedAsPublished are the names of the defects that a model can be asked with.
func AskedAsPublished() []string { return sortedKeys(askedWith) }

// ScoredAsPublished are the names of those that its answers can be scored with.
func ScoredAsPublished() []string { return sortedKeys(scoredWith) }

// ParseAsked switches on named defects of asking; an unknown name is an error.
func ParseAsked(names []string) (Published, error) { return parsePublished(names, askedWith) }

// ParseScored switches on named defects of scoring, likewise.
func ParseScored(names []string) (Published, error) { return parsePublished(names, scoredWith) }

func parsePublished(names []string, known map[string]func(*Published)) (p Published, err error) {
	for _, name := range names {
		set, ok := known[name]
		if !ok {
			return p, fmt.Errorf("as published: no defect is called %q%s", name, nearest.Hint(name, sortedKeys(known)))
		}
		set(&p)
	}
	return p, nil
}

// cut gives the way in which the published code makes lists of two tallies.
func (d Published) cut(p, q tally) func(tally) []float64 {
	return func(t tally) []float64 {
		order := tally.codes
		if d.StringOrder {
			order = tally.asTexts
		}
		codes := order(t)
		if d.Intersect {
			codes = slices.DeleteFunc(codes, func(code int64) bool { return !p.has(code) || !q.has(code) })
		}
		return t.of(codes[:min(len(codes), len(p), len(q))])
	}
}

func (t tally) has(code int64) bool { _, ok := t[code]; return ok }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
