package pipeline

import (
	"alignctl/etl"
	"alignctl/etl/swow"
)

// A Kind is a kind of raw files that a source can have.
type Kind struct {
	Name    string // what loads it: swow in alignctl etl swow
	Layouts []etl.Layout
}

// Kinds lists the kinds of raw files that alignctl knows.
func Kinds() []Kind {
	return []Kind{{"swow", swow.Layouts()}, {"strength", swow.StrengthLayouts()}}
}
