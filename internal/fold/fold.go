// Package fold gives the form in which words are looked up: the form that the
// spellings of one word share.
package fold

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Word is a word with compatibility forms unified (NFKC), case folded, and
// blanks trimmed and collapsed. Word(Word(s)) is Word(s).
func Word(word string) string {
	if plain(word) {
		return word
	}
	// Folding alone leaves the two cases of Cherokee apart.
	folded := strings.ToLower(cases.Fold().String(norm.NFKC.String(word)))
	folded = norm.NFKC.String(folded)
	return strings.Join(strings.Fields(folded), " ")
}

// plain reports whether a word is in that form already, as most are.
func plain(word string) bool {
	for i := range len(word) {
		if c := word[i]; (c < 'a' || c > 'z') && c != '-' && c != '\'' {
			return false
		}
	}
	return true
}
