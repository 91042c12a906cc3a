package eval

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"alignctl/internal/reply"
	"alignctl/internal/stat"
)

// An Associate is a response that people gave to a cue.
type Associate struct {
	Response string
	N        int64 // how many times; not necessarily their number of people
}

// Gold is what people answer to one cue.
type Gold struct {
	form   func(string) string // in which words are compared
	counts map[string]int64    // by form
	words  []string            // the most frequent first, equal ones by their bytes
	ranks  map[string]int      // 1 for the most frequent; ties share the lowest
}

// NewGold makes the gold of a cue. Responses that are equal as Words count as
// one; the cue itself, which an answer may not repeat, is left out.
func NewGold(cue string, associates []Associate) Gold {
	counts := map[string]int64{}
	for _, a := range associates {
		counts[reply.Word(a.Response)] += a.N
	}
	delete(counts, reply.Word(cue))
	delete(counts, "")
	return newGold(reply.Word, counts)
}

// newRawGold makes the gold of a cue as the ALIGN study does: people's words as
// they are, with their capitals and doubled blanks, against an answer's in lower
// case, which can't hit those.
func newRawGold(associates []Associate) Gold {
	counts := map[string]int64{}
	for _, a := range associates {
		counts[a.Response] += a.N
	}
	return newGold(func(word string) string { return strings.ToLower(strings.TrimSpace(word)) }, counts)
}

func newGold(form func(string) string, counts map[string]int64) Gold {
	g := Gold{form: form, counts: counts, ranks: map[string]int{}}
	g.words = slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	for i, w := range g.words {
		g.ranks[w] = i + 1
		if i > 0 && counts[w] == counts[g.words[i-1]] {
			g.ranks[w] = g.ranks[g.words[i-1]]
		}
	}
	return g
}

// comparable gives the different words of an answer as they are compared.
func (g Gold) comparable(words []string) []string {
	distinct := make([]string, 0, len(words))
	seen := map[string]bool{"": true}
	for _, w := range words {
		if w = g.form(w); !seen[w] {
			seen[w] = true
			distinct = append(distinct, w)
		}
	}
	return distinct
}

// Precision is the precision of an answer at k: how many of its first k words
// people gave, divided by k. A short answer pays for what it lacks, so that
// neither repeats nor silence can raise it. k is at least 1.
func (g Gold) Precision(words []string, k int) float64 {
	return g.precision(words, k, len(g.counts))
}

// StrictPrecision counts only hits among the k words that people gave most
// often. Words that tie at rank k all belong to these.
func (g Gold) StrictPrecision(words []string, k int) float64 { return g.precision(words, k, k) }

func (g Gold) precision(words []string, k, lastRank int) float64 {
	hits := 0
	for _, w := range words[:min(k, len(words))] {
		if rank, given := g.ranks[w]; given && rank <= lastRank {
			hits++
		}
	}
	return float64(hits) / float64(k)
}

// WeightedPrecision weighs an answer's first k words by how often people gave
// them, by what the k most frequent words weigh: 1 for these, in any order. It
// is undefined, and ok false, where people gave no word.
func (g Gold) WeightedPrecision(words []string, k int) (value float64, ok bool) {
	most := g.weight(g.words[:min(k, len(g.words))])
	if most == 0 {
		return 0, false
	}
	return float64(g.weight(words[:min(k, len(words))])) / float64(most), true
}

// WeightedRecall is the share of people's responses that an answer has, of
// those that are their top most frequent words (words that tie at rank top all
// belong to these); 0: of all. It is undefined where people gave no word.
func (g Gold) WeightedRecall(words []string, top int) (value float64, ok bool) {
	if top == 0 {
		top = len(g.words)
	}
	var named, all int64
	for _, w := range g.words {
		if g.ranks[w] <= top {
			all += g.counts[w]
		}
	}
	for _, w := range words {
		if rank, given := g.ranks[w]; given && rank <= top {
			named += g.counts[w]
		}
	}
	if all == 0 {
		return 0, false
	}
	return float64(named) / float64(all), true
}

func (g Gold) weight(words []string) (sum int64) {
	for _, w := range words {
		sum += g.counts[w]
	}
	return sum
}

// NDCG is the normalised discounted cumulative gain of an answer's first k
// words, the gain of a word being how often people gave it. It is undefined
// where people gave no word.
func (g Gold) NDCG(words []string, k int) (value float64, ok bool) {
	return stat.NDCG(g.gains(words), g.gains(g.words), k)
}

func (g Gold) gains(words []string) []float64 {
	gains := make([]float64, len(words))
	for i, w := range words {
		gains[i] = float64(g.counts[w])
	}
	return gains
}

// Spearman is the rank correlation between a word's position in the answer
// and its place in people's order of frequency, over the words in both; 1 is
// the human order. Words that people gave equally often tie. It is undefined,
// and ok false, where fewer than two words, or only tied ones, are shared.
func (g Gold) Spearman(words []string) (rho float64, ok bool) {
	return stat.Spearman(g.places(words))
}

// places are the positions, among an answer's words, of those that people gave,
// and their ranks.
func (g Gold) places(words []string) (positions, ranks []float64) {
	for i, w := range words {
		if rank, given := g.ranks[w]; given {
			positions = append(positions, float64(i+1))
			ranks = append(ranks, float64(rank))
		}
	}
	return positions, ranks
}
