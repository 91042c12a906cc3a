package reward

import (
	"cmp"
	"maps"
	"slices"

	"alignctl/internal/reply"
)

// hitK is how many words of an answer hit_strength looks at: a longer list
// can't earn more by naming everything.
const hitK = 10

// The reasons for which a list can't be read.
const (
	noAnswer = "empty answer"
	noList   = "no list of words"
)

// hitStrength is the share of people's responses that the answer's first ten
// words cover, over the share that the ten most frequent ones cover: 1 for
// these, in any order, 0 for words that nobody gave. A word given again counts
// once; the cue itself doesn't.
func hitStrength(s Sample) value {
	words, failure := listedWords(s)
	if failure != "" {
		return failed(failure)
	}
	counts := goldCounts(s)
	best := slices.SortedFunc(maps.Values(counts), func(a, b int64) int { return cmp.Compare(b, a) })
	most := sum(best[:min(hitK, len(best))])
	var covered int64
	for _, word := range words[:min(hitK, len(words))] {
		covered += counts[word]
	}
	return value{value: float64(covered) / float64(max(1, most))}
}

// listedWords are the associates that the answer lists, or why there are none.
func listedWords(s Sample) (words []string, failure string) {
	list := reply.Parse(s.Completion, s.Cue)
	switch list.Status {
	case reply.Empty:
		return nil, noAnswer
	case reply.Refused, reply.Unparsable:
		return nil, noList
	}
	return list.Words, ""
}

// goldCounts says how often people gave each word, by its form.
func goldCounts(s Sample) map[string]int64 {
	counts := make(map[string]int64, len(s.Label))
	for _, a := range s.Label {
		counts[reply.Word(a.Response)] += a.N
	}
	delete(counts, reply.Word(s.Cue))
	delete(counts, "")
	return counts
}

func sum(counts []int64) (total int64) {
	for _, n := range counts {
		total += n
	}
	return total
}
