package ranking_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"alignctl/internal/ranking"
	"alignctl/internal/stat"
)

// labelOf is a label of words that were given so often.
func labelOf(counts ...int64) []ranking.Associate {
	negated := make([]float64, len(counts))
	for i, n := range counts {
		negated[i] = -float64(n)
	}
	label := make([]ranking.Associate, len(counts))
	for i, rank := range stat.Ranks(negated) {
		label[i] = ranking.Associate{Response: fmt.Sprintf("word%c", 'a'+i), N: counts[i], Rank: rank}
	}
	return label
}

// answer puts words in order, as the prompt asks.
func answer(words ...string) string {
	var b strings.Builder
	b.WriteString("Final ranking:\n")
	for i, word := range words {
		fmt.Fprintf(&b, "Rank %d: %s\n", i+1, word)
	}
	return b.String()
}

func TestScore(t *testing.T) {
	tests := map[string]struct {
		label     []ranking.Associate
		answer    string
		value     float64
		published float64
		failure   string // of Score
	}{
		"people's order":            {labelOf(9, 5, 2), answer("worda", "wordb", "wordc"), 1, 1, ""},
		"its reverse":               {labelOf(9, 5, 2), answer("wordc", "wordb", "worda"), -1, -1, ""},
		"a tie either way":          {labelOf(9, 2, 2), answer("worda", "wordc", "wordb"), 1, 0.5, ""},
		"in capitals and quotes":    {labelOf(9, 5, 2), answer(`"WordA"`, "WORDB", "wordc"), 1, 1, ""},
		"a word of its own":         {labelOf(9, 5, 2), answer("worda", "kite", "wordb", "wordc"), 1, 1, ""},
		"a word left out":           {labelOf(9, 5, 2), answer("wordb", "worda"), 0.5, 0.5, ""},
		"the first alone":           {labelOf(9, 5, 2), answer("worda"), math.Sqrt(3) / 2, math.Sqrt(3) / 2, ""},
		"no heading":                {labelOf(9, 5), "Rank 1: worda\nRank 2: wordb", 0, 0, "no final ranking"},
		"no numbered line":          {labelOf(9, 5), "Final ranking: worda, wordb", 0, 0, "no numbered line after the final ranking"},
		"other words":               {labelOf(9, 5), answer("kite"), 0, 0, "no word of the label in the final ranking"},
		"people had no order":       {labelOf(5, 5), answer("worda", "wordb"), 0, 1, "the words have no order"},
		"a label of one word":       {labelOf(5), answer("worda"), 0, 0, "the words have no order"},
		"a question without labels": {nil, answer("worda"), 0, 0, "no word of the label in the final ranking"},
	}
	for name, test := range tests {
		value, failure := ranking.Score(test.label, test.answer)
		if math.Abs(value-test.value) > 1e-12 || failure != test.failure {
			t.Errorf("%s: %v, failure %q", name, value, failure)
		}
		if published, _ := ranking.ScorePublished(test.label, test.answer); math.Abs(published-test.published) > 1e-12 {
			t.Errorf("%s: %v as published, want %v", name, published, test.published)
		}
	}
}

// People's order earns 1 and its reverse -1, whatever the ties; no order earns
// more or less.
func TestScoreLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Int64Range(1, 4), 2, 10).Draw(t, "counts")
		slices.Sort(counts)
		slices.Reverse(counts)
		if counts[0] == counts[len(counts)-1] {
			t.Skip("no order")
		}
		label := labelOf(counts...)
		words := make([]string, len(label))
		for i, a := range label {
			words[i] = a.Response
		}
		if best, failure := ranking.Score(label, answer(words...)); math.Abs(best-1) > 1e-9 {
			t.Fatalf("people's order earns %v %s", best, failure)
		}
		some := rapid.Permutation(words).Draw(t, "order")[:rapid.IntRange(1, len(words)).Draw(t, "named")]
		if value, failure := ranking.Score(label, answer(some...)); failure != "" || value < -1 || value > 1 {
			t.Fatalf("%q earns %v %s", some, value, failure)
		}
		slices.Reverse(words)
		if worst, failure := ranking.Score(label, answer(words...)); math.Abs(worst+1) > 1e-9 {
			t.Fatalf("its reverse earns %v %s", worst, failure)
		}
	})
}

// Whatever a model writes: no panic, no NaN, and no value where there is a
// failure.
func FuzzScore(f *testing.F) {
	for _, seed := range []string{
		answer("worda", "wordb"), answer("wordb"), "Final ranking:\n1: worda\n1: wordb", "最终排名：\n排名1：wordb", "worda",
	} {
		f.Add(seed, int64(3), int64(3), int64(1))
	}
	f.Fuzz(func(t *testing.T, text string, a, b, c int64) {
		label := labelOf(a, b, c)
		for name, score := range map[string]func([]ranking.Associate, string) (float64, string){
			"score": ranking.Score, "as published": ranking.ScorePublished,
		} {
			value, failure := score(label, text)
			if !(value >= -1 && value <= 1) || failure != "" && value != 0 {
				t.Fatalf("%s: %v, failure %q", name, value, failure)
			}
		}
	})
}
