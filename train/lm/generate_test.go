package lm

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// randomPrompts draws prompts of the given lengths from the tiny models' vocabulary.
func randomPrompts(lengths ...int) [][]int32 {
	random := rand.New(rand.NewPCG(1, 2))
	prompts := make([][]int32, len(lengths))
	for i, n := range lengths {
		for range n {
			prompts[i] = append(prompts[i], random.Int32N(512))
		}
	}
	return prompts
}

// mixedPrompts need two buckets, and more lanes than a small batch has.
func mixedPrompts() [][]int32 { return randomPrompts(3, 16, 1, 15, 9, 7, 12, 5, 8, 2, 16) }

func generate(t *testing.T, m *Model, prompts [][]int32, o GenerateOptions) []Generation {
	t.Helper()
	results, err := m.Generate(t.Context(), prompts, o)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// checkAgainstForward runs the whole text through the model at once, without a
// cache, and compares the log-probability of each generated token and, for
// greedy decoding, its rank.
func checkAgainstForward(t *testing.T, m *Model, prompt []int32, got Generation, greedy bool) {
	t.Helper()
	if len(got.LogProbs) != len(got.Tokens) {
		t.Fatalf("%d log-probabilities for %d tokens", len(got.LogProbs), len(got.Tokens))
	}
	text := slices.Concat(prompt, got.Tokens)
	// One length for all texts, so that one shape is compiled.
	padded, segments := make([]int32, 64), make([]int32, 64)
	copy(padded, text)
	fill(segments[:len(text)], 1)
	logits := m.logits(t, [][]int32{padded}, [][]int32{segments}, nil)[0]
	for i, id := range got.Tokens {
		row := logits[len(prompt)+i-1]
		if want := logSoftmax(row, id); math.Abs(float64(got.LogProbs[i])-want) > 1e-4 {
			t.Errorf("token %d: log-probability %g, the full forward pass has %g", i, got.LogProbs[i], want)
		}
		// Within rounding of the largest: a near tie may go either way.
		if greedy && row[id] < slices.Max(row)-1e-4 {
			t.Errorf("token %d is %d with logit %g, the largest is %g", i, id, row[id], slices.Max(row))
		}
	}
}

func logSoftmax(logits []float32, id int32) float64 {
	peak, sum := float64(slices.Max(logits)), 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x) - peak)
	}
	return float64(logits[id]) - peak - math.Log(sum)
}

func TestGenerateGreedyIsTheArgMaxOfAFullForward(t *testing.T) {
	eachGolden(t, func(t *testing.T, backend, folder string, _ golden) {
		m := load(t, folder, Options{Backend: backend})
		prompts := randomPrompts(12, 16, 9, 11, 10, 14)
		for i, got := range generate(t, m, prompts, GenerateOptions{MaxNewTokens: 12, Batch: 4}) {
			if len(got.Tokens) != 12 || got.Finish != FinishLength {
				t.Errorf("prompt %d: %d tokens, finish %q, want 12, %q", i, len(got.Tokens), got.Finish, FinishLength)
			}
			checkAgainstForward(t, m, prompts[i], got, true)
		}
	})
}

func TestGenerateUsesTheAdapter(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		folder := filepath.Join("testdata", "golden", "tiny_smollm2")
		m := load(t, folder, Options{Backend: backend, Adapter: filepath.Join(folder, "adapter")})
		prompt := randomPrompts(7)
		checkAgainstForward(t, m, prompt[0], generate(t, m, prompt, GenerateOptions{MaxNewTokens: 8})[0], true)
	})
}

// The result of a prompt is the same in any company, greedy or sampled.
func TestGenerateDoesNotDependOnTheBatch(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		m := load(t, filepath.Join("testdata", "golden", "tiny_smollm2"), Options{Backend: backend})
		for _, o := range []GenerateOptions{
			{MaxNewTokens: 10},
			{MaxNewTokens: 10, Temperature: 0.8, TopK: 50, TopP: 0.9, Seed: 7},
		} {
			o.Batch = 1
			alone := generate(t, m, mixedPrompts(), o)
			o.Batch = 16
			compareGenerations(t, generate(t, m, mixedPrompts(), o), alone)
		}
	})
}

func compareGenerations(t *testing.T, got, want []Generation) {
	t.Helper()
	for i := range want {
		if !slices.Equal(got[i].Tokens, want[i].Tokens) || got[i].Finish != want[i].Finish {
			t.Errorf("prompt %d: got %v %s, want %v %s", i, got[i].Tokens, got[i].Finish, want[i].Tokens, want[i].Finish)
			continue
		}
		compareFloats(t, "log-probability", got[i].LogProbs, want[i].LogProbs, 1e-4)
	}
}

