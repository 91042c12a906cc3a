package lm

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkGenerate continues 16 prompts of about 45 tokens greedily by 48 tokens
// each with SmolLM2-135M, prompts included in the time and compilation not. Run
// it with -benchtime 3x or so.
func BenchmarkGenerate(b *testing.B) {
	models := os.Getenv("ALIGNCTL_TESTMODELS")
	if models == "" {
		b.Skip("ALIGNCTL_TESTMODELS names no folder with smollm2 in it")
	}
	for _, backend := range []string{backendCPU, backendGo} {
		b.Run(backend, func(b *testing.B) { benchmarkGenerate(b, filepath.Join(models, "smollm2"), backend) })
	}
}

func benchmarkGenerate(b *testing.B, folder, backend string) {
	const texts, tokens = 16, 48
	m, err := Load(b.Context(), folder, Options{Backend: backend})
	if err != nil {
		b.Skipf("not measured on %s: %v", backend, err)
	}
	defer m.Close()
	tokenizer, err := LoadTokenizer(folder)
	if err != nil {
		b.Fatal(err)
	}
	gen, err := NewGenerator(m, GenerateOptions{MaxNewTokens: tokens, Batch: texts})
	if err != nil {
		b.Fatal(err)
	}
	defer gen.Close()
	prompts := benchmarkPrompts(tokenizer, texts)
	run := func() []Generation {
		results, err := gen.Generate(b.Context(), prompts)
		if err != nil {
			b.Fatal(err)
		}
		return results
	}
	b.Logf("prompts of %d tokens; the first continues: %q",
		len(prompts[0]), tokenizer.Decode(run()[0].Tokens, true)) // compiles
	b.ResetTimer()
	for range b.N {
		run()
	}
	b.ReportMetric(texts*tokens*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

// benchmarkPrompts asks for associates of some words, in the model's chat format.
func benchmarkPrompts(tokenizer *Tokenizer, n int) [][]int32 {
	words := []string{"ocean", "dog", "table", "money", "king", "green", "river", "bread"}
	prompts := make([][]int32, n)
	for i := range prompts {
		prompts[i] = tokenizer.Encode(fmt.Sprintf("<|im_start|>system\nYou are a helpful AI assistant named SmolLM, "+
			"trained by Hugging Face<|im_end|>\n<|im_start|>user\nWhich three words does the word %q call to your mind?"+
			"<|im_end|>\n<|im_start|>assistant\n", words[i%len(words)]))
	}
	return prompts
}
