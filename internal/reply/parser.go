package reply

import (
	"fmt"
	"slices"
	"strings"
)

// A Parser names a way to read a list of associates.
type Parser string

// The parsers. The published two are those of the ALIGN study, as its protocol
// tells them, so that its figures can be had again; for anything else they lose
// words.
const (
	Default             Parser = "default"              // Parse
	PublishedGeneration Parser = "published-generation" // for precision and the like
	PublishedNorms      Parser = "published-norms"      // for the norms of an answer's words
)

// Parsers are all of them.
func Parsers() []Parser { return []Parser{Default, PublishedGeneration, PublishedNorms} }

// Validate refuses a parser that there isn't.
func (p Parser) Validate() error {
	if p == "" || slices.Contains(Parsers(), p) {
		return nil
	}
	return fmt.Errorf("find parser %q: there are %q", string(p), Parsers())
}

// Parse reads the list that a model gave for cue in a language (ISO 639-1).
// The zero Parser is Default.
//
//   - published-generation splits at line breaks and at the language's own commas
//     and semicolons, in Chinese "，", "、" and "；" but not ",", so that a Chinese
//     list with ASCII commas is one long word; words are in lower case, without
//     blanks around them, and of equal ones the first is kept. Numbers and bullets
//     stay in the words.
//   - published-norms splits at line breaks and at commas and semicolons of any
//     kind, takes a number or bullet off a word, and keeps repeats.
//
// Neither drops the cue, preambles, explanations, thoughts or refusals, and their
// words are not in the form of Word.
func (p Parser) Parse(text, cue, language string) List {
	switch p {
	case PublishedGeneration:
		return published(text, splitAt(text, ownSeparators(language)), true)
	case PublishedNorms:
		pieces := splitAt(text, ",，、;；\n")
		for i, piece := range pieces {
			pieces[i] = withoutMarker(piece)
		}
		return published(text, pieces, false)
	}
	return Parse(text, cue)
}

func splitAt(text, separators string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) })
}

func ownSeparators(language string) string {
	if language == "zh" {
		return "，、；\n"
	}
	return ",;\n"
}

// withoutMarker takes a number or bullet off the start of a piece.
func withoutMarker(piece string) string {
	piece = strings.TrimLeft(strings.TrimSpace(piece), "-*• ")
	if _, width := numberAt(piece, 0); width > 0 {
		return piece[width:]
	}
	return piece
}

// published is the list of a text's pieces that are more than blanks.
func published(text string, pieces []string, distinct bool) List {
	if strings.TrimSpace(text) == "" {
		return List{Status: Empty}
	}
	list := List{Status: Unparsable}
	seen := map[string]bool{"": true}
	for _, piece := range pieces {
		word := strings.ToLower(strings.TrimSpace(piece))
		if !seen[word] {
			seen[word] = distinct
			list.Words, list.Status = append(list.Words, word), OK
		}
	}
	return list
}
