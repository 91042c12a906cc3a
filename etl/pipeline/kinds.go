package pipeline

import (
	"alignctl/etl"
	"alignctl/etl/norms"
	"alignctl/etl/swow"
	"alignctl/etl/wvs"
)

// A Kind is a kind of raw files that a source can have.
type Kind struct {
	Name    string // what loads it, as swow in alignctl etl swow; or codebook
	Layouts []etl.Layout
}

// Kinds lists the kinds of raw files that alignctl knows; each set of norms is
// one of its own.
func Kinds() ([]Kind, error) {
	kinds := []Kind{{"swow", swow.Layouts()}, {"strength", swow.StrengthLayouts()}, {"wvs", wvs.Layouts()},
		{"codebook", wvs.CodebookLayouts()}}
	for _, name := range norms.Sets() {
		set, err := norms.FindSet(name)
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, Kind{"norms", set.Layouts()})
	}
	return append(kinds, Kind{"lemma", norms.LemmaLayouts()[:1]}), nil // any pair of texts is a list without header
}
