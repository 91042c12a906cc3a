package eval

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"

	"alignctl/internal/reply"
	"alignctl/lake"
)

// A rival answers the cues in the model's place, so that there is something to
// hold a figure against: what guessing earns, and what people earn.
type rival struct {
	slice string // of eval.metrics
	doc   string
	score func(k key, gold Gold) []CueScore
}

// The slices of the rivals.
const (
	RandomSlice    = "answers=random"
	FrequencySlice = "answers=frequency"
	PeopleSlice    = "answers=people-half"
)

// makeRivals makes the baselines and the ceiling. The vocabulary of a language is
// the words that its people gave to any cue, the most frequent first.
func (s *scorer) makeRivals(vocabulary map[string][]string) []rival {
	ks, seed := s.options.Ks, s.options.Bootstrap.Seed
	longest := max(slices.Max(ks), topResponses)
	return []rival{
		{RandomSlice, "words drawn from all that people gave to any cue", func(k key, gold Gold) []CueScore {
			return scoreWords(drawWords(vocabulary[k.language], k, longest, seed), gold, ks)
		}},
		{FrequencySlice, "the words that people gave most often to all cues", func(k key, gold Gold) []CueScore {
			return scoreWords(frequentWords(vocabulary[k.language], gold.form(k.cue), longest), gold, ks)
		}},
		{PeopleSlice, "one half of people's responses against the other, both ways", func(k key, gold Gold) []CueScore {
			one, other := gold.halves(k, seed)
			return meanScores(scoreWords(one.words, other, ks), scoreWords(other.words, one, ks))
		}},
	}
}

// vocabularyQuery gives people's words over all cues, the most frequent first.
const vocabularyQuery = `
select language, response
from core.strength
where population = $1 and n123 is not null and language in (select language from eval.samples where run_id = $2)
group by language, response
order by language, sum(n123) desc, response`

// readVocabulary reads the words of each language of a run.
func (s *scorer) readVocabulary(ctx context.Context, session *lake.Session) (map[string][]string, error) {
	vocabulary, seen := map[string][]string{}, map[key]bool{}
	err := session.Each(ctx, vocabularyQuery, []any{s.options.Population, s.options.Run}, func(rows *sql.Rows) error {
		var k key
		err := rows.Scan(&k.language, &k.cue)
		k.cue = reply.Word(k.cue)
		if !seen[k] && k.cue != "" {
			seen[k] = true
			vocabulary[k.language] = append(vocabulary[k.language], k.cue)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read people's words: %w", err)
	}
	return vocabulary, nil
}

// drawWords draws at most n different words, by a hash of seed, cue and turn.
func drawWords(vocabulary []string, k key, n int, seed uint64) []string {
	n = min(n, len(vocabulary))
	taken, words := map[uint64]bool{}, make([]string, 0, n)
	for turn := 0; len(words) < n; turn++ {
		sum := md5.Sum(fmt.Appendf(nil, "%d|%s|%s|%d", seed, k.language, k.cue, turn))
		place := binary.LittleEndian.Uint64(sum[:8]) % uint64(len(vocabulary))
		if !taken[place] {
			taken[place] = true
			words = append(words, vocabulary[place])
		}
	}
	return words
}

// frequentWords are the first n words without the cue.
func frequentWords(vocabulary []string, cue string, n int) []string {
	words := slices.Clone(vocabulary[:min(n+1, len(vocabulary))])
	words = slices.DeleteFunc(words, func(w string) bool { return w == cue })
	return words[:min(n, len(words))]
}

// halves puts each response of people into one of two halves, by a hash of seed,
// cue, word and the number of the response.
func (g Gold) halves(k key, seed uint64) (one, other Gold) {
	sides := [2]map[string]int64{{}, {}}
	for _, w := range g.words {
		var bits [md5.Size]byte
		for i := range g.counts[w] {
			bit := i % (8 * md5.Size)
			if bit == 0 {
				bits = md5.Sum(fmt.Appendf(nil, "%d|%s|%s|%s|%d", seed, k.language, k.cue, w, i))
			}
			sides[bits[bit/8]>>(bit%8)&1][w]++
		}
	}
	return newGold(g.form, sides[0]), newGold(g.form, sides[1])
}

// meanScores is the mean of two sets of scores, metric by metric, over those that
// are defined.
func meanScores(one, other []CueScore) []CueScore {
	mean := slices.Clone(one)
	for _, s := range other {
		at := slices.IndexFunc(mean, func(m CueScore) bool { return m.Metric == s.Metric })
		if at < 0 {
			mean = append(mean, s)
			continue
		}
		mean[at].Value = (mean[at].Value + s.Value) / 2
	}
	return mean
}

// rate scores a rival on the cues.
func (s *scorer) rate(r rival, cues []answer) (scores []CueScore) {
	for _, a := range cues {
		scores = append(scores, r.score(a.key, s.gold[a.key])...)
	}
	return scores
}
