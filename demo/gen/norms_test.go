package main

import (
	"encoding/csv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"alignctl/demo"
)

// readTable gives a file's header and records, without a byte order mark.
func readTable(t *testing.T, name string, delimiter rune) (header []string, records [][]string) {
	t.Helper()
	files := demo.Files()
	at := slices.IndexFunc(files, func(f demo.File) bool { return f.Name == name })
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(files[at].Data), "\ufeff")))
	r.Comma, r.FieldsPerRecord = delimiter, -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[0], rows[1:]
}

// Every word that is a cue or a response is rated, on the scale that its layout
// has.
func TestWordsAreRated(t *testing.T) {
	for _, c := range []struct {
		name, lexicon string
		delimiter     rune
		word          int
		scales        map[string]scale
	}{
		{"DEMO-EN.affect.csv", englishLexicon, ',', 1,
			map[string]scale{"V.Mean.Sum": nine, "A.Mean.O": nine, "D.Mean.F": nine}},
		{"DEMO-EN.concreteness.txt", englishLexicon, '\t', 0, map[string]scale{"Conc.M": {100, 500}, "Percent_known": {0, 100}}},
		{"DEMO-ZH.affect.csv", mandarinLexicon, ',', 0,
			map[string]scale{"Valence_Mean": {-300, 300}, "Arousal_Mean": {0, 400}}},
		{"DEMO-ZH.concreteness.csv", mandarinLexicon, ',', 0, map[string]scale{"Conc": {100, 500}}},
	} {
		header, records := readTable(t, c.name, c.delimiter)
		rated := map[string]bool{}
		for _, r := range records {
			rated[r[c.word]] = true
			for column, s := range c.scales {
				value, err := strconv.ParseFloat(r[slices.Index(header, column)], 64)
				if err != nil || value < float64(s.low)/100 || value > float64(s.high)/100 {
					t.Errorf("%s: %s of %q is %v, %v", c.name, column, r[c.word], value, err)
				}
			}
		}
		lex, err := parseLexicon(c.lexicon)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range newRater("", lex).words() {
			single := !strings.Contains(word, " ") || c.word == 0 // the layout of c.word 1 has single words only
			if rated[word] != single {
				t.Errorf("%s: %q is rated: %t", c.name, word, rated[word])
			}
		}
	}
}

// The two files of the survey are of the two dialects, and their codes are those
// of the questions.
func TestSurvey(t *testing.T) {
	s, err := parseSurvey(surveyTexts)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range countries() {
		header, records := readTable(t, name, ';')
		if len(records) != respondents || slices.Contains(header, c.lacks) {
			t.Errorf("%s: %d records, header %q", name, len(records), header)
		}
		trailing := 0
		if c.floats {
			trailing = 1
		}
		for _, r := range records {
			if len(r) != len(header)+trailing {
				t.Fatalf("%s: %d cells under %d", name, len(r), len(header))
			}
			for _, q := range s.questions {
				at := slices.Index(header, q.name)
				if at < 0 || q.scale == "age" {
					continue
				}
				code, err := strconv.ParseFloat(r[at], 64)
				if err != nil || code >= 0 && !slices.Contains(q.codes, int(code)) || q.name == c.skips && code != -4 {
					t.Errorf("%s: %s is %s", name, q.name, r[at])
				}
			}
		}
	}
}

// The codebook says every question and every label in both languages.
func TestCodebook(t *testing.T) {
	_, records := readTable(t, "DEMO-WVS.codebook.csv", ',')
	said := map[string]map[string]bool{}
	for _, r := range records {
		if said[r[0]+" "+r[3]] == nil {
			said[r[0]+" "+r[3]] = map[string]bool{}
		}
		said[r[0]+" "+r[3]][r[1]] = r[2] != "" || r[4] != ""
	}
	for what, languages := range said {
		if !maps.Equal(languages, map[string]bool{"en": true, "zh": true}) {
			t.Errorf("%s: languages %v", what, languages)
		}
	}
}

func TestParseSurveyNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"1: a | b":                            "line 1: want a scale",
		"scale s 1 x":                         `line 1: code "x"`,
		"scale s 1 2\n1: only English":        "line 2: want English | Mandarin",
		"# note\nask Q1 none: a | b":          `line 2: question Q1 has unknown scale "none"`,
		"scale s 1 2\nask Q1 s: only English": "line 2: want English | Mandarin",
	} {
		if _, err := parseSurvey(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseSurvey(%q): got error %v, want one with %q", text, err, want)
		}
	}
}
