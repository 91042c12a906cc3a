package export

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPeersTakeTheExports has `datasets` load every layout, and TRL's SFTTrainer
// and DPOTrainer train two steps on theirs. It needs ALIGNCTL_TRL, a python with
// what peers/requirements.txt lists; make test-exports brings one.
func TestPeersTakeTheExports(t *testing.T) {
	python := os.Getenv("ALIGNCTL_TRL")
	if python == "" {
		t.Skip("ALIGNCTL_TRL names no python with trl, datasets and torch; run: make test-exports")
	}
	l, root := sets(t, "60"), t.TempDir()
	exports := map[string]Options{
		"sft-trl": {Layout: "trl"}, "sft-trl-messages": {Layout: "trl", Style: "messages"},
		"sft-trl-parquet": {Layout: "trl", Format: "parquet"},
		"pair-trl":        {Layout: "trl"}, "pair-trl-parquet": {Layout: "trl", Format: "parquet"}, "question-trl": {Layout: "trl"},
		"sft-llama-factory": {Layout: "llama-factory"}, "pair-llama-factory": {Layout: "llama-factory", Format: "parquet"},
		"sft-openrlhf": {Layout: "openrlhf"}, "pair-openrlhf": {Layout: "openrlhf"}, "question-openrlhf": {Layout: "openrlhf"},
		"sft-jsonl": {Layout: "jsonl"}, "question-parquet": {Layout: "parquet"}, "question-psychling": {Layout: "psychling"},
	}
	for name, o := range exports {
		set, _, _ := strings.Cut(name, "-")
		if _, err := Write(t.Context(), l, set, filepath.Join(root, name), o); err != nil {
			t.Fatal(err)
		}
	}
	load := exec.Command(python, filepath.Join("peers", "load_exports.py"), root)
	load.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "HF_DATASETS_DISABLE_PROGRESS_BARS=1", "HF_HOME="+t.TempDir())
	var log strings.Builder
	load.Stderr = &log
	out, err := load.Output()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if got := strings.Count(string(out), " rows"); got != len(exports) {
		t.Errorf("%d exports were loaded, want %d", got, len(exports))
	}
}
