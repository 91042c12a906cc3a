package report

import (
	"context"

	"alignctl/internal/chart"
)

// A Lake answers queries on one version of a lake.
type Lake interface {
	// Query runs one statement that reads, as alignctl sql does.
	Query(ctx context.Context, query string) (*Table, error)
	// Has says whether there is a table.
	Has(table string) bool
}

// A Section is something that a report shows.
type Section struct {
	ID      string // unique on a page, and good in an address
	Part    string // the heading under which sections stand together
	Title   string
	Note    string   // how to read it, in a sentence or two
	Points  []string // what there is to see, in sentences
	Summary *Table   // what is read first; nil where figures are
	Figures []chart.Figure
	Answers []Answers // sample answers side by side, in place of figures
	Table   *Table    // the rows behind all these; nil where they are withheld
	SQL     string    // that gives them
	// Withheld says why rows may not be shown; "" where they may.
	Withheld string
}

// Answers are what runs answered to some cues of a language.
type Answers struct {
	Language string
	Runs     []string // their labels
	Cues     []Cue
}

// A Cue is one that runs were asked about.
type Cue struct {
	Word   string
	People []string // the most frequent responses of people
	Given  [][]Word // of each run; nil where it wasn't asked
}

// A Word of an answer.
type Word struct {
	Text   string
	Shared bool // people said it too
}
