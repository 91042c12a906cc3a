package eval_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"alignctl/eval"
	"alignctl/internal/reply"
	"alignctl/internal/stat"
)

// readCSV gives the records of a test file, without its header.
func readCSV(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "precision", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records[1:]
}

// precisionCase reads the case: gold by cue, answers by cue, cues asked.
func precisionCase(t *testing.T) (gold map[string]eval.Gold, answers map[string]string, asked []string) {
	t.Helper()
	associates := map[string][]eval.Associate{}
	for _, r := range readCSV(t, "gold.csv") {
		n, err := strconv.ParseInt(r[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		associates[r[0]] = append(associates[r[0]], eval.Associate{Response: r[1], N: n})
	}
	gold = map[string]eval.Gold{}
	for cue, list := range associates {
		gold[cue] = eval.NewGold(cue, list)
	}
	answers = map[string]string{}
	for _, r := range readCSV(t, "pred.csv") {
		answers[r[0]] += r[2] + "\n"
	}
	text, err := os.ReadFile(filepath.Join("testdata", "precision", "asked.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return gold, answers, strings.Fields(string(text))
}

// Repeats don't count twice, short lists are divided by k, and a cue with an
// empty answer stays in the mean.
func TestPrecisionAtK(t *testing.T) {
	gold, answers, asked := precisionCase(t)
	want := map[string][2]float64{"sky": {1, 0.4}, "sea": {1, 0.4}, "sun": {0, 0}}
	var tally eval.Tally
	for _, cue := range asked {
		g, known := gold[cue]
		if !known {
			continue
		}
		answer := reply.Parse(answers[cue], cue)
		for i, k := range []int{1, 5} {
			if got := g.Precision(answer.Words, k); got != want[cue][i] {
				t.Errorf("%s: P@%d = %v, want %v", cue, k, got, want[cue][i])
			}
		}
		for _, s := range eval.ScoreAnswer(answer, g, []int{1, 5}) {
			tally.Add("", s.Metric, s.Value)
		}
	}
	means := map[string]float64{"p_at_1": 2. / 3, "p_at_5": 0.8 / 3, eval.Empty: 1. / 3, eval.Unparsable: 0}
	for _, m := range tally.Means(stat.Bootstrap{Resamples: 200}) {
		if mean, ok := means[m.Metric]; ok && (math.Abs(*m.Value-mean) > 1e-12 || m.N != 3) {
			t.Errorf("%s = %v over %d cues, want %v over 3", m.Metric, *m.Value, m.N, mean)
		}
		delete(means, m.Metric)
	}
	if len(means) > 0 {
		t.Errorf("metrics missing: %v", means)
	}
}

func TestStrictPrecisionTakesAllWordsTiedAtRankK(t *testing.T) {
	gold := eval.NewGold("sky", []eval.Associate{{"blue", 5}, {"cloud", 3}, {"Sun", 2}, {"sun ", 1}, {"bird", 2}})
	tests := []struct {
		words string
		k     int
		want  float64
	}{
		{"blue, cloud", 2, 1},
		{"blue, sun", 2, 1},          // Sun and sun are one word of count 3, tied with cloud
		{"sun, cloud, bird", 2, 1},   // only the first two words count
		{"bird, blue", 2, 0.5},       // bird is of rank 4
		{"bird, blue", 4, 0.5},       // divided by k, not by the answer's length
		{"tree, rock, moss", 3, 0},   // no hits
		{"cloud, sun, blue", 1, 0.0}, // not the first of people
	}
	for _, test := range tests {
		words := reply.Parse(test.words, "sky").Words
		if got := gold.StrictPrecision(words, test.k); got != test.want {
			t.Errorf("strict P@%d of %q = %v, want %v", test.k, test.words, got, test.want)
		}
	}
}

func TestSpearmanOfAnswer(t *testing.T) {
	gold := eval.NewGold("sky", []eval.Associate{{"blue", 9}, {"cloud", 5}, {"sun", 2}, {"bird", 2}})
	tests := []struct {
		words string
		want  float64
		ok    bool
	}{
		{"blue, tree, cloud, sun", 1, true}, // tree isn't shared
		{"sun, cloud, blue", -1, true},
		{"blue, cloud, sun, bird", math.Sqrt(0.9), true}, // average ranks 1, 2, 3.5, 3.5
		{"blue", 0, false},
		{"sun, bird", 0, false}, // nothing to order
		{"", 0, false},
	}
	for _, test := range tests {
		rho, ok := gold.Spearman(reply.Parse(test.words, "sky").Words)
		if ok != test.ok || math.Abs(rho-test.want) > 1e-12 {
			t.Errorf("Spearman of %q = %v, %v, want %v, %v", test.words, rho, ok, test.want, test.ok)
		}
	}
}

func TestWeightedMetrics(t *testing.T) {
	gold := eval.NewGold("sky", []eval.Associate{{"blue", 4}, {"cloud", 2}, {"sun", 1}, {"Sky", 9}})
	tests := []struct {
		words                                 string
		precisionAt2, recall, recallTop, ndcg float64
	}{
		{"blue, cloud, sun", 1, 1, 1, 1},
		{"cloud, blue", 1, 6. / 7, 1, 0.7851144250702093}, // (2 + 4/log2 3) / (4 + 2/log2 3 + 1/2)
		{"tree, sun, blue", 1. / 6, 5. / 7, 4. / 6, 0.45661},
		{"tree", 0, 0, 0, 0},
		{"", 0, 0, 0, 0},
	}
	for _, test := range tests {
		words := reply.Parse(test.words, "sky").Words
		check := func(name string, got float64, ok bool, want float64) {
			if !ok || math.Abs(got-want) > 1e-5 {
				t.Errorf("%s of %q = %v, %v, want %v", name, test.words, got, ok, want)
			}
		}
		value, ok := gold.WeightedPrecision(words, 2)
		check("weighted P@2", value, ok, test.precisionAt2)
		value, ok = gold.WeightedRecall(words, 0)
		check("recall", value, ok, test.recall)
		value, ok = gold.WeightedRecall(words, 2)
		check("recall of the top 2", value, ok, test.recallTop)
		value, ok = gold.NDCG(words, 10)
		check("nDCG@10", value, ok, test.ndcg)
	}
	if _, ok := eval.NewGold("sky", nil).NDCG([]string{"blue"}, 10); ok {
		t.Error("nDCG without people's words is defined")
	}
}

// P@k lies in [0, 1], the strict form never above the set form, hits (k times
// P@k) never fall as k grows, and repeating the answer changes nothing.
func TestPrecisionLaws(t *testing.T) {
	vocabulary := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "h", "A ", " b"})
	rapid.Check(t, func(t *rapid.T) {
		var associates []eval.Associate
		for _, w := range rapid.SliceOfN(vocabulary, 0, 8).Draw(t, "gold") {
			n := rapid.Int64Range(1, 3).Draw(t, "count")
			associates = append(associates, eval.Associate{Response: w, N: n})
		}
		gold := eval.NewGold("cue", associates)
		text := strings.Join(rapid.SliceOfN(vocabulary, 0, 12).Draw(t, "answer"), ", ")
		words := reply.Parse(text, "cue").Words
		repeated := reply.Parse(text+", "+text, "cue").Words
		hits := 0.0
		for k := 1; k <= 12; k++ {
			p, strict := gold.Precision(words, k), gold.StrictPrecision(words, k)
			if strict < 0 || strict > p || p > 1 {
				t.Fatalf("P@%d = %v, strict %v", k, p, strict)
			}
			if now := p * float64(k); now < hits-1e-9 {
				t.Fatalf("hits fall from %v to %v at k=%d", hits, now, k)
			} else {
				hits = now
			}
			if again := gold.Precision(repeated, k); again != p {
				t.Fatalf("P@%d = %v, of the answer given twice %v", k, p, again)
			}
		}
	})
}

// Answers of real models to real cues: nearly all are lists, and their words
// are associates rather than scraps of lists.
func TestParseRealAnswers(t *testing.T) {
	folder := os.Getenv("ALIGNCTL_TESTDATA")
	if folder == "" {
		t.Skip("ALIGNCTL_TESTDATA is not set: no real answers to parse")
	}
	gold := realGold(t, filepath.Join(folder, "swow_zh", "align_zh_test_gold_1004.jsonl"))
	var answers, parsed, words int
	precision, refused := map[string][]float64{}, 0
	eachLine(t, filepath.Join(folder, "swow_zh", "align_zh_ppo_generations_4016.jsonl"), func(text []byte) {
		var record struct{ Cue, Text, Prompt, Model string }
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatal(err)
		}
		answers++
		answer := reply.Parse(record.Text, record.Cue)
		if answer.Status == reply.OK {
			parsed++
		}
		words += len(answer.Words)
		if answer.Status == reply.Refused {
			refused++
		}
		for _, parser := range reply.Parsers() {
			g, by := gold[record.Cue], strings.Join([]string{record.Model, record.Prompt, string(parser)}, " | ")
			scores := eval.ScoreAnswer(parser.Parse(record.Text, record.Cue, "zh"), g, []int{5})
			precision[by] = append(precision[by], scores[0].Value)
		}
	})
	share, mean := float64(parsed)/float64(answers), float64(words)/float64(answers)
	t.Logf("%d answers: %.4f parsed, %d refused, %.1f words each; P@5 by model, prompt and parser:", answers, share, refused, mean)
	for _, by := range slices.Sorted(maps.Keys(precision)) {
		e := stat.Bootstrap{Resamples: 10000, Seed: 42}.Means(stat.Sample{Values: precision[by]})[0]
		if e.Low == nil {
			t.Errorf("%s: %v everywhere", by, e.Value)
			continue
		}
		t.Logf("| %s | %.3f [%.3f, %.3f] | %d |", by, e.Value, *e.Low, *e.High, e.N)
	}
	if answers != 4016 || share <= 0.95 || mean < 8 {
		t.Errorf("%d answers: %.4f parsed, %.1f words each; want 4016, > 0.95, >= 8", answers, share, mean)
	}
}

// realGold reads ranked lists without counts: the rank stands for the count.
func realGold(t *testing.T, path string) map[string]eval.Gold {
	gold := map[string]eval.Gold{}
	eachLine(t, path, func(text []byte) {
		var record struct {
			Cue  string
			Gold []string
		}
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatal(err)
		}
		var associates []eval.Associate
		for i, w := range record.Gold {
			associates = append(associates, eval.Associate{Response: w, N: int64(len(record.Gold) - i)})
		}
		gold[record.Cue] = eval.NewGold(record.Cue, associates)
	})
	return gold
}

func eachLine(t *testing.T, path string, do func(text []byte)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		do(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
