package reward_test

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"alignctl/internal/reply"
	"alignctl/train/reward"
)

// rankedWords is how many words a question of the study has.
const rankedWords = 10

// The rewards given as SQL and as Go agree, on the public answers of the study's
// models as they are, which are lists, and with the words of these lists put under a final ranking.
func TestSQLAgreesWithGo(t *testing.T) {
	folder := os.Getenv("ALIGNCTL_TESTDATA")
	if folder == "" {
		t.Skip("ALIGNCTL_TESTDATA is not set: no recorded answers")
	}
	lists := recordedAnswers(t, filepath.Join(folder, "swow_zh"))
	rankings := make([]reward.Sample, len(lists))
	for i, s := range lists {
		rankings[i] = s
		rankings[i].Label = tied(s.Label[:min(rankedWords, len(s.Label))])
		if i%5 > 0 { // the others stay lists, which are no rankings
			rankings[i].Completion = finalRanking(firstKnown(s))
		}
	}
	session := openSession(t)
	for _, test := range []struct {
		part    string
		samples []reward.Sample
	}{{"hit_strength", lists}, {"ranking", rankings}} {
		text, err := os.ReadFile("testdata/" + test.part + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		scorer, err := reward.Options{Parts: test.part + ",sql", SQL: string(text)}.Open(t.Context(), session)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := scorer.Score(t.Context(), test.samples)
		if err != nil {
			t.Fatal(err)
		}
		differ := 0
		for i, s := range scores {
			if given, sql := s.Parts[0], s.Parts[1]; math.Abs(given.Value-sql.Value) > 1e-9 || given.Failed != sql.Failed {
				if differ++; differ <= 3 {
					t.Errorf("%s of answer %d: %+v, in SQL %+v", test.part, i, given, sql)
				}
			}
		}
		t.Logf("%s: %d answers, %d differ; %+v", test.part, len(scores), differ, reward.Summarise(scores))
		if len(scores) < 1000 {
			t.Errorf("only %d answers", len(scores))
		}
	}
}

// recordedAnswers are the public answers, with people's lists: those have no
// counts, and falling numbers stand for them.
func recordedAnswers(t *testing.T, folder string) (samples []reward.Sample) {
	labels := map[string][]reward.Associate{}
	eachJSON(t, filepath.Join(folder, "align_zh_test_gold_1004.jsonl"), func(r record) {
		for i, word := range r.Gold {
			labels[r.Cue] = append(labels[r.Cue], reward.Associate{Response: word, N: int64(len(r.Gold) - i), Rank: float64(i + 1)})
		}
	})
	eachJSON(t, filepath.Join(folder, "align_zh_ppo_generations_4016.jsonl"), func(r record) {
		samples = append(samples, reward.Sample{Language: "zh", Cue: r.Cue, Completion: r.Text, Label: labels[r.Cue]})
	})
	return samples
}

// tied gives each two neighbours of a label the same count.
func tied(label []reward.Associate) []reward.Associate {
	counts := make([]int64, len(label))
	for i := range label {
		counts[i] = int64((len(label) - i + 1) / 2)
	}
	made := labelOf(counts)
	for i := range made {
		made[i].Response = label[i].Response
	}
	return made
}

// firstKnown are the words that an answer lists, and then people's, up to twelve:
// a ranking with words of its own, and some of those to rank.
func firstKnown(s reward.Sample) []string {
	words := reply.Parse(s.Completion, s.Cue).Words
	for _, a := range s.Label[:min(rankedWords, len(s.Label))] {
		words = append(words, a.Response)
	}
	return words[:min(rankedWords+2, len(words))]
}

type record struct {
	Cue, Text string
	Gold      []string
}

func eachJSON(t *testing.T, path string, visit func(record)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		visit(r)
	}
}