// Texts that stop early free their lanes for others; none of that shows in the results.
func TestGenerateStops(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		m := load(t, filepath.Join("testdata", "golden", "tiny_smollm2"), Options{Backend: backend})
		prompts := mixedPrompts()
		o := GenerateOptions{MaxNewTokens: 12, Batch: 4, Temperature: 1, Seed: 3}
		want := generate(t, m, prompts, o)
		o.Batch = 3
		for i := range 5 { // the first text stops at once, the second after a token, ...
			o.StopIDs = append(o.StopIDs, want[i].Tokens[i])
		}
		stopped := 0
		for i := range want {
			isStop := func(id int32) bool { return slices.Contains(o.StopIDs, id) }
			if at := slices.IndexFunc(want[i].Tokens, isStop); at >= 0 {
				want[i] = Generation{Tokens: want[i].Tokens[:at], LogProbs: want[i].LogProbs[:at], Finish: FinishStop}
				stopped++
			}
		}
		if stopped < 5 || stopped == len(want) {
			t.Fatalf("%d of %d texts stop: the test needs some of each", stopped, len(want))
		}
		seen := make([]Generation, len(prompts))
		o.Each = func(i int, g Generation) {
			if seen[i].Finish != "" {
				t.Errorf("prompt %d was delivered twice", i)
			}
			seen[i] = g
		}
		got := generate(t, m, prompts, o)
		compareGenerations(t, got, want)
		if !reflect.DeepEqual(seen, got) {
			t.Errorf("Each saw %v, the results are %v", seen, got)
		}
	})
}

// With keys, what a prompt draws doesn't depend on its place among others.
func TestGenerateDrawsByKey(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		m := load(t, filepath.Join("testdata", "golden", "tiny_qwen3"), Options{Backend: backend})
		prompts := randomPrompts(5, 7, 6)
		o := GenerateOptions{MaxNewTokens: 12, Temperature: 1.5, Seed: 1, Keys: []uint32{7, 1 << 31, 9}}
		all := generate(t, m, prompts, o)
		o.Keys = []uint32{9, 7}
		compareGenerations(t, generate(t, m, [][]int32{prompts[2], prompts[0]}, o), []Generation{all[2], all[0]})
		if _, err := m.Generate(t.Context(), prompts, o); err == nil || !strings.Contains(err.Error(), "2 keys for 3 prompts") {
			t.Errorf("two keys for three prompts: %v", err)
		}
	})
}

func TestGenerateSampledIsReproducible(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		m := load(t, filepath.Join("testdata", "golden", "tiny_qwen3"), Options{Backend: backend})
		prompts := randomPrompts(5, 5, 5)
		prompts[1] = prompts[0]
		sample := func(seed int64) []Generation {
			return generate(t, m, prompts, GenerateOptions{MaxNewTokens: 16, Temperature: 1.5, Seed: seed})
		}
		first := sample(1)
		compareGenerations(t, sample(1), first)
		if slices.Equal(first[0].Tokens, sample(2)[0].Tokens) {
			t.Error("another seed gave the same tokens")
		}
		if slices.Equal(first[0].Tokens, first[1].Tokens) {
			t.Error("the same prompt at another index gave the same tokens")
		}
		for i, got := range first {
			checkAgainstForward(t, m, prompts[i], got, false)
		}
	})
}

