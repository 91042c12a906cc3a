package main

import (
	"fmt"
	"strings"
	"unicode"
)

// What people are shown may be others' text: cells, names, commands, what a server
// says. It must not steer the terminal that shows it. Formats for programs (csv,
// tsv, json) keep it as it is.

// visible writes control characters out, line ends left alone.
func visible(text string) string { return escaped(text, "\n") }

// message is an error's text, whose lines may be indented.
func message(err error) string { return escaped(err.Error(), "\n\t") }

// lineBreaks are what would break a line.
var lineBreaks = strings.NewReplacer("\n", "⏎", "\r", "", "\t", " ", "\x1b", "␛")

// oneLine is a text on one line.
func oneLine(text string) string { return escaped(lineBreaks.Replace(text), "") }

// oneLines are texts on a line each.
func oneLines(texts []string) []string {
	shown := make([]string, len(texts))
	for i, text := range texts {
		shown[i] = oneLine(text)
	}
	return shown
}

// escaped writes control characters out, those that may stay left alone.
func escaped(text, stay string) string {
	hidden := func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(stay, r) }
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
