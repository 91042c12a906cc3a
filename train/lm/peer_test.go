package lm

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// peerTolerance is the largest difference of a logit from transformers' that
// float32 rounding explains.
const peerTolerance = 1e-3

// TestPeftReadsTheSame writes an adapter and a merged model and has peft and
// transformers compute their logits: the same numbers as here. It needs
// ALIGNCTL_PYTHON, a python with torch, transformers and peft.
//
// ALIGNCTL_TESTADAPTER, an adapter of the model in ALIGNCTL_TESTBASE, is compared
// too where both are set.
func TestPeftReadsTheSame(t *testing.T) {
	python := os.Getenv("ALIGNCTL_PYTHON")
	if python == "" {
		t.Skip("ALIGNCTL_PYTHON names no python with torch, transformers and peft")
	}
	for _, name := range []string{"tiny_llama31", "tiny_smollm2"} {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join("testdata", "golden", name)
			comparePeft(t, python, base, filepath.Join(base, "adapter"))
		})
	}
	t.Run("rank-stabilised, in bf16", func(t *testing.T) {
		base := filepath.Join("testdata", "golden", "tiny_qwen2")
		comparePeft(t, python, base, rewriteAdapter(t, filepath.Join(base, "adapter"), BF16))
	})
	t.Run("a real adapter", func(t *testing.T) {
		base, adapter := os.Getenv("ALIGNCTL_TESTBASE"), os.Getenv("ALIGNCTL_TESTADAPTER")
		if base == "" || adapter == "" {
			t.Skip("ALIGNCTL_TESTBASE and ALIGNCTL_TESTADAPTER are not both set")
		}
		comparePeft(t, python, base, adapter)
	})
}

func comparePeft(t *testing.T, python, base, adapter string) {
	t.Helper()
	saved, merged := filepath.Join(t.TempDir(), "adapter"), filepath.Join(t.TempDir(), "merged")
	ids := []int32{5, 17, 3, 42, 99, 7, 256, 300, 11, 8}
	segments := [][]int32{{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}

	m := load(t, base, Options{Backend: "go", Adapter: adapter})
	if err := m.SaveAdapter(saved, base); err != nil {
		t.Fatal(err)
	}
	unmerged := m.logits(t, [][]int32{ids}, segments, nil)[0]
	if err := m.Merge(); err != nil {
		t.Fatal(err)
	}
	if err := m.SaveModel(merged); err != nil {
		t.Fatal(err)
	}
	afterMerge := m.logits(t, [][]int32{ids}, segments, nil)[0]

	peer := peerLogits(t, python, base, saved, merged, ids)
	for what, pair := range map[string][2][][]float32{
		"peft's adapter":               {unmerged, peer.Adapter},
		"transformers' merged":         {afterMerge, peer.Merged},
		"our merged and our unmerged":  {afterMerge, unmerged},
		"peft's adapter and our merge": {afterMerge, peer.Adapter},
	} {
		worst := largestDifference(pair[0], pair[1])
		t.Logf("%s: largest difference %.2g", what, worst)
		if !(worst <= peerTolerance) {
			t.Errorf("%s: logits differ by %g, at most %g expected", what, worst, peerTolerance)
		}
	}
}

type peerAnswer struct{ Adapter, Merged [][]float32 }

func peerLogits(t *testing.T, python, base, adapter, merged string, ids []int32) (answer peerAnswer) {
	t.Helper()
	list, err := json.Marshal(ids)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(python, filepath.Join("testdata", "peft_logits.py"), base, adapter, merged, string(list))
	command.Env = append(os.Environ(), "HF_HUB_OFFLINE=1")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("peft_logits.py: %v", err)
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(fmt.Errorf("read peft_logits.py's answer: %w", err))
	}
	return answer
}

// largestDifference is NaN when the shapes differ.
func largestDifference(a, b [][]float32) (worst float64) {
	if len(a) != len(b) {
		return math.NaN()
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return math.NaN()
		}
		for j := range a[i] {
			worst = max(worst, math.Abs(float64(a[i][j]-b[i][j])))
		}
	}
	return worst
}
