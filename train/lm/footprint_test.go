package lm

import "testing"

// In bf16 the matrices under an adapter take half; what is trained does not.
func TestFootprintOfANarrowBase(t *testing.T) {
	config := Config{VocabSize: 64, HiddenSize: 512, IntermediateSize: 2048, Layers: 2, Heads: 8, KVHeads: 8, HeadDim: 64}
	var vectors int64
	for _, spec := range config.weights() {
		if len(spec.shape) == 1 {
			vectors += int64(spec.elements())
		}
	}
	wide := Training{LoRA: &LoRAConfig{Rank: 4, Targets: []string{"q_proj"}}, Rows: 2, Width: 16, Labels: 8}
	narrow := wide
	narrow.Precision = BrainPrecision
	matrices := int64(config.Parameters()) - vectors
	if spared := config.Footprint(wide).Total() - config.Footprint(narrow).Total(); spared != 2*matrices {
		t.Errorf("bf16 spares %d bytes, want 2 for each of %d", spared, matrices)
	}
	wide.LoRA, narrow.LoRA = nil, nil
	if a, b := config.Footprint(wide), config.Footprint(narrow); a != b {
		t.Errorf("where all is trained, float32 takes %+v and bf16 %+v", a, b)
	}
}

// XLA's kernels for the CPU widen what bf16 narrowed, so that it spares nothing
// there, nor do layers that are computed anew.
func TestFootprintOfBF16OnACPU(t *testing.T) {
	config := Config{VocabSize: 64, HiddenSize: 512, IntermediateSize: 2048, Layers: 2, Heads: 8, KVHeads: 8, HeadDim: 64}
	single := Training{LoRA: &LoRAConfig{Rank: 4, Targets: []string{"q_proj"}}, Rows: 2, Width: 16, Labels: 8, Backend: backendCPU}
	brain := single
	brain.Precision, brain.CheckpointLayers = BrainPrecision, true
	if a, b := config.Footprint(single), config.Footprint(brain); a != b {
		t.Errorf("on a CPU float32 takes %+v and bf16 %+v", a, b)
	}
	brain.Backend = backendCUDA
	if a, b := config.Footprint(single), config.Footprint(brain); !(b.Weights < a.Weights && b.Activations < a.Activations) {
		t.Errorf("on a GPU bf16 takes %+v, float32 on a CPU %+v", b, a)
	}
}
