// Package ranking holds the order into which a model puts words against
// people's, as a reward for training and as a score for evaluation.
package ranking

import (
	"slices"
	"strings"

	"alignctl/internal/reply"
	"alignctl/internal/stat"
)

// An Associate is a response that people gave to a cue.
type Associate struct {
	Response string  `json:"response"`
	N        int64   `json:"n"`    // how many times
	Rank     float64 `json:"rank"` // its place among the label's by N; equal ones share the mean of theirs
}

// The reasons for which a ranking can't be read.
const (
	noRanking     = "no final ranking"
	noRankedWords = "no numbered line after the final ranking"
	noneOfLabel   = "no word of the label in the final ranking"
	noOrder       = "the words have no order"
)

// Score is the rank correlation of an answer's final ranking with people's
// order of the label's words: the gold ranks of the words that it names, in its
// order and then K+1 for each of the K that it leaves out, against 1..K
// (Spearman's, average ranks). Words that aren't in the label don't count, nor
// does a word named again. Where the ranking can't be read, failure says why.
//
// Ties in people's order count as ties: words that were given equally often may
// stand either way. Such ties keep the correlation below 1 for the best order
// too, so that it is scaled to what the same number of words can earn without
// ties. People's order earns 1 and its reverse -1 whatever the ties, an order at
// random 0 on average, and a word left out costs as it does without ties.
func Score(label []Associate, answer string) (value float64, failure string) {
	words, failure := Words(answer)
	if failure != "" {
		return 0, failure
	}
	gold := Ranks(label)
	var kept []float64
	for _, word := range words {
		if rank, known := gold[word]; known {
			kept = append(kept, rank)
			delete(gold, word)
		}
	}
	if len(kept) == 0 {
		return 0, noneOfLabel
	}
	k := len(label)
	rho, ok := againstPlaces(kept, k)
	best, _ := againstPlaces(slices.Sorted(slices.Values(kept)), k)
	untied, _ := againstPlaces(places(len(kept)), k)
	if !ok {
		return 0, noOrder
	}
	return max(-1, min(1, rho/best*untied)), ""
}

// Ranks are the ranks of the label's words by their form; of equal forms the
// first counts.
func Ranks(label []Associate) map[string]float64 {
	ranks := make(map[string]float64, len(label))
	for _, a := range label {
		word := reply.Word(a.Response)
		if _, known := ranks[word]; !known && word != "" {
			ranks[word] = a.Rank
		}
	}
	return ranks
}

// Words are the words of an answer's final ranking, in the form of reply.Word,
// or why there are none.
func Words(answer string) (words []string, failure string) {
	words, found := reply.Ranking(answer)
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

// ScorePublished is the score as the study's code gives it: people's order is
// that of the label, ties or not, a word named twice counts twice, and words are
// compared in lower case and otherwise as written.
func ScorePublished(label []Associate, answer string) (value float64, failure string) {
	words, found := reply.Ranking(answer)
	if !found {
		return 0, noRanking
	}
	gold := map[string]float64{}
	for i, a := range label {
		gold[strings.ToLower(a.Response)] = float64(i + 1)
	}
	var kept []float64
	for _, word := range words {
		if rank, known := gold[strings.ToLower(word)]; known && len(kept) < len(label) {
			kept = append(kept, rank)
		}
	}
	if len(kept) == 0 {
		return 0, noneOfLabel
	}
	rho, ok := againstPlaces(kept, len(label))
	if !ok {
		return 0, noOrder
	}
	return rho, ""
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
