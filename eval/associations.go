package eval

import (
	"cmp"
	"slices"
	"strconv"

	"alignctl/internal/reply"
	"alignctl/internal/stat"
)

// An Associate is a response that people gave to a cue.
type Associate struct {
	Word  string
	Count int64 // how many times; not necessarily their number of people
}

// Gold is what people answer to one cue.
type Gold struct {
	counts map[string]int64 // by reply.Word
	ranks  map[string]int   // 1 for the most frequent; ties share the lowest
}

// NewGold makes the gold of a cue. Responses that are equal as Words count as
// one; the cue itself, which an answer may not repeat, is left out.
func NewGold(cue string, associates []Associate) Gold {
	g := Gold{counts: map[string]int64{}, ranks: map[string]int{}}
	for _, a := range associates {
		g.counts[reply.Word(a.Word)] += a.Count
	}
	delete(g.counts, reply.Word(cue))
	delete(g.counts, "")
	words := make([]string, 0, len(g.counts))
	for w := range g.counts {
		words = append(words, w)
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Compare(g.counts[b], g.counts[a]) })
	for i, w := range words {
		g.ranks[w] = i + 1
		if i > 0 && g.counts[w] == g.counts[words[i-1]] {
			g.ranks[w] = g.ranks[words[i-1]]
		}
	}
	return g
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

// Spearman is the rank correlation between a word's position in the answer
// and its place in people's order of frequency, over the words in both; 1 is
// the human order. Words that people gave equally often tie. It is undefined,
// and ok false, where fewer than two words, or only tied ones, are shared.
func (g Gold) Spearman(words []string) (rho float64, ok bool) {
	var positions, rarity []float64
	for i, w := range words {
		if n, given := g.counts[w]; given {
			positions = append(positions, float64(i))
			rarity = append(rarity, -float64(n))
		}
	}
	return stat.Spearman(positions, rarity)
}

// The metrics of associations besides precision at k. Each is the mean over
// cues of the cue's score of the same name, but for CuesWithoutGold.
const (
	SpearmanMetric = "spearman"         // see Gold.Spearman; over cues where it is defined
	WordsMetric    = "words"            // distinct associates in an answer
	Unparsable     = "unparsable_share" // text, but no associate in it
	Empty          = "empty_share"      // no answer
	// CuesWithoutGold counts the cues asked that have no human responses.
	// They are in no other metric.
	CuesWithoutGold = "cues_without_gold"
)

// PrecisionMetric names Gold.Precision at k: p_at_5.
func PrecisionMetric(k int) string { return "p_at_" + strconv.Itoa(k) }

// StrictPrecisionMetric names Gold.StrictPrecision at k: p_at_5_strict.
func StrictPrecisionMetric(k int) string { return PrecisionMetric(k) + "_strict" }

// A CueScore is a cue's value of one metric.
type CueScore struct {
	Cue    string
	Metric string
	Value  float64
	Status reply.Status // of the cue's answer
}

// ScoreAnswer scores the answer to a cue by each metric that is defined for
// it. An empty or unparsable answer scores 0, as an answer without hits does.
func ScoreAnswer(cue string, answer reply.List, gold Gold, ks []int) []CueScore {
	var scores []CueScore
	add := func(metric string, value float64) {
		scores = append(scores, CueScore{Cue: cue, Metric: metric, Value: value, Status: answer.Status})
	}
	for _, k := range ks {
		add(PrecisionMetric(k), gold.Precision(answer.Words, k))
		add(StrictPrecisionMetric(k), gold.StrictPrecision(answer.Words, k))
	}
	if rho, ok := gold.Spearman(answer.Words); ok {
		add(SpearmanMetric, rho)
	}
	add(WordsMetric, float64(len(answer.Words)))
	add(Unparsable, indicator(answer.Status == reply.Unparsable))
	add(Empty, indicator(answer.Status == reply.Empty))
	return scores
}

func indicator(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

// A Metric is a figure of a whole run.
type Metric struct {
	Name string
	stat.Estimate
}

// Summarise gives each metric's mean over cues with its interval, in the order
// in which the metrics first appear among the scores. The order of the scores
// is part of the resampling: keep it fixed.
func Summarise(scores []CueScore, bootstrap stat.Bootstrap) []Metric {
	var metrics []Metric
	var samples []stat.Sample
	places := map[string]int{}
	for _, s := range scores {
		place, known := places[s.Metric]
		if !known {
			place = len(metrics)
			places[s.Metric] = place
			metrics, samples = append(metrics, Metric{Name: s.Metric}), append(samples, stat.Sample{})
		}
		samples[place].Values = append(samples[place].Values, s.Value)
	}
	for i, estimate := range bootstrap.Means(samples...) {
		metrics[i].Estimate = estimate
	}
	return metrics
}
