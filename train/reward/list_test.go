package reward_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"alignctl/train/reward"
)

// skyLabel is what twenty people said to sky.
// associate is a response with its count and rank.
func associate(response string, n int64, rank float64) reward.Associate {
	return reward.Associate{Response: response, N: n, Rank: rank}
}

var skyLabel = []reward.Associate{associate("blue", 10, 1), associate("Cloud", 5, 2), associate("high up", 3, 3), associate("sun", 1, 4.5), associate("sky", 1, 4.5)}

func TestHitStrength(t *testing.T) {
	for _, test := range []struct {
		name, completion, failed string
		want                     float64
	}{
		{"all", "high up, sun, blue, cloud", "", 1},
		{"form of words", "1. BLUE\n2. Clouds\n3. “cloud”", "", 15. / 19},
		{"repeats and the cue count once or not at all", "blue, blue, sky, Blue", "", 10. / 19},
		{"nothing that people said", "red, green", "", 0},
		{"only ten words count", "a, b, c, d, e, f, g, h, i, j, blue", "", 0},
		{"empty", " \n", "empty answer", -1},
		{"no list", "I'm sorry, but I can't help you with that request", "no list of words", -1},
	} {
		s := score(t, "hit_strength", reward.Sample{Cue: "sky", Completion: test.completion, Label: skyLabel})[0]
		if math.Abs(s.Reward-test.want) > 1e-12 || s.Failed != test.failed {
			t.Errorf("%s: %+v, want %v %q", test.name, s, test.want, test.failed)
		}
	}
}

func TestHitStrengthLaws(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		words := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-f]{1,3}`), 1, 10, rapid.ID[string]).Draw(r, "words")
		label := drawnLabel(r)
		for i := range label {
			label[i].Response = rapid.StringMatching(`[a-f]{1,3}`).Draw(r, "response")
		}
		mixed := rapid.Permutation(words).Draw(r, "mixed")
		scores := score(t, "hit_strength", reward.Sample{Completion: strings.Join(words, ", "), Label: label},
			reward.Sample{Completion: strings.Join(mixed, ", "), Label: label},
			reward.Sample{Completion: strings.Join(append(mixed, words...), "\n"), Label: label})
		for _, s := range scores {
			if s.Reward != scores[0].Reward || s.Reward < 0 || s.Reward > 1 {
				r.Fatalf("in another order, or said twice: %v becomes %v", scores[0].Reward, s.Reward)
			}
		}
	})
}

func TestFormat(t *testing.T) {
	label := labelOf([]int64{4, 2, 1})
	asksForRanking := "Put these in order: worda, wordb, wordc"
	for _, test := range []struct {
		name, prompt, completion, failed string
		want                             float64
	}{
		{"a ranking of all words", asksForRanking, finalRanking([]string{"wordc", "worda", "wordb"}), "", 1},
		{"a word left out", asksForRanking, finalRanking([]string{"wordc", "worda"}), "", 2. / 3},
		{"a word too many", asksForRanking, finalRanking([]string{"wordc", "worda", "wordb", "wordd"}), "", 3. / 4},
		{"a word twice", asksForRanking, finalRanking([]string{"wordc", "worda", "worda"}), "", 2. / 3},
		{"no ranking", asksForRanking, "worda, wordb, wordc", "no final ranking", -1},
		{"a list", "Cue: sky", "worda, wordb", "", 1},
		{"a numbered list", "Cue: sky", "1. worda\n2. wordb", "", 1},
		{"talk before it", "Cue: sky", "Hello: worda, wordb", "", 10. / 15},
		{"the same word again and again", "Cue: sky", "worda, worda, worda, worda", "", 1. / 4},
		{"no list", "Cue: sky", "", "empty answer", -1},
	} {
		s := score(t, "format", reward.Sample{Prompt: test.prompt, Completion: test.completion, Label: label})[0]
		if math.Abs(s.Reward-test.want) > 1e-12 || s.Failed != test.failed {
			t.Errorf("%s: %+v, want %v %q", test.name, s, test.want, test.failed)
		}
	}
}

// Whatever a model writes, each reward is in -1..1, a failure is worth -1, and
// nothing else says why.
func FuzzScore(f *testing.F) {
	for _, seed := range []string{
		"blue, cloud", finalRanking([]string{"blue", "sun"}), "final ranking\n1: blue\n1: **\n99: cloud\n", "最终排名\n排名1：blue",
		"<think>", "1. blue - cloud\n2) sun (high up)", "final ranking 1: \xff", "-- !!", "sky",
	} {
		f.Add(seed, "Put in order: blue, Cloud, high up, sun, sky")
	}
	f.Fuzz(func(t *testing.T, completion, prompt string) {
		s := score(t, "ranking,ranking_published,hit_strength,format",
			reward.Sample{Cue: "sky", Prompt: prompt, Completion: completion, Label: skyLabel})[0]
		for _, p := range s.Parts {
			if !(p.Value >= -1 && p.Value <= 1) || p.Failed != "" && p.Value != -1 {
				t.Fatalf("part %+v", p)
			}
		}
	})
}
