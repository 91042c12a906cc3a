package sql

import (
	"strings"
	"unicode/utf8"
)

// A tokenKind is what a piece of SQL text is, as far as finding names and the
// ends of statements needs it.
type tokenKind int

const (
	blank   tokenKind = iota // white space
	comment                  // -- or /* */, which nests
	word                     // a name, a keyword, a number
	quoted                   // "a name"
	literal                  // 'text', e'text', $$text$$
	mark                     // one character of anything else
)

// A token is a piece of a text; tokens follow each other without a gap.
type token struct {
	kind       tokenKind
	start, end int
	open       bool // the text ended before the quote or the comment did
}

func (t token) text(of string) string { return of[t.start:t.end] }

// nextToken reads the token that starts at a byte of a text; DuckDB's rules.
func nextToken(text string, at int) token {
	rest := text[at:]
	t := token{start: at}
	length := 0
	switch first := rest[0]; {
	case isBlank(first):
		t.kind, length = blank, spanOf(rest, isBlank)
	case strings.HasPrefix(rest, "--"):
		t.kind, length = comment, lineLength(rest)
	case strings.HasPrefix(rest, "/*"):
		t.kind = comment
		length, t.open = blockComment(rest)
	case strings.HasPrefix(rest, "e'") || strings.HasPrefix(rest, "E'"):
		t.kind = literal
		length, t.open = escapedText(rest)
	case first == '\'' || first == '"':
		t.kind = literal
		if first == '"' {
			t.kind = quoted
		}
		length, t.open = quotedText(rest)
	case isWord(first):
		t.kind, length = word, spanOf(rest, func(c byte) bool { return isWord(c) || c == '$' })
	case first == '$' && dollarTag(rest) != "":
		t.kind = literal
		length, t.open = dollarText(rest)
	default:
		t.kind = mark
		_, length = utf8.DecodeRuneInString(rest)
	}
	t.end = at + length
	return t
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// isWord also takes every byte of a character outside ASCII.
func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= utf8.RuneSelf
}

// spanOf is the length of the bytes of a kind at the beginning of a text.
func spanOf(text string, is func(byte) bool) int {
	for i := range len(text) {
		if !is(text[i]) {
			return i
		}
	}
	return len(text)
}

func lineLength(text string) int {
	if end := strings.IndexAny(text, "\r\n"); end >= 0 {
		return end
	}
	return len(text)
}

func blockComment(text string) (length int, open bool) {
	depth := 0
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(text[i:], "*/"):
			i += 2
			if depth--; depth == 0 {
				return i, false
			}
		default:
			i++
		}
	}
	return len(text), true
}

// quotedText ends at its quote; two quotes are one character of it.
func quotedText(text string) (length int, open bool) {
	quote := text[:1]
	for at := 1; ; at += 2 {
		next := strings.Index(text[at:], quote)
		if next < 0 {
			return len(text), true
		}
		if at += next; !strings.HasPrefix(text[at+1:], quote) {
			return at + 1, false
		}
	}
}

// escapedText is e'...', in which a backslash escapes the quote.
func escapedText(text string) (length int, open bool) {
	for i := 2; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '\'' && strings.HasPrefix(text[i+1:], "'"):
			i++
		case text[i] == '\'':
			return i + 1, false
		}
	}
	return len(text), true
}

// dollarTag is the opening $$ or $name$ of a text, or "".
func dollarTag(text string) string {
	name := spanOf(text[1:], isWord)
	if name > 0 && text[1] >= '0' && text[1] <= '9' {
		return "" // $1, a parameter
	}
	if strings.HasPrefix(text[1+name:], "$") {
		return text[:name+2]
	}
	return ""
}

func dollarText(text string) (length int, open bool) {
	tag := dollarTag(text)
	end := strings.Index(text[len(tag):], tag)
	if end < 0 {
		return len(text), true
	}
	return end + 2*len(tag), false
}
