package wvs

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"alignctl/internal/reply"
)

// choose finds which option a written answer gives: by its words, by the key
// before it, or as the only option whose words stand in the answer. It is -1
// where the answer gives none, or more than one.
func (a shown) choose(output string) int {
	for _, text := range []string{output, firstLine(output)} {
		if i := a.exactly(text); i >= 0 {
			return i
		}
	}
	if i := a.byKey(output); i >= 0 {
		return i
	}
	return a.within(output)
}

// firstLine is the first line with something on it.
func firstLine(text string) string {
	for line := range strings.SplitSeq(text, "\n") {
		if reply.Word(line) != "" {
			return line
		}
	}
	return ""
}

// exactly is the option whose words, or key, are all of a text.
func (a shown) exactly(text string) int {
	said := reply.Word(text)
	if i := a.only(func(label string) bool { return reply.Word(label) == said }); i >= 0 {
		return i
	}
	return slices.IndexFunc(a.options, func(o ReadoutRow) bool { return o.Key != "" && reply.Word(o.Key) == said })
}

// byKey is the option whose key, with a mark after it, begins the answer: "B. ..."
// or "(B) ...".
func (a shown) byKey(output string) int {
	opening := strings.TrimLeft(firstLine(output), " \t([*\"'（")
	return slices.IndexFunc(a.options, func(o ReadoutRow) bool {
		rest, begins := strings.CutPrefix(opening, o.Key)
		return o.Key != "" && begins && strings.IndexAny(rest, ".．):、，。：）]*\"'") == 0
	})
}

// within is the only option whose words stand in the answer, apart from words
// that belong to a longer option's.
func (a shown) within(output string) int {
	said := " " + reply.Word(strings.ReplaceAll(output, "\n", " ")) + " "
	return a.only(func(label string) bool {
		word := reply.Word(label)
		return word != "" && stands(said, word) && !a.inLonger(said, word)
	})
}

// stands says whether words stand in a text: not as a part of longer words, and
// not denied.
func stands(text, words string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], words)
		if i < 0 {
			return false
		}
		before, after := text[:at+i], text[at+i+len(words):]
		if !joins(before, words) && !joins(words, after) && !denial.MatchString(before) {
			return true
		}
		at += i + len(words)
	}
}

// denial ends a text that turns what follows into its opposite.
var denial = regexp.MustCompile(`(?:\b(?:not|no|never|neither|nor|cannot)|n't)(?: (?:very|really|quite|at all))? $|[不没未非]$`)

// joins says whether the end of one text and the beginning of the next are one
// word. Chinese has no blanks between its words.
func joins(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return isWordRune(last) && isWordRune(first)
}

func isWordRune(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsNumber(r)) && !unicode.Is(unicode.Han, r)
}

// inLonger says whether another option, whose words hold these, stands there.
func (a shown) inLonger(said, word string) bool {
	return slices.ContainsFunc(a.options, func(o ReadoutRow) bool {
		longer := reply.Word(o.Label)
		return len(longer) > len(word) && strings.Contains(longer, word) && stands(said, longer)
	})
}

// only is the one option whose label fits, -1 for none or several.
func (a shown) only(fits func(label string) bool) int {
	found := -1
	for i, o := range a.options {
		if !fits(o.Label) {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}
