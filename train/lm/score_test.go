package lm

import (
	"path/filepath"
	"slices"
	"testing"
)

// Two answers to one prompt, whose beginning stands before the rows, are scored
// as if each stood alone.
func TestScorerScoresBranches(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		m := load(t, filepath.Join("testdata", "golden", "tiny_smollm2"), Options{Backend: backend})
		scorer, err := NewScorer(m)
		if err != nil {
			t.Fatal(err)
		}
		defer scorer.Close()
		ids := randomPrompts(6, 2, 1)
		prompt, long, short := ids[0], ids[1], ids[2]
		logProbs, err := scorer.LogProbs(Layout{
			Rows: 1, Width: 6, Shared: prompt[:4],
			IDs:       append(slices.Concat(prompt[4:], long, short), 0),
			Positions: []int32{4, 5, 6, 7, 6, 0},
			Ends:      []int32{5, 5, 4, 4, 5, 0},
			Index:     []int32{1, 2, 1, 0}, Targets: append(slices.Concat(long, short), 0), Weights: []float32{1, 1, 1, 0},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(logProbs) != 4 {
			t.Fatalf("%d log-probabilities for 4 labels", len(logProbs))
		}
		checkAgainstForward(t, m, prompt, Generation{Tokens: long, LogProbs: logProbs[:2]}, false)
		checkAgainstForward(t, m, prompt, Generation{Tokens: short, LogProbs: logProbs[2:3]}, false)
	})
}
