package train

import (
	"strings"
	"testing"

	"alignctl/train/batch"
	"alignctl/train/lm"
)

// A run that can't fit is refused before its weights are read, with what would
// fit; on a GPU nothing is said.
func TestAdmit(t *testing.T) {
	set, err := batch.NewSet(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for i := range 64 {
		if _, err := set.Add(string(rune('a'+i)), lm.Example{IDs: make([]int32, 512), Prompt: 256}); err != nil {
			t.Fatal(err)
		}
	}
	feed, err := batch.NewFeed(set, batch.Options{Examples: 32}, batch.Position{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := feed.Largest(), (batch.Shape{Rows: 32, Width: 512, Labels: 32 * 256}); got != want {
		t.Errorf("largest batch %+v, want %+v", got, want)
	}
	config := lm.Config{VocabSize: 50_000, HiddenSize: 512, IntermediateSize: 1536, Layers: 24, Heads: 8, KVHeads: 4,
		HeadDim: 64, TieEmbeddings: true}
	options := defaults()
	j := &job{Options: &options, load: workload{largest: feed.Largest()}}
	j.Batch = 32
	for _, c := range []struct {
		backend string
		full    bool
		memory  int64
		want    string
	}{
		{"go", false, 1 << 50, ""},
		{"xla:cuda", false, 1 << 20, ""},
		{"xla:cpu", false, 16 << 30, "--batch 16 --accumulate 2 would fit"},
		{"go", true, 1 << 30, "--method lora"},
		{"go", false, 1 << 29, "smaller --max-tokens"},
	} {
		j.Full = c.full
		err := demand{j, c.backend, config}.admit(c.memory)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v", c, err)
		}
	}
	j.Full, j.CheckpointLayers = false, true
	if err := (demand{j, "xla:cpu", config}).admit(8 << 30); err != nil {
		t.Errorf("with layers checkpointed: %v", err)
	}
	checkShared(t, j, config)
	j.Batch, j.Precision = 1, lm.BrainPrecision // one example of 32 rows: no smaller batch fits
	err = demand{j, "xla:cpu", config}.admit(8 << 30)
	if err == nil || !strings.Contains(err.Error(), "--precision f32 --checkpoint-layers would fit") {
		t.Errorf("in bf16, with layers checkpointed: %v", err)
	}
	if memory := machineMemory(); memory < 64<<20 {
		t.Errorf("this machine has %d bytes of memory", memory)
	}
}

// checkShared: two devices have half of the activations each and all of the
// weights, both of which a CPU has to hold.
func checkShared(t *testing.T, j *job, config lm.Config) {
	t.Helper()
	alone := demand{j, "xla:cpu", config}.each(32)
	j.Devices = 2
	defer func() { j.Devices = 1 }()
	both := demand{j, "xla:cpu", config}
	each := both.each(32)
	if each.Weights != alone.Weights || each.Optimizer != alone.Optimizer || each.Logits != alone.Logits/2 ||
		each.Activations != alone.Activations/2 {
		t.Errorf("each of two devices has %+v, one alone %+v", each, alone)
	}
	if got, want := both.ofMachine(32), alone.Total()+alone.Weights+alone.Optimizer; got != want {
		t.Errorf("two devices take %d bytes, want %d", got, want)
	}
}
