package reward

import (
	"slices"
	"strings"

	"alignctl/internal/reply"
	"alignctl/internal/stat"
)

// The reasons for which a ranking can't be read.
const (
	noRanking     = "no final ranking"
	noRankedWords = "no numbered line after the final ranking"
	noneOfLabel   = "no word of the label in the final ranking"
	noOrder       = "the words have no order"
)

// ranking is the rank correlation of the answer's final ranking with people's
// order of the label's words: the gold ranks of the words that it names, in its
// order and then K+1 for each of the K that it leaves out, against 1..K
// (Spearman's, average ranks). Words that aren't in the label don't count, nor
// does a word named again.
//
// Ties in people's order count as ties: words that were given equally often may
// stand either way. Such ties keep the correlation below 1 for the best order
// too, so that it is scaled to what the same number of words can earn without
// ties. People's order earns 1 and its reverse -1 whatever the ties, an order at
// random 0 on average, and a word left out costs as it does without ties.
func ranking(s Sample) value {
	words, failure := rankedWords(s)
	if failure != "" {
		return failed(failure)
	}
	gold := goldRanks(s.Label)
	var kept []float64
	for _, word := range words {
		if rank, known := gold[word]; known {
			kept = append(kept, rank)
			delete(gold, word)
		}
	}
	if len(kept) == 0 {
		return failed(noneOfLabel)
	}
	k := len(s.Label)
	rho, ok := againstPlaces(kept, k)
	best, _ := againstPlaces(slices.Sorted(slices.Values(kept)), k)
	untied, _ := againstPlaces(places(len(kept)), k)
	if !ok {
		return failed(noOrder)
	}
	return value{value: max(-1, min(1, rho/best*untied))}
}

// goldRanks are the ranks of the label's words by their form; of equal forms the
// first counts.
func goldRanks(label []Associate) map[string]float64 {
	ranks := make(map[string]float64, len(label))
	for _, a := range label {
		word := reply.Word(a.Response)
		if _, known := ranks[word]; !known && word != "" {
			ranks[word] = a.Rank
		}
	}
	return ranks
}

// rankedWords are the words of the answer's final ranking, or why there are none.
func rankedWords(s Sample) (words []string, failure string) {
	words, found := reply.Ranking(s.Completion)
	switch {
	case !found:
		return nil, noRanking
	case len(words) == 0:
		return nil, noRankedWords
	}
	for i, word := range words {
		words[i] = reply.Word(word)
	}
	return words, ""
}

// rankingPublished is the reward of the study as its code gives it: people's
// order is that of the label, ties or not, a word named twice counts twice, and
// words are compared in lower case and otherwise as written.
func rankingPublished(s Sample) value {
	words, found := reply.Ranking(s.Completion)
	if !found {
		return failed(noRanking)
	}
	gold := map[string]float64{}
	for i, a := range s.Label {
		gold[strings.ToLower(a.Response)] = float64(i + 1)
	}
	var kept []float64
	for _, word := range words {
		if rank, known := gold[strings.ToLower(word)]; known && len(kept) < len(s.Label) {
			kept = append(kept, rank)
		}
	}
	if len(kept) == 0 {
		return failed(noneOfLabel)
	}
	rho, ok := againstPlaces(kept, len(s.Label))
	if !ok {
		return failed(noOrder)
	}
	return value{value: rho}
}

// againstPlaces is the rank correlation of k ranks with 1..k, where a rank after
// all others stands for each that is missing.
func againstPlaces(ranks []float64, k int) (rho float64, ok bool) {
	padded, last := slices.Clone(ranks), max(float64(k), slices.Max(ranks))+1
	for len(padded) < k {
		padded = append(padded, last)
	}
	return stat.Spearman(padded, places(k))
}

// places are 1, 2, ... n.
func places(n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = float64(i + 1)
	}
	return list
}
