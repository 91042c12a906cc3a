package lm

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

func openBackend(t *testing.T, name string) compute.Backend {
	t.Helper()
	backend, err := startBackend(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.Finalize)
	return backend
}

// draw samples the same logits with the keys of so many texts and returns the
// share of each id.
func draw(t *testing.T, backend compute.Backend, s sampling, logits []float32, texts int) []float64 {
	t.Helper()
	rows, keys := make([][]float32, texts), make([][]uint32, texts)
	for i := range rows {
		key := s.key(i, i%5)
		rows[i], keys[i] = logits, key[:]
	}
	out, err := graph.CallOnceN(backend, func(logits, keys *graph.Node) (ids, logProbs *graph.Node) {
		return s.next(logits, keys)
	}, rows, keys)
	if err != nil {
		t.Fatal(err)
	}
	counts := make([]float64, len(logits))
	logProbs := out[1].Value().([]float32)
	for i, id := range out[0].Value().([]int32) {
		counts[id]++
		if got, want := float64(logProbs[i]), logSoftmax(logits, id); math.Abs(got-want) > 1e-5 {
			t.Fatalf("log-probability of %d is %g, want %g: that of the model, before temperature and cuts", id, got, want)
		}
	}
	for id := range counts {
		counts[id] /= float64(texts)
	}
	return counts
}

// The draws follow the softmax of what temperature, top-k and top-p leave.
func TestSamplingFollowsTheDistribution(t *testing.T) {
	// Softmax: 0.4, 0.3, 0.15, 0.1, 0.05.
	logits := make([]float32, 5)
	for i, p := range []float64{0.15, 0.4, 0.05, 0.3, 0.1} {
		logits[i] = float32(math.Log(p) + 3)
	}
	cases := map[string]struct {
		sampling
		want []float64
	}{
		"greedy":            {sampling{}, []float64{0, 1, 0, 0, 0}},
		"temperature 1":     {sampling{temperature: 1}, []float64{0.15, 0.4, 0.05, 0.3, 0.1}},
		"temperature 0.5":   {sampling{temperature: 0.5}, scaled(0.0225, 0.16, 0.0025, 0.09, 0.01)},
		"top-k 2":           {sampling{temperature: 1, topK: 2}, scaled(0, 0.4, 0, 0.3, 0)},
		"top-k 1":           {sampling{temperature: 1, topK: 1}, []float64{0, 1, 0, 0, 0}},
		"top-k over all":    {sampling{temperature: 1, topK: 9}, []float64{0.15, 0.4, 0.05, 0.3, 0.1}},
		"top-p 0.8":         {sampling{temperature: 1, topP: 0.8}, scaled(0.15, 0.4, 0, 0.3, 0)},
		"top-p 0.1":         {sampling{temperature: 1, topP: 0.1}, []float64{0, 1, 0, 0, 0}},
		"top-k, then top-p": {sampling{temperature: 1, topK: 3, topP: 0.8}, scaled(0, 0.4, 0, 0.3, 0)},
	}
	const texts = 8000
	eachBackend(t, func(t *testing.T, name string) {
		backend := openBackend(t, name)
		for name, c := range cases {
			for id, got := range draw(t, backend, c.sampling, logits, texts) {
				// Four standard errors; what is cut off must never come.
				if slack := 4 * math.Sqrt(c.want[id]*(1-c.want[id])/texts); math.Abs(got-c.want[id]) > slack {
					t.Errorf("%s: share of id %d is %.4f, want %.4f", name, id, got, c.want[id])
				}
			}
		}
	})
}

// scaled divides weights by their sum.
func scaled(weights ...float64) []float64 {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	for i := range weights {
		weights[i] /= sum
	}
	return weights
}

// All ids of a large vocabulary are drawn alike where they are alike, and one that
// is all but impossible never is.
func TestSamplingFromManyIDs(t *testing.T) {
	const vocab, rows = 49152, 300
	same, peak := make([]float32, vocab), make([]float32, vocab)
	for id := range peak {
		peak[id] = -60
	}
	const likely = vocab - 2
	peak[likely] = 0
	eachBackend(t, func(t *testing.T, name string) {
		backend, s := openBackend(t, name), sampling{temperature: 1}
		if share := draw(t, backend, s, peak, rows)[likely]; share != 1 {
			t.Errorf("the only likely id came in %g of the draws", share)
		}
		var mean float64
		for id, share := range draw(t, backend, s, same, rows) {
			mean += share * float64(id)
		}
		if deviation := vocab / math.Sqrt(12*rows); math.Abs(mean-vocab/2) > 4*deviation {
			t.Errorf("the mean of equally likely ids is %g", mean)
		}
	})
}

// Draws at neighbouring places, texts and seeds have nothing to do with each other.
func TestSamplingKeysAreDistinct(t *testing.T) {
	seen := map[[2]uint32]bool{}
	for seed := range int64(5) {
		for text := range 50 {
			for step := range 50 {
				seen[sampling{seed: seed}.key(text, step)] = true
			}
		}
	}
	if len(seen) != 5*50*50 {
		t.Errorf("%d different keys of %d", len(seen), 5*50*50)
	}
}
