// Package demo holds a small raw corpus in the R100 layout of Small World of Words, English and Mandarin, so that
// alignctl can be tried, and its tests run, without anybody's data. Every row of it is invented: see README.md.
//
// Its cues are compounds ("paper boat", "纸船") whose responses come from the lists of their two parts, so that a model
// can learn, from the compounds that it was trained on, what to answer to those that it has never seen.
package demo

import (
	"bytes"
	_ "embed"
)

//go:generate sh -c "cd .. && go run ./demo/gen"

//go:embed data/DEMO-EN.R100.csv
var english []byte

//go:embed data/DEMO-ZH.R100.csv
var mandarin []byte

// File is one raw file of the corpus.
type File struct {
	Name     string // base name, as a user would find it on disk
	Language string // "en" or "zh", what etl swow takes as --lang
	Data     []byte // UTF-8, comma-separated; the caller's own copy
}

// Files returns the corpus, English first.
func Files() []File {
	return []File{
		{Name: "DEMO-EN.R100.csv", Language: "en", Data: bytes.Clone(english)},
		{Name: "DEMO-ZH.R100.csv", Language: "zh", Data: bytes.Clone(mandarin)},
	}
}
