// Command gen writes the demo corpus: two files in the R100 layout of Small World of Words, made from two hand-written
// lexicons and the draws of a hash, so that anybody gets the same bytes. From the root of the project:
//
//	go run ./demo/gen
//
// It exists apart from the corpus so that alignctl itself carries the files and not the means to make them.
package main

import (
	_ "embed"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
)

//go:embed en.txt
var englishLexicon string

//go:embed zh.txt
var mandarinLexicon string

func main() {
	if err := writeFiles(filepath.Join("demo", "data")); err != nil {
		slog.Error("gen", "error", err)
		os.Exit(1)
	}
}

// languages lists the corpora by file name.
func languages() map[string]language {
	return map[string]language{
		"DEMO-EN.R100.csv": {code: "en", lexicon: englishLexicon, joint: " ", origins: englishOrigins},
		"DEMO-ZH.R100.csv": {code: "zh", lexicon: mandarinLexicon, joint: "", origins: mandarinOrigins},
	}
}

// writeFiles writes every corpus into a folder that exists.
func writeFiles(folder string) error {
	for name, lang := range languages() {
		text, err := writeCorpus(lang)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return fmt.Errorf("write corpus %q: %w", lang.code, err)
		}
	}
	return nil
}
