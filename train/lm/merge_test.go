package lm

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMergeScale is case 32: an adapter in bf16 whose scale isn't 1, plain and
// rank-stabilised, and a base of one matrix.
func TestMergeScale(t *testing.T) {
	case32 := caseFolder("32-lora-merge-scaling-and-dtype")
	for name, want := range map[string][]float32{
		"adapter_std": {5, 2, 4, 0, 5, -1},
		"adapter_rs":  {9, 4, 6, 0, 9, -1},
	} {
		folder := filepath.Join(case32, name)
		text, err := os.ReadFile(filepath.Join(folder, adapterConfigFile))
		if err != nil {
			t.Fatal(err)
		}
		lora, err := parseAdapterConfig([]byte(strings.Replace(string(text), `"w"`, `"q_proj"`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		weights := filepath.Join(folder, adapterWeightsFile)
		merged := readFloats(t, filepath.Join(case32, "base.safetensors"), "w")
		a, b := readFloats(t, weights, "base_model.model.w.lora_A.weight"), readFloats(t, weights, "base_model.model.w.lora_B.weight")
		addProduct(merged, b, a, lora.Rank, float32(lora.scale()))
		if !slices.Equal(merged, want) {
			t.Errorf("%s merged is %v, want %v", name, merged, want)
		}
	}
}

func readFloats(t *testing.T, path, name string) []float32 {
	t.Helper()
	file, err := OpenSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	numbers, err := file.Float32(name)
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}

// A rank-stabilised adapter in half precision computes the same merged and not,
// and its update is sqrt(rank) times the plain one. It can't be merged twice.
func TestMergedEqualsUnmerged(t *testing.T) {
	base := filepath.Join("testdata", "golden", "tiny_qwen2")
	for _, dtype := range []DType{F32, BF16, F16} {
		t.Run(string(dtype), func(t *testing.T) {
			m := load(t, base, Options{Backend: "go", Adapter: rewriteAdapter(t, filepath.Join(base, "adapter"), dtype)})
			if got := m.Decoder.LoRA.scale(); got != 4 {
				t.Errorf("scale %g, want 8/sqrt(4)", got)
			}
			ids, segments := [][]int32{{5, 17, 3, 42, 99}}, [][]int32{{1, 1, 1, 1, 1}}
			want := m.logits(t, ids, segments, nil)
			if err := m.Merge(); err != nil {
				t.Fatal(err)
			}
			compareLogits(t, m.logits(t, ids, segments, nil), want, segments)
			if err := m.Merge(); err == nil {
				t.Error("an adapter was merged twice")
			}
		})
	}
}

// rewriteAdapter copies an adapter in another type, rank-stabilised.
func rewriteAdapter(t *testing.T, from string, dtype DType) string {
	t.Helper()
	to := editAdapter(t, from, `"use_rslora": false`, `"use_rslora": true`)
	file, err := OpenSafetensors(filepath.Join(from, adapterWeightsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var stored []Tensor
	for _, info := range file.Tensors() {
		numbers, err := file.Float32(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, Tensor{Name: info.Name, Shape: info.Shape, Values: numbers, DType: dtype})
	}
	if err := WriteSafetensors(filepath.Join(to, adapterWeightsFile), stored, nil); err != nil {
		t.Fatal(err)
	}
	return to
}

// editAdapter copies an adapter, replacing a part of its configuration.
func editAdapter(t *testing.T, from, old, new string) string {
	t.Helper()
	to := t.TempDir()
	if err := copyFile(filepath.Join(from, adapterWeightsFile), filepath.Join(to, adapterWeightsFile)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(from, adapterConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), old, new, 1)
	if edited == string(text) {
		t.Fatalf("%s has no %s", adapterConfigFile, old)
	}
	if err := os.WriteFile(filepath.Join(to, adapterConfigFile), []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	return to
}
