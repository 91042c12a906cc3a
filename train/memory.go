package train

import (
	"fmt"
	"math"
	"strings"

	"alignctl/internal/machine"
	"alignctl/train/lm"
)

// footprint estimates the memory of training with micro-batches of so many
// examples. Shared tokens are spread over the rows.
func (j *job) footprint(config lm.Config, examples int) lm.Footprint {
	largest, share := j.load.largest, float64(examples)/float64(j.Batch)
	rows := int(math.Ceil(share * float64(largest.Rows)))
	t := lm.Training{LoRA: &j.LoRA, Rows: rows, Width: largest.Width + (largest.Shared+rows-1)/rows,
		Labels: int(math.Ceil(share * float64(largest.Labels))), CheckpointLayers: j.CheckpointLayers, Precision: j.Precision}
	if j.Full {
		t.LoRA = nil
	}
	return config.Footprint(t)
}

// admit refuses a run that can't fit in a machine's memory of so many bytes, and
// says what would. A device's own memory isn't known: on a GPU the run is tried.
func (j *job) admit(backend string, config lm.Config, memory int64) error {
	need := j.footprint(config, j.Batch)
	if strings.HasPrefix(backend, "xla:cuda") || need.Total() <= memory {
		return nil
	}
	return fmt.Errorf("train: it needs about %s of memory (weights %s, optimizer %s, activations %s, logits %s), the machine has %s: %s",
		gigabytes(need.Total()), gigabytes(need.Weights), gigabytes(need.Optimizer), gigabytes(need.Activations),
		gigabytes(need.Logits), gigabytes(memory), j.cure(config, memory))
}

// cure is what would fit instead.
func (j *job) cure(config lm.Config, memory int64) string {
	for rows := j.Batch / 2; rows > 0; rows /= 2 {
		if j.footprint(config, rows).Total() <= memory {
			return fmt.Sprintf("--batch %d --accumulate %d would fit", rows, (j.Batch*j.Accumulate+rows-1)/rows)
		}
	}
	options := *j.Options
	options.CheckpointLayers = true
	if layers := (&job{Options: &options, load: j.load}); layers.footprint(config, j.Batch).Total() <= memory {
		return "--checkpoint-layers would fit, at the cost of time"
	}
	if j.Full {
		return "train an adapter (--method lora), set a smaller --max-tokens, or take a smaller model"
	}
	return "set a smaller --max-tokens, or take a smaller model"
}

func gigabytes(n int64) string { return fmt.Sprintf("%.1f GB", float64(n)/1e9) }

// machineMemory is how much memory the machine has, or the control group that
// limits this process; where neither is known, no limit.
func machineMemory() int64 {
	total, _, known := machine.Memory()
	if !known {
		return math.MaxInt64
	}
	return total
}
