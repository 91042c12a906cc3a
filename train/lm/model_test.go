package lm

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// tinyConfig is a model that a test can make in a moment.
func tinyConfig() Config {
	return Config{
		Architecture: "LlamaForCausalLM", VocabSize: 32, HiddenSize: 8, IntermediateSize: 16, Layers: 2,
		Heads: 4, KVHeads: 2, HeadDim: 2, MaxPositions: 64, RMSNormEps: 1e-5, RopeTheta: 10000,
		TieEmbeddings: true, BOS: 1, EOS: []int{2}, Pad: -1,
	}
}

func initTiny(t *testing.T, seed uint64) string {
	t.Helper()
	folder := t.TempDir()
	if err := InitModel(folder, tinyConfig(), seed); err != nil {
		t.Fatal(err)
	}
	return folder
}

func digest(t *testing.T, folder string) string {
	t.Helper()
	sum, err := ModelSHA256(folder)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestInitModelIsDecidedBySeed(t *testing.T) {
	one, again, other := digest(t, initTiny(t, 1)), digest(t, initTiny(t, 1)), digest(t, initTiny(t, 2))
	if one != again {
		t.Error("the same seed gave two models")
	}
	if one == other {
		t.Error("two seeds gave the same model")
	}
}

func TestModelSHA256SeesEveryPart(t *testing.T) {
	folder := initTiny(t, 1)
	before := digest(t, folder)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("README.md", "not part of the model")
	if digest(t, folder) != before {
		t.Error("a README changed the digest")
	}
	write("tokenizer.json", "{}")
	if digest(t, folder) == before {
		t.Error("a tokenizer didn't change the digest")
	}
}

func TestLoadRefuses(t *testing.T) {
	lora := LoRAConfig{Rank: 2, Alpha: 4, Targets: []string{"q_proj"}}
	targets := func(names ...string) LoRAConfig { return LoRAConfig{Rank: 2, Alpha: 4, Targets: names} }
	edit := func(name string, change func(*Config)) func(*testing.T) string {
		return func(t *testing.T) string {
			folder, config := initTiny(t, 1), tinyConfig()
			change(&config)
			text, err := config.encode()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, name), text, 0o666); err != nil {
				t.Fatal(err)
			}
			return folder
		}
	}
	tiny := func(t *testing.T) string { return initTiny(t, 1) }
	cases := []struct {
		name    string
		folder  func(*testing.T) string
		options Options
		want    string
	}{
		{"missing tensor", edit(configFile, func(c *Config) { c.Layers = 3 }), Options{}, `no tensor "model.layers.2.`},
		{"surplus tensor", edit(configFile, func(c *Config) { c.Layers = 1 }), Options{}, `tensor "model.layers.1.`},
		{"other shape", edit(configFile, func(c *Config) { c.VocabSize = 31 }), Options{}, `is [32 8], but`},
		{"unknown backend", tiny, Options{Backend: "tpu"}, `unknown backend "tpu"`},
		{"parallel backend", tiny, Options{Backend: "go:parallelism=2"}, `unknown backend`},
		{"adapter and full", tiny, Options{Adapter: "a", Trainable: TrainFull}, "takes no adapter"},
		{"no adapter there", tiny, Options{Adapter: "nowhere"}, "no adapter_config.json there"},
		{"no rank", tiny, Options{Trainable: TrainLoRA}, "rank 0"},
		{"no target", tiny, Options{Trainable: TrainLoRA, LoRA: targets()}, "adapts no module"},
		{"unknown target", tiny, Options{Trainable: TrainLoRA, LoRA: targets("w1")}, `"w1" is not a projection`},
		{"target twice", tiny, Options{Trainable: TrainLoRA, LoRA: targets("q_proj", "q_proj")}, "named twice"},
		{"no alpha", tiny, Options{Trainable: TrainLoRA, LoRA: LoRAConfig{Rank: 2, Targets: lora.Targets}}, "alpha 0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.options.Backend == "" {
				c.options.Backend = "go"
			}
			m, err := Load(t.Context(), c.folder(t), c.options)
			if err == nil {
				m.Close()
				t.Fatalf("loaded, want an error with %q", c.want)
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line with %q", err, c.want)
			}
		})
	}
}

func TestLoadStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, initTiny(t, 1), Options{Backend: "go"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

func TestTrainableSets(t *testing.T) {
	folder := initTiny(t, 1)
	lora := LoRAConfig{Rank: 2, Alpha: 4, Targets: []string{"v_proj", "down_proj"}}
	cases := []struct {
		which Trainable
		want  int
	}{{TrainNone, 0}, {TrainLoRA, 2 * 2 * 2}, {TrainFull, len(tinyConfig().weights())}}
	for _, c := range cases {
		m := load(t, folder, Options{Backend: "go", Trainable: c.which, LoRA: lora})
		marked := 0
		for variable := range m.Store.IterVariables() {
			if variable.Trainable {
				marked++
			}
		}
		if len(m.Trainable()) != c.want || marked != c.want {
			t.Errorf("set %d: %d listed and %d marked, want %d", c.which, len(m.Trainable()), marked, c.want)
		}
	}
}

// A fresh adapter changes nothing, its A is decided by the seed, and adapting one
// more module leaves the others' values alone.
func TestFreshAdapter(t *testing.T) {
	folder := initTiny(t, 1)
	fresh := func(seed uint64, targets ...string) *Model {
		return load(t, folder, Options{Backend: "go", Trainable: TrainLoRA,
			LoRA: LoRAConfig{Rank: 2, Alpha: 4, Targets: targets, Seed: seed}})
	}
	ids, segments := [][]int32{{3, 4, 5, 6}}, [][]int32{{1, 1, 1, 1}}
	base := load(t, folder, Options{Backend: "go"}).logits(t, ids, segments, nil)
	adapted := fresh(1, "q_proj")
	compareLogits(t, adapted.logits(t, ids, segments, nil), base, segments)

	a := func(m *Model) float32 {
		numbers, err := values(m.Store.GetVariable("/model.layers.1.self_attn.q_proj.lora_A.weight"))
		if err != nil {
			t.Fatal(err)
		}
		return numbers[3]
	}
	if a(adapted) == 0 || a(adapted) != a(fresh(1, "k_proj", "q_proj")) || a(adapted) == a(fresh(2, "q_proj")) {
		t.Error("the first values of A aren't decided by seed and name alone")
	}
}

// A text's predictions are its own, whatever stands in its row and however much
// of it stands elsewhere: padding, other texts, branches of a tree of texts, or
// a beginning that all rows share.
func TestRowsOfManyTexts(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		m := load(t, initTiny(t, 1), Options{Backend: backend})
		text := []int32{7, 8, 3, 4, 5}
		want := m.logits(t, [][]int32{text}, [][]int32{{1, 1, 1, 1, 1}}, nil)
		for name, c := range map[string]struct {
			ids, positions, ends []int32
			places               []int // of the text's tokens in the row, after what is shared
			shared               []int32
		}{
			"padded": {[]int32{7, 8, 3, 4, 5, 0}, []int32{0, 1, 2, 3, 4, 0}, []int32{5, 5, 5, 5, 5, 0}, []int{0, 1, 2, 3, 4}, nil},
			"packed": {[]int32{9, 6, 7, 8, 3, 4, 5, 0}, []int32{0, 1, 0, 1, 2, 3, 4, 0}, []int32{2, 2, 7, 7, 7, 7, 7, 0},
				[]int{2, 3, 4, 5, 6}, nil},
			// 7 8 begins three texts, 7 8 3 two of them: 7 8 (9 6 | 3 (2 | 4 5))
			"tree": {[]int32{7, 8, 9, 6, 3, 2, 4, 5}, []int32{0, 1, 2, 3, 2, 3, 3, 4}, []int32{8, 8, 4, 4, 8, 6, 8, 8},
				[]int{0, 1, 4, 6, 7}, nil},
			"shared": {[]int32{9, 6, 3, 4, 5}, []int32{2, 3, 2, 3, 4}, []int32{2, 2, 5, 5, 5}, []int{2, 3, 4}, []int32{7, 8}},
		} {
			all := m.rowLogits(t, c.ids, c.positions, c.ends, c.shared)
			var got [][]float32
			for _, place := range c.places {
				got = append(got, all[place])
			}
			rest := want[0][len(c.shared):]
			t.Log(name)
			compareLogits(t, [][][]float32{got}, [][][]float32{rest}, [][]int32{{1, 1, 1, 1, 1}})
		}
	})
}

// rowLogits runs one row of a batch.
func (m *Model) rowLogits(t *testing.T, ids, positions, ends, shared []int32) [][]float32 {
	t.Helper()
	inputs := []any{[][]int32{ids}, [][]int32{positions}, [][]int32{ends}}
	if shared != nil {
		inputs = append(inputs, shared)
	}
	exec, err := model.NewExec(m.Backend, m.Store, func(_ *model.Scope, in []*graph.Node) *graph.Node {
		batch := Batch{IDs: in[0], Positions: in[1], Ends: in[2]}
		if len(in) > 3 {
			batch.Shared = in[3]
		}
		return m.Decoder.Logits(m.Decoder.hidden(batch))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call1(inputs...)
	if err != nil {
		t.Fatal(err)
	}
	return out.Value().([][][]float32)[0]
}

// Logits of a thousand would overflow a plain exponential, and a target that is
// far below them would underflow its probability.
func TestLogProbsIsStable(t *testing.T) {
	eachBackend(t, func(t *testing.T, name string) {
		backend, err := startBackend(name)
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Finalize()
		exec, err := model.NewExec(backend, model.NewStore(),
			func(_ *model.Scope, logits, targets *graph.Node) (logProbs, gradient *graph.Node) {
				logProbs = LogProbs(logits, targets)
				return logProbs, graph.Gradient(graph.ReduceAllSum(logProbs), logits)[0]
			})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		logProbs, gradient, err := exec.Call2([][]float32{{1000, 0, 0}, {0, 0, 0}}, []int32{1, 2})
		if err != nil {
			t.Fatal(err)
		}
		third := float32(1) / 3
		compareFloats(t, "log p", logProbs.Value().([]float32), []float32{-1000, -1.0986123}, 1e-6)
		rows := gradient.Value().([][]float32)
		compareFloats(t, "gradient", rows[0], []float32{-1, 1, 0}, 1e-6)
		compareFloats(t, "gradient", rows[1], []float32{-third, -third, 1 - third}, 1e-6)
	})
}

// Weights of a type that isn't computed with are refused from the header.
func TestCheckFolderNamesTensorAndType(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{configFile, weightsFile} {
		if err := copyFile(filepath.Join("testdata", "golden", "tiny_qwen3", name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := CheckFolder(folder); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, weightsFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(raw, []byte(`"model.norm.weight":{"dtype":"F32"`))
	if at < 0 {
		t.Fatal("the header is written in another way")
	}
	writeTestFile(t, path, bytes.Replace(raw, []byte(`"model.norm.weight":{"dtype":"F32"`), []byte(`"model.norm.weight":{"dtype":"I32"`), 1))
	_, err = CheckFolder(folder)
	if err == nil || !strings.Contains(err.Error(), `tensor "model.norm.weight" is I32: convert`) {
		t.Errorf("error %v", err)
	}
}
