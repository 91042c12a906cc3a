package lm

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var learnTexts = []string{
	"paper boat: water, white, sail", "paper plane: sky, white, fold", "snow boat: cold, white, water",
	"纸船：水，白，帆", "纸鸢：天，风，白", "雪船：冷，白，水", "1 2 12 water water\n",
}

func TestLearntTokenizerReadsBack(t *testing.T) {
	folder := t.TempDir()
	if err := LearnTokenizer(slices.Values(learnTexts), 300, folder); err != nil {
		t.Fatal(err)
	}
	tokenizer, err := LoadTokenizer(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(learnTexts, "never seen: žluťoučký 龍 🙂\t\n", "雪纸") {
		if got := tokenizer.Decode(tokenizer.Encode(text), true); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
	}
	if tokens := tokenizer.Encode(" water"); len(tokens) != 1 {
		t.Errorf("a frequent word is %d tokens, want 1", len(tokens))
	}
	// A compound that was there is written like one that wasn't.
	if seen, unseen := len(tokenizer.Encode("纸船")), len(tokenizer.Encode("船纸")); seen != unseen {
		t.Errorf("a seen compound is %d tokens, an unseen one %d", seen, unseen)
	}
	template, err := LoadTemplate(folder)
	if err != nil {
		t.Fatal(err)
	}
	encoder, err := NewEncoder(tokenizer, template, 0)
	if err != nil {
		t.Fatal(err)
	}
	if end, _ := tokenizer.ID(turnEnd); encoder.End() != end {
		t.Errorf("an answer ends with token %d, want %d", encoder.End(), end)
	}
}

func TestLearningIgnoresOrder(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	backward := slices.Clone(learnTexts)
	slices.Reverse(backward)
	for folder, texts := range map[string][]string{first: learnTexts, second: backward} {
		if err := LearnTokenizer(slices.Values(texts), 300, folder); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{tokenizerFile, tokenizerConfigFile} {
		a, errA := os.ReadFile(filepath.Join(first, name))
		b, errB := os.ReadFile(filepath.Join(second, name))
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s differs (errors %v, %v)", name, errA, errB)
		}
	}
}

// TestEachMergeIsTheMostFrequentPair: the counts that merges keep up to date
// choose as counting every pair anew would.
func TestEachMergeIsTheMostFrequentPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.StringOfN(rapid.SampledFrom([]rune("abc")), 1, 12, -1)
		l := newLearner(rapid.MapOfN(piece, rapid.IntRange(1, 3), 1, 12).Draw(t, "pieces"))
		for {
			counts := map[mergeJSON]int{}
			for _, w := range l.words {
				for i := range len(w.tokens) - 1 {
					counts[mergeJSON{w.tokens[i], w.tokens[i+1]}] += w.count
				}
			}
			want := countedPair{count: 1}
			for pair, n := range counts {
				if c := (countedPair{pair, n}); n > 1 && c.before(want) {
					want = c
				}
			}
			got, ok := l.best()
			if ok != (want.count > 1) || got != want.pair {
				t.Fatalf("merged %q, want %q, which occurs %d times", got, want.pair, want.count)
			}
			if !ok {
				return
			}
			l.merge(got)
		}
	})
}

func TestLearnRefusesNothing(t *testing.T) {
	if err := LearnTokenizer(slices.Values([]string(nil)), 300, t.TempDir()); err == nil {
		t.Error("a tokenizer was learnt from no text")
	}
	if err := LearnTokenizer(slices.Values(learnTexts), 100, t.TempDir()); err == nil {
		t.Error("a vocabulary smaller than the bytes was accepted")
	}
}
