package reply

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// rankingHeading announces the ranking that counts, after any thinking aloud.
var rankingHeading = regexp.MustCompile(`(?i)final\s+ranking|最终排名|最终排序`)

// rankedLine is a number, a colon and a word: "Rank 1: word", "排名1：词".
var rankedLine = regexp.MustCompile(`(?:^|[^0-9])([0-9]{1,4})\s*[:：](.*)`)

// Ranking reads the words that an answer puts in order: the numbered lines
// after its last "final ranking" (最终排名, 最终排序). Of a number's lines the first
// counts, and the words come in the order of their numbers, as written but for
// the blanks and asterisks around them. Without such a heading found is false.
func Ranking(text string) (words []string, found bool) {
	headings := rankingHeading.FindAllStringIndex(text, -1)
	if headings == nil {
		return nil, false
	}
	byNumber := map[int]string{}
	for line := range strings.SplitSeq(text[headings[len(headings)-1][1]:], "\n") {
		parts := rankedLine.FindStringSubmatch(line)
		if parts == nil {
			continue
		}
		number, _ := strconv.Atoi(parts[1]) // four digits at most
		if _, taken := byNumber[number]; !taken {
			byNumber[number] = strings.TrimFunc(parts[2], aroundRanked)
		}
	}
	return inOrder(byNumber), true
}

func aroundRanked(r rune) bool { return r == '*' || unicode.IsSpace(r) }

// inOrder gives the words by their numbers, without empty ones.
func inOrder(byNumber map[int]string) (words []string) {
	for _, number := range slices.Sorted(maps.Keys(byNumber)) {
		if word := byNumber[number]; word != "" {
			words = append(words, word)
		}
	}
	return words
}
