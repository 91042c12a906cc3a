package lm

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestAdapterRoundTrip(t *testing.T) {
	base := initTiny(t, 1)
	trained := load(t, base, Options{Backend: "go", Trainable: TrainLoRA,
		LoRA: LoRAConfig{Rank: 2, Alpha: 6, Targets: []string{"q_proj", "up_proj"}, Seed: 7}})
	ids, segments := [][]int32{{3, 4, 5, 6}}, [][]int32{{1, 1, 1, 1}}
	for i, variable := range trained.Trainable() { // B is zero at first: give it values that matter
		numbers, err := values(variable)
		if err != nil {
			t.Fatal(err)
		}
		for j := range numbers {
			numbers[j] += float32((i+j)%5) * 0.1
		}
		tensor, err := newTensor(trained.Backend, variable.Shape().Dimensions, numbers)
		if err != nil {
			t.Fatal(err)
		}
		if err := variable.SetValue(tensor); err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(t.TempDir(), "adapter")
	if err := trained.SaveAdapter(folder, "tiny"); err != nil {
		t.Fatal(err)
	}
	read := load(t, base, Options{Backend: "go", Adapter: folder})
	want := trained.logits(t, ids, segments, nil)
	compareLogits(t, read.logits(t, ids, segments, nil), want, segments)
	if len(read.Trainable()) != 0 {
		t.Error("an adapter that was read for use is trainable")
	}

	again := filepath.Join(t.TempDir(), "again")
	if err := read.SaveAdapter(again, "tiny"); err != nil {
		t.Fatal(err)
	}
	one, err := AdapterSHA256(folder)
	if err != nil {
		t.Fatal(err)
	}
	if two, err := AdapterSHA256(again); err != nil || one != two {
		t.Errorf("reading and saving gave %s, %v, want %s", two, err, one)
	}
}

// plainAdapter is a readable adapter_config.json; tests replace parts of it.
const plainAdapter = `{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "bias": "none", "use_dora": false,
"target_modules": ["v_proj", "q_proj"], "rank_pattern": {}, "modules_to_save": null}`

func TestParseAdapterConfigRefusesVariants(t *testing.T) {
	if _, err := parseAdapterConfig([]byte(plainAdapter)); err != nil {
		t.Fatalf("refused a plain adapter: %v", err)
	}
	cases := [][3]string{
		{`"LORA"`, `"IA3"`, `key "peft_type"`},
		{`"use_dora": false`, `"use_dora": true`, `key "use_dora"`},
		{`"bias": "none"`, `"bias": "all"`, `key "bias"`},
		{`"rank_pattern": {}`, `"rank_pattern": {"q_proj": 8}`, `key "rank_pattern"`},
		{`"modules_to_save": null`, `"modules_to_save": ["lm_head"]`, `key "modules_to_save"`},
		{`"r": 4`, `"init_lora_weights": "pissa", "r": 4`, `key "init_lora_weights"`},
		{`"r": 4`, `"lora_bias": true, "r": 4`, `key "lora_bias"`},
		{`"r": 4`, `"alpha_pattern": {"v_proj": 1}, "r": 4`, `key "alpha_pattern"`},
		{`"r": 4`, `"fan_in_fan_out": true, "r": 4`, `key "fan_in_fan_out"`},
		{`"r": 4`, `"use_newer_lora": true, "r": 4`, `key "use_newer_lora"`},
		{`"r": 4`, `"lora_dropout": 1, "r": 4`, "dropout 1"},
		{`"r": 4`, `"r": 0`, "rank 0"},
		{`["v_proj", "q_proj"]`, `["embed_tokens"]`, `"embed_tokens" is not a projection`},
		{`["v_proj", "q_proj"]`, `".*[qv]_proj"`, "is not a projection"},
	}
	for _, c := range cases {
		_, err := parseAdapterConfig([]byte(strings.Replace(plainAdapter, c[0], c[1], 1)))
		if err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("with %s: error %v, want %q", c[1], err, c[2])
		}
	}
}

// The keys that change the maths are followed, and written back.
func TestAdapterConfigRoundTrip(t *testing.T) {
	text := strings.NewReplacer(`"r": 4`, `"r": 4, "use_rslora": true, "lora_dropout": 0.25, "init_lora_weights": "gaussian"`,
		`["v_proj", "q_proj"]`, `"all-linear"`).Replace(plainAdapter)
	got, err := parseAdapterConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := LoRAConfig{Rank: 4, Alpha: 8, RSLoRA: true, Dropout: 0.25, Targets: targetNames()}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, want %+v", got, want)
	}
	written, err := got.encode("base")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := parseAdapterConfig(written); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("written and read: %+v, %v", again, err)
	}
}

// PEFT names each module of each layer where it was asked for all of them.
func TestAdapterConfigWithFullNames(t *testing.T) {
	text := strings.Replace(plainAdapter, `["v_proj", "q_proj"]`,
		`["model.layers.1.mlp.up_proj", "model.layers.0.mlp.up_proj", "model.layers.0.self_attn.q_proj"]`, 1)
	got, err := parseAdapterConfig([]byte(text))
	if want := []string{"q_proj", "up_proj"}; err != nil || !reflect.DeepEqual(got.Targets, want) {
		t.Errorf("read %q, %v, want %q", got.Targets, err, want)
	}
}

// An adapter for another model is refused, naming the tensor.
func TestLoadRefusesForeignAdapter(t *testing.T) {
	golden := filepath.Join("testdata", "golden")
	adapter := t.TempDir()
	copyTo := func(name, from string) {
		if err := copyFile(filepath.Join(from, name), filepath.Join(adapter, name)); err != nil {
			t.Fatal(err)
		}
	}
	copyTo(adapterConfigFile, filepath.Join(golden, "tiny_smollm2", "adapter"))
	copyTo(adapterWeightsFile, filepath.Join(golden, "tiny_smollm2", "adapter"))
	refuse := func(want string) {
		t.Helper()
		m, err := Load(t.Context(), filepath.Join(golden, "tiny_smollm2"), Options{Backend: "go", Adapter: adapter})
		if err == nil {
			m.Close()
			t.Fatalf("loaded, want an error with %q", want)
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want %q", err, want)
		}
	}
	edit := func(old, new string) {
		path := filepath.Join(adapter, adapterConfigFile)
		text, err := os.ReadFile(filepath.Join(golden, "tiny_smollm2", "adapter", adapterConfigFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	edit(`"r": 4`, `"r": 8`)
	refuse(`layers.0.self_attn.q_proj.lora_A.weight" is [4 64], but`)
	edit(`"v_proj"`, `"k_proj"`)
	refuse(`no tensor "base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight"`)
	edit("\"v_proj\",\n", "")
	refuse(`tensor "base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight" has no place`)
}

// FuzzParseAdapterConfig: any text is an error or an adapter that can be made.
func FuzzParseAdapterConfig(f *testing.F) {
	f.Add([]byte(plainAdapter))
	f.Add([]byte(`{"r": 1e300, "lora_alpha": -0, "target_modules": ["q_proj", "q_proj"], "rank_pattern": {"": {}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		lora, err := parseAdapterConfig(text)
		if err != nil {
			return
		}
		if err := lora.Validate(); err != nil {
			t.Fatalf("accepted %+v: %v", lora, err)
		}
		if _, err := lora.encode("base"); err != nil {
			t.Fatal(err)
		}
	})
}