// A generator may be kept while the weights change: its next call uses the new ones.
func TestGeneratorSeesNewWeights(t *testing.T) {
	m := load(t, filepath.Join("testdata", "golden", "tiny_smollm2"), Options{Backend: backendGo})
	gen, err := NewGenerator(m, GenerateOptions{MaxNewTokens: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer gen.Close()
	prompts := randomPrompts(6)
	if _, err := gen.Generate(t.Context(), prompts); err != nil {
		t.Fatal(err)
	}
	norm := m.Store.GetVariable("/model.norm.weight")
	values := make([]float32, m.Config.HiddenSize)
	for i := range values {
		values[i] = float32(i%3) - 1
	}
	tensor, err := newTensor(m.Backend, []int{len(values)}, values)
	if err != nil {
		t.Fatal(err)
	}
	if err := norm.SetValue(tensor); err != nil {
		t.Fatal(err)
	}
	got, err := gen.Generate(t.Context(), prompts)
	if err != nil {
		t.Fatal(err)
	}
	checkAgainstForward(t, m, prompts[0], got[0], true)
}

func TestGenerateStaysWithinTheContext(t *testing.T) {
	m := load(t, filepath.Join("testdata", "golden", "tiny_smollm2"), Options{Backend: backendGo})
	m.Config.MaxPositions = 20
	got := generate(t, m, randomPrompts(18, 4), GenerateOptions{MaxNewTokens: 6})
	for i, want := range []int{2, 6} {
		if len(got[i].Tokens) != want || got[i].Finish != FinishLength {
			t.Errorf("prompt %d: %d tokens, finish %q, want %d, %q", i, len(got[i].Tokens), got[i].Finish, want, FinishLength)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	m := load(t, filepath.Join("testdata", "golden", "tiny_smollm2"), Options{Backend: backendGo})
	m.Config.MaxPositions = 20
	fine := GenerateOptions{MaxNewTokens: 4}
	for name, c := range map[string]struct {
		prompts [][]int32
		options GenerateOptions
		want    string
	}{
		"empty prompt":      {[][]int32{{1}, {}}, fine, "prompt 1: it is empty"},
		"long prompt":       {randomPrompts(20), fine, "has 20 tokens, which leaves no room in the model's context of 20"},
		"unknown id":        {[][]int32{{1, 512}}, fine, "token 1 is id 512"},
		"negative id":       {[][]int32{{-1}}, fine, "token 0 is id -1"},
		"no tokens":         {nil, GenerateOptions{}, "max new tokens 0"},
		"negative batch":    {nil, GenerateOptions{MaxNewTokens: 1, Batch: -1}, "batch -1"},
		"temperature":       {nil, GenerateOptions{MaxNewTokens: 1, Temperature: math.NaN()}, "temperature NaN"},
		"top-p":             {nil, GenerateOptions{MaxNewTokens: 1, TopP: 1.5}, "top-p 1.5"},
		"top-k":             {nil, GenerateOptions{MaxNewTokens: 1, TopK: -2}, "top-k -2"},
		"infinite coldness": {nil, GenerateOptions{MaxNewTokens: 1, Temperature: math.Inf(1)}, "temperature +Inf"},
	} {
		_, err := m.Generate(t.Context(), c.prompts, c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestGenerateStopsWhenCancelled(t *testing.T) {
	m := load(t, filepath.Join("testdata", "golden", "tiny_smollm2"), Options{Backend: backendGo})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	finished := 0
	_, err := m.Generate(ctx, mixedPrompts(), GenerateOptions{MaxNewTokens: 3, Batch: 1, Each: func(int, Generation) {
		finished++
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || finished != 1 {
		t.Errorf("got error %v after %d texts, want %v after 1", err, finished, context.Canceled)
	}
}

func TestBucketLength(t *testing.T) {
	for n, want := range map[int]int{1: 8, 8: 8, 9: 16, 17: 24, 25: 32, 33: 48, 49: 64, 65: 96, 97: 128, 500: 512} {
		if got := bucketLength(n); got != want {
			t.Errorf("bucketLength(%d) = %d, want %d", n, got, want)
		}
	}
}

// Prompts from one template have their common part run once; that shows in no result.
func TestGenerateSharesAPrefix(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		m := load(t, filepath.Join("testdata", "golden", "tiny_llama31"), Options{Backend: backend})
		common := randomPrompts(21)[0]
		prompts := randomPrompts(3, 1, 6, 2, 7)
		for i := range prompts {
			prompts[i] = slices.Concat(common, prompts[i])
		}
		if n := len(sharedPrefix(prompts)); n != 16 {
			t.Fatalf("%d tokens are shared, want the largest multiple of %d in %d", n, prefixUnit, len(common))
		}
		for i, got := range generate(t, m, prompts, GenerateOptions{MaxNewTokens: 6, Batch: 2}) {
			checkAgainstForward(t, m, prompts[i], got, true)
		}
	})
}

func TestSharedPrefix(t *testing.T) {
	long := randomPrompts(40)[0]
	for name, c := range map[string]struct {
		prompts [][]int32
		want    int
	}{
		"few prompts":          {[][]int32{long, long, long}, 0},
		"nothing in common":    {[][]int32{long[1:], long, long, long}, 0},
		"the same prompt":      {[][]int32{long, long, long, long}, 32},
		"one is the beginning": {[][]int32{long, long[:24], long, long}, 16},
		"a token is left":      {[][]int32{long[:25], long, long, long}, 24},
	} {
		if got := len(sharedPrefix(c.prompts)); got != c.want {
			t.Errorf("%s: %d shared, want %d", name, got, c.want)
		}
	}
}

// Answers to one prompt differ, are the model's own, and a new seed draws others.
func TestGenerateGroups(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		m := load(t, filepath.Join("testdata", "golden", "tiny_llama31"), Options{Backend: backend})
		var prompts [][]int32
		for _, prompt := range randomPrompts(9, 12, 10) {
			prompts = append(prompts, slices.Repeat([][]int32{prompt}, 5)...)
		}
		o := GenerateOptions{MaxNewTokens: 6, Batch: 8, Temperature: 1, Seed: 1}
		gen, err := NewGenerator(m, o)
		if err != nil {
			t.Fatal(err)
		}
		defer gen.Close()
		first, err := gen.Generate(t.Context(), prompts)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range first {
			checkAgainstForward(t, m, prompts[i], got, false)
		}
		if slices.Equal(first[0].Tokens, first[1].Tokens) {
			t.Error("two answers to one prompt are equal")
		}
		gen.Reseed(2)
		second, err := gen.Generate(t.Context(), prompts)
		if err != nil {
			t.Fatal(err)
		}
		o.Seed = 2
		compareGenerations(t, second, generate(t, m, prompts, o))
		if slices.Equal(first[0].Tokens, second[0].Tokens) {
			t.Error("another seed gave the same tokens")
		}
	})
}
