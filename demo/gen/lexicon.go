package main

import (
	"bufio"
	"fmt"
	"strings"
)

// associatesPerWord is the length of every list in a lexicon: the weight tables of corpus.go have as many entries.
const associatesPerWord = 8

// entry is one line of a lexicon: a word and what it calls to mind, most frequent first.
type entry struct {
	word       string
	associates []string
}

// lexicon holds the hand-written material of one language.
type lexicon struct {
	modifiers, heads, words []entry
}

// parseLexicon reads lines "kind word: a, b, c" where kind is modifier, head or word. Blank lines and lines that start
// with # are skipped. An error names the line.
func parseLexicon(text string) (lexicon, error) {
	var lex lexicon
	kinds := map[string]*[]entry{"modifier": &lex.modifiers, "head": &lex.heads, "word": &lex.words}
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		kind, rest, _ := strings.Cut(line, " ")
		list, known := kinds[kind]
		if !known {
			return lexicon{}, fmt.Errorf("parse lexicon line %d: unknown kind %q", n, kind)
		}
		e, err := parseEntry(rest)
		if err != nil {
			return lexicon{}, fmt.Errorf("parse lexicon line %d: %w", n, err)
		}
		*list = append(*list, e)
	}
	return lex, lines.Err()
}

func parseEntry(text string) (entry, error) {
	word, list, found := strings.Cut(text, ": ")
	associates := strings.Split(list, ", ")
	if !found || len(associates) != associatesPerWord {
		return entry{}, fmt.Errorf("word %q has %d associates, want %d", word, len(associates), associatesPerWord)
	}
	return entry{word: word, associates: associates}, nil
}
