package lm

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// smallConfig is a valid config.json; tests replace parts of it.
const smallConfig = `{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 64,
"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
"num_key_value_heads": 2, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "rope_scaling": null,
"hidden_act": "silu", "tie_word_embeddings": true, "bos_token_id": 1, "eos_token_id": 2}`

func TestParseConfig(t *testing.T) {
	got, err := parseConfig([]byte(smallConfig))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Architecture: "LlamaForCausalLM", VocabSize: 64, HiddenSize: 16, IntermediateSize: 32, Layers: 2,
		Heads: 4, KVHeads: 2, HeadDim: 4, RMSNormEps: 1e-5, RopeTheta: 10000, TieEmbeddings: true,
		BOS: 1, EOS: []int{2}, Pad: -1,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseConfigVariants(t *testing.T) {
	scaled := `"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
		"original_max_position_embeddings": 8192`
	cases := []struct {
		name, old, new string
		check          func(Config) bool
	}{
		{"several end ids", `"eos_token_id": 2`, `"eos_token_id": [2, 3]`,
			func(c Config) bool { return reflect.DeepEqual(c.EOS, []int{2, 3}) }},
		{"no end id", `"eos_token_id": 2`, `"eos_token_id": null`, func(c Config) bool { return c.EOS == nil }},
		{"one key head a query head", `"num_key_value_heads": 2,`, ``, func(c Config) bool { return c.KVHeads == 4 }},
		{"explicit head_dim", `"model_type"`, `"head_dim": 8, "model_type"`, func(c Config) bool { return c.HeadDim == 8 }},
		{"scaled frequencies", `"rope_scaling": null`, `"rope_scaling": {` + scaled + `}`,
			func(c Config) bool { return c.RopeScaling.Factor == 8 && c.RopeScaling.OriginalMaxEmbeddings == 8192 }},
		{"rope of transformers 5", `"rope_theta": 10000.0, "rope_scaling": null`,
			`"rope_parameters": {"rope_theta": 5e5, ` + scaled + `}`,
			func(c Config) bool { return c.RopeTheta == 5e5 && c.RopeScaling.LowFreqFactor == 1 }},
		{"qwen2 has biases", `LlamaForCausalLM`, `Qwen2ForCausalLM`,
			func(c Config) bool { return c.QKVBias && !c.OutputBias && !c.NormalizeHeads }},
		{"qwen3 normalizes heads of 128", `LlamaForCausalLM`, `Qwen3ForCausalLM`,
			func(c Config) bool { return !c.QKVBias && c.NormalizeHeads && c.HeadDim == 128 }},
		{"family by model_type", `"architectures": ["LlamaForCausalLM"],`, ``,
			func(c Config) bool { return c.Architecture == "LlamaForCausalLM" }},
		{"unused keys", `"model_type"`, `"use_cache": true, "transformers_version": "4.1", "model_type"`,
			func(c Config) bool { return c.Layers == 2 }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			config, err := parseConfig([]byte(strings.Replace(smallConfig, c.old, c.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if !c.check(config) {
				t.Errorf("read as %+v", config)
			}
		})
	}
}

// A config that asks for another computation is refused with the key's name.
func TestParseConfigRefuses(t *testing.T) {
	add := func(text string) [2]string { return [2]string{`"model_type"`, text + `, "model_type"`} }
	cases := []struct {
		edit [2]string
		want string
	}{
		{[2]string{"LlamaForCausalLM", "MambaForCausalLM"},
			`architecture "MambaForCausalLM" is not supported: LlamaForCausalLM`},
		{[2]string{`"silu"`, `"gelu"`}, `key "hidden_act": "gelu" is not supported`},
		{add(`"mlp_bias": true`), `key "mlp_bias": true`},
		{add(`"attention_dropout": 0.1`), `key "attention_dropout": 0.1`},
		{add(`"partial_rotary_factor": 0.5`), `key "partial_rotary_factor": 0.5`},
		{add(`"rope_interleaved": true`), `key "rope_interleaved": true`},
		{add(`"use_sliding_window": true, "sliding_window": 512, "max_window_layers": 1`), `key "sliding_window": 512`},
		{add(`"layer_types": ["full_attention", "sliding_attention"]`), `key "layer_types": "sliding_attention" of layer 1`},
		{add(`"quantization_config": {"bits": 4}`), `key "quantization_config": {"bits":4}`},
		{add(`"final_logit_softcapping": 30.0`), `key "final_logit_softcapping": 30.0`},
		{add(`"logits_scaling": 8`), `key "logits_scaling": 8`},
		{add(`"num_experts": 64`), `key "num_experts": 64`},
		{add(`"num_local_experts": 8`), `key "num_local_experts": 8`},
		{add(`"qk_layernorm": true`), `key "qk_layernorm": true`},
		{add(`"dual_chunk_attention_config": {"chunk_size": 1}`), `key "dual_chunk_attention_config"`},
		{add(`"no_rope_layers": [1, 0]`), `key "no_rope_layers": [1,0]`},
		{add(`"rope_parameters": {"full_attention": {"rope_theta": 1e6}}`), "differ by kind of layer"},
		{add(`"rope_parameters": {"rope_type": "yarn"}`), `rope_type "yarn"`},
		{[2]string{`"rope_scaling": null`, `"rope_scaling": {"type": "dynamic", "factor": 2}`}, `rope_type "dynamic"`},
		{[2]string{`"rope_scaling": null`, `"rope_scaling": {"type": "linear", "rope_type": "llama3"}`}, "contradict"},
		{[2]string{`"rope_scaling": null`, `"rope_scaling": {"factor": 2}`}, `rope_type ""`},
		{[2]string{`"rope_scaling": null`, `"rope_scaling": {"type": "linear", "factor": 2}`}, `rope_type "linear"`},
		{[2]string{`"rope_scaling": null`, `"rope_scaling": {"rope_type": "llama3", "factor": 0.5}`}, "factor >= 1"},
		{[2]string{`"vocab_size": 64`, `"vocab_size": 0`}, `key "vocab_size": 0`},
		{[2]string{`"num_hidden_layers": 2`, `"num_hidden_layers": 9000000`}, "num_hidden_layers"},
		{[2]string{`"hidden_size": 16`, `"hidden_size": 1e12`}, `hidden_size`},
		{[2]string{`"num_key_value_heads": 2`, `"num_key_value_heads": 3`}, "not a multiple"},
		{add(`"head_dim": 3`), "head_dim 3 is odd"},
		{[2]string{`1e-5`, `0`}, "rms_norm_eps 0"},
		{[2]string{`{"arch`, `"arch`}, "invalid character"},
	}
	for _, c := range cases {
		_, err := parseConfig([]byte(strings.Replace(smallConfig, c.edit[0], c.edit[1], 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("with %s: error %v, want one line with %q", c.edit[1], err, c.want)
		}
	}
}

// The configs of published models are read, and give their published numbers
// of parameters.
func TestPublishedConfigs(t *testing.T) {
	for name, want := range map[string]int{
		"llama-3.1-8b": 8_030_261_248, "qwen2.5-7b": 7_615_616_512, "qwen3-8b": 8_190_735_360,
		"smollm2-135m": 134_515_008, "smollm2-360m": 361_821_120, "smollm2-1.7b": 1_711_376_384,
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "configs", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		config, err := parseConfig(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := config.Parameters(); got != want {
			t.Errorf("%s has %d parameters, want %d", name, got, want)
		}
	}
}

// A window that no layer uses changes nothing.
func TestUnusedWindow(t *testing.T) {
	for _, keys := range []string{
		`"sliding_window": 512, "use_sliding_window": false`,
		`"sliding_window": null, "use_sliding_window": true`,
		`"sliding_window": 512, "use_sliding_window": true, "max_window_layers": 2`,
	} {
		if _, err := parseConfig([]byte(strings.Replace(smallConfig, `"model_type"`, keys+`, "model_type"`, 1))); err != nil {
			t.Errorf("%s: %v", keys, err)
		}
	}
}

// FuzzParseConfig: any text is an error or a model whose weights can be listed.
func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(smallConfig))
	f.Add([]byte(`{"model_type": "qwen3", "rope_parameters": {"full_attention": {}}, "layer_types": [""]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		config, err := parseConfig(text)
		if err != nil {
			return
		}
		encoded, err := config.encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseConfig(encoded); err != nil || !reflect.DeepEqual(again, config) {
			t.Fatalf("read as %+v, written and read as %+v, %v", config, again, err)
		}
	})
}

func TestLoadConfigNamesWhatIsMissing(t *testing.T) {
	folder := t.TempDir()
	_, err := LoadConfig(folder)
	if err == nil || !strings.Contains(err.Error(), "no config.json there") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, configFile), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err = LoadConfig(folder); err == nil || !strings.Contains(err.Error(), configFile) {
		t.Errorf("error %v doesn't name the file", err)
	}
}

func TestConfigRoundTrip(t *testing.T) {
	for _, name := range goldenModels {
		want, err := LoadConfig(filepath.Join("testdata", "golden", name))
		if err != nil {
			t.Fatal(err)
		}
		text, err := want.encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseConfig(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
}
