package train

import (
	"fmt"
	"math"
	"strings"

	"alignctl/internal/machine"
	"alignctl/train/lm"
)

// A demand is what a run of the job asks of a backend's memory.
type demand struct {
	*job
	backend string // as lm.OpenBackend names it; "": unknown
	config  lm.Config
}

// each estimates the memory of training with micro-batches of so many examples,
// on each device. Shared tokens are spread over the rows.
func (d demand) each(examples int) lm.Footprint {
	largest, share := d.load.largest, float64(examples)/float64(d.Batch*d.devices())
	rows := int(math.Ceil(share * float64(largest.Rows)))
	t := lm.Training{LoRA: &d.LoRA, Rows: rows, Width: largest.Width + (largest.Shared+rows-1)/rows,
		Labels: int(math.Ceil(share * float64(largest.Labels))), CheckpointLayers: d.CheckpointLayers,
		Precision: d.Precision, Backend: d.backend}
	if d.Full {
		t.LoRA = nil
	}
	f := d.config.Footprint(t)
	if d.devices() > 1 && d.EvalGenerate > 0 {
		f.Weights *= 2 // the first one's: the probe is a program for one device (see lm.Devices)
	}
	return f
}

// ofMachine is what devices that share a machine's memory take together.
func (d demand) ofMachine(examples int) int64 {
	each := d.each(examples)
	return int64(d.devices())*(each.Total()-each.Process) + each.Process
}

// admit refuses a run that can't fit in a machine's memory of so many bytes, and
// says what would. A device's own memory isn't known: on a GPU the run is tried.
func (d demand) admit(memory int64) error {
	if strings.HasPrefix(d.backend, "xla:cuda") || d.ofMachine(d.Batch) <= memory {
		return nil
	}
	need, each := d.each(d.Batch), ""
	if d.devices() > 1 {
		each = fmt.Sprintf("on each of %d devices ", d.devices())
	}
	return fmt.Errorf("train: it needs about %s of memory (%sweights %s, optimizer %s, activations %s, logits %s), the machine has %s: %s",
		gigabytes(d.ofMachine(d.Batch)), each, gigabytes(need.Weights), gigabytes(need.Optimizer),
		gigabytes(need.Activations), gigabytes(need.Logits), gigabytes(memory), d.cure(memory))
}

// cure is what would fit instead.
func (d demand) cure(memory int64) string {
	for rows := d.Batch / 2; rows >= d.devices(); rows /= 2 {
		if d.ofMachine(rows) <= memory {
			return fmt.Sprintf("--batch %d --accumulate %d would fit", rows, (d.Batch*d.Accumulate+rows-1)/rows)
		}
	}
	if flags, less := d.withLayersAnew(); less.ofMachine(d.Batch) <= memory {
		return flags + " would fit, at the cost of time"
	}
	if d.Full {
		return "train an adapter (--method lora), set a smaller --max-tokens, or take a smaller model"
	}
	return "set a smaller --max-tokens, or take a smaller model"
}

// withLayersAnew is the demand of the run that computes layers anew, and the
// flags that make it so. In bf16 that spares nothing on a CPU (see lm.Footprint).
func (d demand) withLayersAnew() (flags string, less demand) {
	options := *d.Options
	options.CheckpointLayers, flags = true, "--checkpoint-layers"
	if d.Precision == lm.BrainPrecision && lm.IsCPU(d.backend) {
		options.Precision, flags = lm.SinglePrecision, "--precision f32 "+flags
	}
	return flags, demand{&job{Options: &options, load: d.load}, d.backend, d.config}
}

// planned is the demand of a run that isn't started: on the backend that the
// options name, else, where that changes the estimate, on the first that starts.
func (j *job) planned(config lm.Config) demand {
	d := demand{job: j, config: config}
	if j.Backend == "" && j.Precision != lm.BrainPrecision {
		return d
	}
	if name, err := lm.ResolveBackend(j.Backend); err == nil {
		d.backend = name
	} else if backend, name, err := lm.OpenBackend(j.Backend); err == nil {
		d.backend = name
		backend.Finalize()
	}
	return d
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
