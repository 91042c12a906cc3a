package train

import (
	"context"
	"fmt"
	"strings"

	"alignctl/train/batch"
)

// A Method is the settings of a way to train, and how to go about it: a pointer
// to a struct that embeds Options. Run does what is the same for all of them.
type Method interface {
	// Common are the settings that every method has.
	Common() *Options
	// Name is the method's command of alignctl train, such as sft.
	Name() string
	// check refuses settings of the method's own that can't be followed, before
	// anything is read.
	check() error
	// begin sets out on a job. What the worker then opens its close closes.
	begin(j *job) worker
}

// methods are all ways to train, by name.
var methods = map[string]func() Method{
	"sft":  func() Method { return &SFTOptions{} },
	"dpo":  func() Method { return &DPOOptions{} },
	"ppo":  func() Method { return &PPOOptions{} },
	"grpo": func() Method { return &GRPOOptions{} },
}

// methodName is what train.runs calls a method: with what it trains.
func methodName(m Method) string {
	if m.Common().Full {
		return m.Name() + "-full"
	}
	return m.Name() + "-lora"
}

// newMethod is the method, without settings, that train.runs calls so.
func newMethod(name string) (Method, error) {
	short, _, _ := strings.Cut(name, "-")
	make, ok := methods[short]
	if !ok {
		return nil, fmt.Errorf("training method %q is unknown: a newer alignctl made the run", name)
	}
	return make(), nil
}

// A worker is a method at work on a job. Its methods are called in the order in
// which they stand here, but that close may come at any time.
type worker interface {
	// read reads the job's data set; the model isn't there yet.
	read(ctx context.Context) (workload, error)
	// prepare makes the programs, once the model is loaded and still as it was
	// when the run started.
	prepare(ctx context.Context) error
	// measure, called instead of prepare and all that follows, tries a part of a
	// step, and says how many tokens a second it trains.
	measure(ctx context.Context) (float64, error)
	// restore takes up what keep put into a checkpoint, made after so many steps.
	restore(folder string, steps int) error
	// step does one optimizer step at a learning rate.
	step(ctx context.Context, rate float64) (stepped, error)
	// evaluate measures the model as it is, on held-out examples; it changes and
	// draws nothing.
	evaluate(ctx context.Context) (evaluation, error)
	// keep writes what step depends on into a checkpoint's folder, but for the
	// trained weights and Progress, which every checkpoint has.
	keep(folder string) error
	close() error
}

// A workload is what a method finds in a data set.
type workload struct {
	train, dev Counts
	steps      int         // optimizer steps of the run
	tokens     int         // that they see
	largest    batch.Shape // of a forward and backward pass
	templates  string      // ids of the prompt templates, comma-separated
}

// stepped is what an optimizer step took and found.
type stepped struct {
	examples []string
	tokens   int            // without padding
	trained  int            // of these, those that the loss counted
	after    batch.Position // of what comes next
	waited   float64        // seconds without a micro-batch
	loss     float64
	metrics  []metric // further ones, for train.steps
	remark   string   // beside the progress bar, where the loss says little
}

// An evaluation is what a method measured on held-out examples: nothing, where
// there are none.
type evaluation struct {
	loss    float64  // the lower, the better
	metrics []metric // for train.steps
	remark  string   // beside the progress bar
}
