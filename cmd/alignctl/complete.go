package main

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"alignctl/sql"
)

// complete gives what the word before the cursor may become: a command, its
// argument, a table, a column or a keyword. The position counts characters.
func complete(line string, at int, r *sqlRunner) (head string, words []string, tail string) {
	characters := []rune(line)
	before, tail := string(characters[:at]), string(characters[at:])
	head = strings.TrimRightFunc(before, isNameCharacter)
	candidates := r.candidates
	if end := strings.LastIndexAny(before, "@ "); end >= 0 && (before[end] == '@' || before[:end] == ".at") {
		head, candidates = before[:end+1], r.versions
	}
	begun := strings.ToLower(before[len(head):])
	for _, word := range candidates(head, begun) {
		if strings.HasPrefix(strings.ToLower(word), begun) {
			words = append(words, word)
		}
	}
	return head, words, tail
}

func isNameCharacter(c rune) bool {
	return unicode.IsLetter(c) || unicode.IsDigit(c) || c == '_' || c == '.'
}

// candidates are all words that may stand after the head of a line.
func (r *sqlRunner) candidates(head, begun string) []string {
	command, _, _ := strings.Cut(head, " ")
	switch {
	case head == "" && strings.HasPrefix(begun, "."):
		return dotNames()
	case r.session == nil:
		return nil
	case command == ".mode":
		return outputFormats
	case command == ".schema":
		return r.relations()
	case strings.HasPrefix(command, ".") && command != ".describe":
		return nil
	case begun == "":
		return r.relations()
	}
	columns, err := r.session.Columns(context.Background())
	if err != nil {
		columns = nil // a completion less; the next query says what is wrong
	}
	return slices.Concat(r.relations(), columns, sql.Keywords)
}

// versions are the lake's tags.
func (r *sqlRunner) versions(string, string) (names []string) {
	tags, err := r.lake.Tags(context.Background())
	if err != nil {
		return nil // as above
	}
	for _, tag := range tags {
		names = append(names, tag.Name)
	}
	return names
}
