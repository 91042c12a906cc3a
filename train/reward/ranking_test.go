package reward_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"alignctl/train/reward"
)

// score scores samples by a reward of functions alone.
func score(t testing.TB, parts string, samples ...reward.Sample) []reward.Score {
	t.Helper()
	scorer, err := reward.Options{Parts: parts}.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := scorer.Score(t.Context(), samples)
	if err != nil {
		t.Fatal(err)
	}
	return scores
}

// labelOf is a label of words that were given so often, in this order.
func labelOf(counts []int64) []reward.Associate {
	label := make([]reward.Associate, len(counts))
	for i, n := range counts {
		before, equal := 0, 0
		for _, other := range counts {
			if other > n {
				before++
			}
			if other == n {
				equal++
			}
		}
		label[i] = reward.Associate{Response: fmt.Sprintf("word%c", 'a'+i), N: n, Rank: float64(before) + float64(equal+1)/2}
	}
	return label
}

// finalRanking answers with words in an order, as the prompt asks.
func finalRanking(words []string) string {
	var b strings.Builder
	b.WriteString("Let me think.\nFinal ranking:\n```\n")
	for i, word := range words {
		fmt.Fprintf(&b, "Rank %d: %s\n", i+1, word)
	}
	return b.String() + "```"
}

func responses(label []reward.Associate) []string {
	words := make([]string, len(label))
	for i, a := range label {
		words[i] = a.Response
	}
	return words
}

// Case 36: outputs that can't be read, and what they are worth. No counts tie,
// so that both rankings agree.
func TestRankingCase36(t *testing.T) {
	file, err := os.Open("testdata/case36.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var samples []reward.Sample
	var want []float64
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var record struct {
			Output string
			Gold   []string
			Expect float64 `json:"expect_reward"`
		}
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		s := reward.Sample{Completion: record.Output, Label: labelOf([]int64{50, 40, 30, 20, 10})}
		for i, word := range record.Gold {
			s.Label[i].Response = word
		}
		samples, want = append(samples, s), append(want, record.Expect)
	}
	for _, part := range []string{"ranking", "ranking_published"} {
		scores := score(t, part, samples...)
		for i, s := range scores {
			if math.Abs(s.Reward-want[i]) > 1e-6 {
				t.Errorf("%s of output %d: %v, want %v", part, i+1, s.Reward, want[i])
			}
		}
		summary := reward.Summarise(scores)
		if mean := summary.Figures[0].Mean; math.Abs(mean - -0.0428371) > 1e-6 {
			t.Errorf("%s: mean %v, want -0.0428371", part, mean)
		}
		failures := []reward.Failure{{Why: "no final ranking", Answers: 2}, {Why: "no word of the label in the final ranking", Answers: 1}}
		if !slices.Equal(summary.Failures, failures) || summary.Failed != 3 {
			t.Errorf("%s: failures %v, want %v", part, summary.Failures, failures)
		}
	}
}

// The study scores ties by the order in which the label happens to list them.
func TestRankingPublishedBreaksTies(t *testing.T) {
	label := labelOf([]int64{9, 1, 1, 1})
	answer := finalRanking([]string{"worda", "wordd", "wordc", "wordb"})
	s := score(t, "ranking,ranking_published", reward.Sample{Completion: answer, Label: label})[0]
	if s.Parts[0].Value != 1 || math.Abs(s.Parts[1].Value-0.2) > 1e-12 {
		t.Errorf("parts %+v, want 1 with ties as ties, 0.2 as published", s.Parts)
	}
}

// What the study's reward leaves undefined, such as a word that stands at every
// place, is a failure and not NaN.
func TestRankingWithoutOrderFails(t *testing.T) {
	label := labelOf([]int64{3, 2, 1})
	answer := finalRanking([]string{"worda", "worda", "worda"})
	if s := score(t, "ranking_published", reward.Sample{Completion: answer, Label: label})[0]; s.Reward != -1 || s.Failed == "" {
		t.Errorf("published: %+v, want a failure", s)
	}
	if s := score(t, "ranking", reward.Sample{Completion: answer, Label: label})[0]; s.Failed != "" {
		t.Errorf("ranking: %+v, want the first place to count", s)
	}
}

