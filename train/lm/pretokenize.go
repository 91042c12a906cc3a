package lm

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// A splitter cuts text into pieces, in order; merges never cross a cut.
type splitter func(text string, yield func(piece string))

// whole is the splitter that doesn't cut.
func whole(text string, yield func(string)) { yield(text) }

// chain cuts by first, then each piece by next.
func chain(first, next splitter) splitter {
	return func(text string, yield func(string)) {
		first(text, func(piece string) { next(piece, yield) })
	}
}

// splitDigits cuts numbers off the text around them; individual cuts each
// digit from its neighbours too.
func splitDigits(individual bool) splitter {
	return func(text string, yield func(string)) {
		start, wasNumber := 0, false
		for i, r := range text {
			number := unicode.IsNumber(r)
			if i > 0 && (number != wasNumber || number && individual) {
				yield(text[start:i])
				start = i
			}
			wasNumber = number
		}
		if start < len(text) {
			yield(text[start:])
		}
	}
}

// prefixSpace puts a blank before a piece that lacks one.
func prefixSpace(text string, yield func(string)) {
	if text != "" && text[0] != ' ' {
		text = " " + text
	}
	yield(text)
}

// A wordPattern holds the choices in which the published split patterns
// differ. Each is an alternation: contraction | letters | numbers |
// punctuation | white space.
type wordPattern struct {
	foldCase   bool // contractions match in capitals too
	anyPrefix  bool // letters take any one mark before them, not only a blank
	maxNumbers int  // longest run of numbers; 0: no limit, and a blank may precede
	newlines   bool // punctuation takes the newlines after it; blanks end at the last newline
}

// The pattern that the ByteLevel pre-tokenizer carries.
var gpt2Pattern = wordPattern{}

// wordPatterns are the regular expressions that have a hand-written scanner,
// which is many times faster than a backtracking matcher.
var wordPatterns = map[string]wordPattern{
	`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`: gpt2Pattern,
	`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*` +
		`|\s*[\r\n]+|\s+(?!\S)|\s+`: {foldCase: true, anyPrefix: true, maxNumbers: 3, newlines: true}, // Llama 3
	`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*` +
		`|\s*[\r\n]+|\s+(?!\S)|\s+`: {foldCase: true, anyPrefix: true, maxNumbers: 1, newlines: true}, // Qwen 2, 2.5, 3
}

// split yields one piece after another; every piece has at least one byte.
func (p wordPattern) split(text string, yield func(string)) {
	for len(text) > 0 {
		n := p.next(text)
		yield(text[:n])
		text = text[n:]
	}
}

// next is the length of the first piece.
func (p wordPattern) next(text string) int {
	if n := p.contraction(text); n > 0 {
		return n
	}
	first, size := utf8.DecodeRuneInString(text)
	blank := 0 // the one blank that may precede a run
	if first == ' ' {
		blank = 1
	}
	mark := blank // the one rune that may precede letters
	if p.anyPrefix && !isLetterOrNumber(first) && first != '\r' && first != '\n' {
		mark = size
	}
	if n := run(text, mark, unicode.IsLetter, -1); n > mark {
		return n
	}
	if n := p.numbers(text, blank); n > 0 {
		return n
	}
	if n := run(text, blank, isPunctuation, -1); n > blank {
		if p.newlines {
			n = run(text, n, isNewline, -1)
		}
		return n
	}
	return p.space(text)
}

// contraction matches an apostrophe with one of the endings of English verbs.
func (p wordPattern) contraction(text string) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	first, size := utf8.DecodeRuneInString(text[1:])
	if p.foldCase {
		first = foldASCII(first)
	}
	switch first {
	case 's', 't', 'm', 'd':
		return 1 + size
	case 'r', 'v', 'l':
		if len(text) < 3 {
			return 0
		}
		second := rune(text[2])
		if p.foldCase {
			second = foldASCII(second)
		}
		if first == 'l' && second == 'l' || first != 'l' && second == 'e' {
			return 3
		}
	}
	return 0
}

func (p wordPattern) numbers(text string, blank int) int {
	if p.maxNumbers > 0 {
		return run(text, 0, unicode.IsNumber, p.maxNumbers)
	}
	if n := run(text, blank, unicode.IsNumber, -1); n > blank {
		return n
	}
	return 0
}

// space matches white space: to its last newline where newlines are pieces of
// their own, else all of it but the last rune, which stays for the next word.
func (p wordPattern) space(text string) int {
	end, last, newline := 0, 0, 0
	for i, r := range text {
		if !unicode.IsSpace(r) {
			break
		}
		last, end = i, i+utf8.RuneLen(r)
		if isNewline(r) {
			newline = end
		}
	}
	switch {
	case p.newlines && newline > 0:
		return newline
	case end == len(text) || last == 0:
		return end
	}
	return last
}

// run extends start over the runes of a class, at most limit of them when
// limit is not negative.
func run(text string, start int, class func(rune) bool, limit int) int {
	for count := 0; start < len(text) && count != limit; count++ {
		r, size := utf8.DecodeRuneInString(text[start:])
		if !class(r) {
			break
		}
		start += size
	}
	return start
}

func isLetterOrNumber(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }
func isPunctuation(r rune) bool    { return !isLetterOrNumber(r) && !unicode.IsSpace(r) }
func isNewline(r rune) bool        { return r == '\r' || r == '\n' }

// foldASCII gives the ASCII letter that r matches when case is ignored.
func foldASCII(r rune) rune {
	if r == 'ſ' { // Unicode folds the long s to s
		return 's'
	}
	return unicode.ToLower(r)
}

// splitPattern compiles a Split pre-tokenizer. keepRest says what happens to
// text between matches: it stays as pieces of its own, or is dropped.
func splitPattern(pattern string, keepRest bool) (splitter, error) {
	if known, ok := wordPatterns[pattern]; ok {
		return known.split, nil
	}
	expression, err := regexp2.Compile(pattern, regexp2.Unicode)
	if err != nil {
		return nil, fmt.Errorf("compile split pattern %q: %w", pattern, err)
	}
	return func(text string, yield func(string)) {
		splitByRegexp(expression, keepRest, text, yield)
	}, nil
}

// splitByRegexp works on runes, as the matcher does.
func splitByRegexp(expression *regexp2.Regexp, keepRest bool, text string, yield func(string)) {
	runes := []rune(text)
	end := 0
	emit := func(from, to int, keep bool) {
		if keep && from < to {
			yield(string(runes[from:to]))
		}
	}
	// A match error is a timeout, and none is set.
	match, _ := expression.FindRunesMatch(runes)
	for ; match != nil; match, _ = expression.FindNextMatch(match) {
		emit(end, match.Index, keepRest)
		emit(match.Index, match.Index+match.Length, true)
		end = match.Index + match.Length
	}
	emit(end, len(runes), keepRest)
}
