// Package demo holds a small raw corpus in the layouts of the official files: Small World of Words (R100), lexical
// norms, and the World Values Survey, English and Mandarin, so that alignctl can be tried, and its tests run, without
// anybody's data. Every row of it is invented: see README.md.
//
// Its cues are compounds ("paper boat", "纸船") whose responses come from the lists of their two parts, so that a model
// can learn, from the compounds that it was trained on, what to answer to those that it has never seen.
package demo

import (
	"embed"
	"fmt"
	"slices"
)

//go:generate sh -c "cd .. && go run ./demo/gen"

//go:embed data
var data embed.FS

//go:embed alignctl.yaml
var workspace string

// A Kind is what a file of the corpus is.
type Kind string

// The kinds of files.
const (
	Associations Kind = "swow"     // word associations, for etl swow
	Norms        Kind = "norms"    // lexical norms, for etl norms
	Survey       Kind = "wvs"      // a country's answers, for etl wvs
	Codebook     Kind = "codebook" // the words of the survey's questions
)

// File is one raw file of the corpus.
type File struct {
	Name     string // base name, as a user would find it on disk
	Kind     Kind
	Language string // "en" or "zh"; of a survey, that of its interviews; "" where both are in it
	Data     []byte // UTF-8; the caller's own copy
}

// Files returns the corpus, or its files of some kinds: associations first, English before Mandarin.
func Files(kinds ...Kind) []File {
	var files []File
	for _, f := range list() {
		if len(kinds) > 0 && !slices.Contains(kinds, f.Kind) {
			continue
		}
		content, err := data.ReadFile("data/" + f.Name)
		if err != nil {
			panic(fmt.Sprintf("demo: %v", err)) // the files are part of the program
		}
		f.Data = content
		files = append(files, f)
	}
	return files
}

func list() []File {
	return []File{
		{Name: "DEMO-EN.R100.csv", Kind: Associations, Language: "en"},
		{Name: "DEMO-ZH.R100.csv", Kind: Associations, Language: "zh"},
		{Name: "DEMO-EN.affect.csv", Kind: Norms, Language: "en"},
		{Name: "DEMO-EN.concreteness.txt", Kind: Norms, Language: "en"},
		{Name: "DEMO-ZH.affect.csv", Kind: Norms, Language: "zh"},
		{Name: "DEMO-ZH.concreteness.csv", Kind: Norms, Language: "zh"},
		{Name: "DEMO-WVS.XNL.csv", Kind: Survey, Language: "en"},
		{Name: "DEMO-WVS.XSL.csv", Kind: Survey, Language: "zh"},
		{Name: "DEMO-WVS.codebook.csv", Kind: Codebook},
	}
}

// Workspace is an alignctl.yaml that makes the corpus, in the folder raw beside it, the sources of a lake.
func Workspace() string { return workspace }
