// Command gen writes the demo corpus: files in the layouts of Small World of
// Words, of sets of lexical norms, and of the World Values Survey, made from
// hand-written lexicons and the draws of a hash, so that anybody gets the same
// bytes. From the root of the project:
//
//	go run ./demo/gen
//
// It exists apart from the corpus so that alignctl itself carries the files and
// not the means to make them.
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

//go:embed survey.txt
var surveyTexts string

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

// writeFiles writes everything into a folder that exists.
func writeFiles(folder string) error {
	made := map[string][]byte{}
	for name, lang := range languages() {
		text, err := writeCorpus(lang)
		if err != nil {
			return err
		}
		made[name] = text
	}
	for _, add := range []func(map[string][]byte) error{addNorms, addSurvey} {
		if err := add(made); err != nil {
			return err
		}
	}
	for name, text := range made {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return fmt.Errorf("write %q: %w", name, err)
		}
	}
	return nil
}

// addNorms adds the lexical norms of both languages' words.
func addNorms(files map[string][]byte) error {
	english, err := parseLexicon(englishLexicon)
	if err != nil {
		return err
	}
	mandarin, err := parseLexicon(mandarinLexicon)
	if err != nil {
		return err
	}
	en, zh := newRater("en", english), newRater("zh", mandarin)
	files["DEMO-EN.affect.csv"] = writeAffect(en)
	files["DEMO-EN.concreteness.txt"] = writeConcreteness(en)
	files["DEMO-ZH.affect.csv"] = writeMandarinAffect(zh)
	files["DEMO-ZH.concreteness.csv"] = writeMandarinConcreteness(zh)
	return nil
}

// addSurvey adds the survey of two countries and its codebook.
func addSurvey(files map[string][]byte) error {
	s, err := parseSurvey(surveyTexts)
	if err != nil {
		return err
	}
	for name, c := range countries() {
		files[name] = writeSurvey(c, s)
	}
	files["DEMO-WVS.codebook.csv"] = writeCodebook(s)
	return nil
}
