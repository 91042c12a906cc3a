package reward

import (
	"strings"
	"unicode"

	"alignctl/internal/ranking"
	"alignctl/internal/reply"
)

// format says how far an answer has the form that was asked for, from 0 to 1.
// Where the prompt shows the label's words it asks for their ranking: the share
// of them that the final ranking names, or of its lines where it has more. Else
// it asks for a list of words: the share of the answer's letters that are in the
// words of the list, each counted once, so that repeats and talk cost.
func format(s Sample) value {
	if showsLabel(s) {
		return rankingFormat(s)
	}
	words, failure := listedWords(s)
	if failure != "" {
		return failed(failure)
	}
	listed, all := 0, letters(reply.Word(s.Completion))
	for _, word := range words {
		listed += letters(word)
	}
	return value{value: min(1, float64(listed)/float64(max(1, all)))}
}

// showsLabel reports whether the prompt shows the words of the label.
func showsLabel(s Sample) bool {
	for _, a := range s.Label {
		if !strings.Contains(s.Prompt, a.Response) {
			return false
		}
	}
	return len(s.Label) > 0
}

func rankingFormat(s Sample) value {
	words, failure := ranking.Words(s.Completion)
	if failure != "" {
		return failed(failure)
	}
	named, missing := 0, ranking.Ranks(s.Label)
	for _, word := range words {
		if _, isNew := missing[word]; isNew {
			named++
			delete(missing, word)
		}
	}
	return value{value: float64(named) / float64(max(len(s.Label), len(words)))}
}

// letters counts the letters of a text.
func letters(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