// drawnLabel is a label with at least two different counts.
func drawnLabel(t *rapid.T) []reward.Associate {
	counts := rapid.SliceOfN(rapid.Int64Range(1, 5), 2, 10).Filter(func(counts []int64) bool {
		return slices.Min(counts) < slices.Max(counts)
	}).Draw(t, "counts")
	slices.SortFunc(counts, func(a, b int64) int { return int(b - a) })
	return labelOf(counts)
}

func TestRankingLaws(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		label := drawnLabel(r)
		words := rapid.Permutation(responses(label)).Draw(r, "answer")
		whole := finalRanking(words)
		kept := rapid.IntRange(1, len(words)).Draw(r, "kept")
		part := finalRanking(words[:kept])
		swapped := finalRanking(swapTied(r, label, words))
		shuffled := rapid.Permutation(label).Draw(r, "label")
		reversed := slices.Clone(words)
		slices.Reverse(reversed)

		rewards := score(t, "ranking", reward.Sample{Completion: whole, Label: label},
			reward.Sample{Completion: part, Label: label},
			reward.Sample{Completion: swapped, Label: label},
			reward.Sample{Completion: whole, Label: shuffled},
			reward.Sample{Completion: finalRanking(reversed), Label: label},
			reward.Sample{Completion: finalRanking(responses(label)), Label: label})
		for i, s := range rewards {
			if !(s.Reward >= -1 && s.Reward <= 1) || s.Failed != "" {
				r.Fatalf("reward %d: %+v is not in -1..1", i, s)
			}
		}
		switch {
		case rewards[2].Reward != rewards[0].Reward:
			r.Fatalf("words given equally often swapped: %v becomes %v", rewards[0].Reward, rewards[2].Reward)
		case rewards[3].Reward != rewards[0].Reward:
			r.Fatalf("label in another order: %v becomes %v", rewards[0].Reward, rewards[3].Reward)
		case math.Abs(rewards[4].Reward+rewards[0].Reward) > 1e-12:
			r.Fatalf("answer reversed: %v becomes %v", rewards[0].Reward, rewards[4].Reward)
		case rewards[5].Reward != 1:
			r.Fatalf("people's order earns %v, want 1", rewards[5].Reward)
		case kept < len(words)-1 && rewards[1].Reward >= 1: // one left out can only be the last
			r.Fatalf("an answer that leaves words out earns %v", rewards[1].Reward)
		}
	})
}

// swapTied is the answer with two words swapped that were given equally often,
// or the answer where the label has no such words.
func swapTied(r *rapid.T, label []reward.Associate, answer []string) []string {
	at := rapid.IntRange(0, len(label)-2).Draw(r, "swapped")
	swapped := slices.Clone(answer)
	if a, b := label[at], label[at+1]; a.N == b.N {
		i, j := slices.Index(answer, a.Response), slices.Index(answer, b.Response)
		swapped[i], swapped[j] = swapped[j], swapped[i]
	}
	return swapped
}

// Without ties both rankings are the same, whatever the answer leaves out.
func TestRankingWithoutTiesIsAsPublished(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		counts := make([]int64, rapid.IntRange(2, 10).Draw(r, "words"))
		for i := range counts {
			counts[i] = int64(len(counts) - i)
		}
		label := labelOf(counts)
		words := rapid.Permutation(responses(label)).Draw(r, "answer")
		words = words[:rapid.IntRange(1, len(words)).Draw(r, "kept")]
		s := score(t, "ranking,ranking_published", reward.Sample{Completion: finalRanking(words), Label: label})[0]
		if math.Abs(s.Parts[0].Value-s.Parts[1].Value) > 1e-12 {
			r.Fatalf("ranking %v, as published %v", s.Parts[0].Value, s.Parts[1].Value)
		}
	})
}
