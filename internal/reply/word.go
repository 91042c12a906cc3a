package reply

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Word is the form in which an answer's words and the human associates are
// compared: compatibility characters unified (NFKC, so that full-width forms
// equal plain ones), case folded, inner blanks single, and quotes, brackets
// and punctuation taken off both ends. It is "" for a text without a letter
// or digit. Word(Word(s)) == Word(s).
func Word(s string) string {
	s = strings.Join(strings.Fields(fold(s)), " ")
	s = strings.TrimLeftFunc(s, trimmedBefore)
	s = strings.TrimRightFunc(s, trimmedAfter)
	if !strings.ContainsFunc(s, isLetterOrDigit) {
		return ""
	}
	return s
}

// fold unifies characters and case. Line breaks stay, other blanks become
// plain ones, and characters that print nothing go. Folding twice is what
// Unicode asks for (NFKC_Casefold): case folding can bring back a form that
// NFKC would unify.
func fold(s string) string {
	s = strings.Map(visible, strings.ToValidUTF8(s, "\uFFFD"))
	for range 2 {
		s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	}
	return strings.Map(visible, s)
}

// visible maps each rune to the one that stands for it, or to -1.
func visible(r rune) rune {
	switch {
	case r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
		return '\n'
	case unicode.IsSpace(r):
		return ' '
	case r == '\u2018' || r == '\u2019': // typographic apostrophes
		return '\''
	case unicode.Is(unicode.Cf, r) || unicode.IsControl(r) || unicode.Is(unicode.Variation_Selector, r):
		return -1
	}
	return r
}

// Marks that may stand around a word without being part of it. A hash or a
// dash belongs to the word at its end ("c#") but not at its start.
const (
	quotesAndMarks = "\"'`“”„«»「」『』《》〈〉【】()[]{}<>|*_~.,:;!?。、…・•·"
	leadingMarks   = quotesAndMarks + "#-+=/"
	trailingMarks  = quotesAndMarks + "-=/"
)

func trimmedBefore(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.M, r) || strings.ContainsRune(leadingMarks, r)
}

func trimmedAfter(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(trailingMarks, r) }

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// isIdeographic says whether r is of a script that writes words without
// blanks between them.
func isIdeographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}
