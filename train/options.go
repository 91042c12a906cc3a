package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"alignctl/lake"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// Options are the settings that every method of training has. All of them are
// stored with the run.
type Options struct {
	Model   string `json:"model"`   // folder of the model to start from
	Adapter string `json:"adapter"` // folder of an adapter of Model to go on from; its own rank, scale and targets hold
	Dataset string `json:"dataset"` // table of examples, such as data.sft_ranked
	At      string `json:"at"`      // version of the lake that Dataset is read at; "": now
	Out     string `json:"out"`     // new folder for the result; "": models/<run id> in the lake
	Backend string `json:"backend"` // as lm.OpenBackend; "" chooses
	Devices int    `json:"devices"` // of the backend, that share each micro-batch

	Full bool          `json:"full"` // train every weight; else a LoRA adapter
	LoRA lm.LoRAConfig `json:"lora"` // of the adapter; its Seed is Seed

	Epochs     float64 `json:"epochs"`       // passes over the examples
	MaxSteps   int     `json:"max_steps"`    // optimizer steps at most; 0: as Epochs says
	Batch      int     `json:"batch"`        // examples in a micro-batch
	Packing    bool    `json:"packing"`      // several of them share a row; changes no number but the speed
	Share      bool    `json:"share_prefix"` // what all prompts begin with is computed once a batch; likewise
	Accumulate int     `json:"accumulate"`   // micro-batches in an optimizer step
	MaxTokens  int     `json:"max_tokens"`   // an example is cut there

	LearningRate  float64 `json:"learning_rate"`
	MinLR         float64 `json:"min_lr"`         // the rate that the schedule ends at
	Schedule      string  `json:"schedule"`       // cosine, linear or constant
	Warmup        float64 `json:"warmup"`         // below 1: share of the steps; else steps
	WeightDecay   float64 `json:"weight_decay"`   // see AdamW
	MaxGradNorm   float64 `json:"max_grad_norm"`  // 0: no clipping
	LoRAPlusRatio float64 `json:"loraplus_ratio"` // learning rate of B over that of A; 0: 1

	Precision        string `json:"precision"`         // of lm.Precisions
	CheckpointLayers bool   `json:"checkpoint_layers"` // see lm.Options

	EvalEvery    int   `json:"eval_every"`    // optimizer steps between evaluations; 0: only at the end
	EvalExamples int   `json:"eval_examples"` // examples of the dev split at most
	EvalGenerate int   `json:"eval_generate"` // cues that Probe asks about at an evaluation; 0: no probe
	Seed         int64 `json:"seed"`          // of the order of examples, of the new adapter and of dropout

	SaveEvery int     `json:"save_every"` // optimizer steps between checkpoints; 0: only when interrupted
	Keep      int     `json:"keep"`       // newest checkpoints to keep; the best is kept besides
	Save      string  `json:"save"`       // what the result is: the weights of the "last" step, or of the "best" by dev loss
	Patience  int     `json:"patience"`   // dev losses without a new lowest that end the run; 0: never
	LossLimit float64 `json:"loss_limit"` // a loss so many times its running mean, for steps on end, stops; 0: none

	Probe   OpenProbe `json:"-"` // needed where EvalGenerate isn't 0
	Command string    `json:"-"` // the command line, for meta.runs
	Version string    `json:"-"` // of alignctl
}

// defaults are the settings of a small LoRA run; only Model and Dataset are
// missing.
func defaults() Options {
	return Options{
		LoRA:    lm.LoRAConfig{Rank: 8, Alpha: 16, Targets: []string{"q_proj", "v_proj"}},
		Devices: 1, Epochs: 1, Batch: 8, Accumulate: 1, MaxTokens: 512,
		LearningRate: 2e-4, Schedule: "cosine", Warmup: 0.1, MaxGradNorm: 1, EvalExamples: 64, Seed: 42,
		Precision: lm.SinglePrecision, Keep: 2, Save: "last", LossLimit: 3,
	}
}

// Common are the settings themselves: it makes a struct that embeds them a
// Method's.
func (o *Options) Common() *Options { return o }

// check refuses settings that can't be followed, before anything is read.
func (o *Options) check() error {
	switch {
	case o.Batch < 1, o.Accumulate < 1, o.MaxTokens < 2:
		return errors.New("check options: --batch and --accumulate must be at least 1, --max-tokens at least 2")
	case !(o.Epochs > 0) || math.IsInf(o.Epochs, 0), o.MaxSteps < 0:
		return fmt.Errorf("check options: --epochs %g, --max-steps %d: must be above 0", o.Epochs, o.MaxSteps)
	case o.Devices < 0, o.Devices > o.Batch:
		return fmt.Errorf("check options: --devices %d: must be at least 1, and at most the examples of a micro-batch, --batch %d", o.Devices, o.Batch)
	case o.Warmup < 0, o.WeightDecay < 0, o.MaxGradNorm < 0, o.EvalEvery < 0, o.EvalExamples < 0,
		o.EvalGenerate < 0:
		return errors.New("check options: a warm-up, decay, norm, interval or number of examples is below 0")
	case o.EvalGenerate > 0 && o.Probe == nil:
		return errors.New("check options: answers are to be evaluated, but nothing is there to do it")
	}
	if err := o.checkSaving(); err != nil {
		return err
	}
	return o.checkWeights()
}

// checkWeights refuses to train weights that aren't there, or as they can't be.
func (o *Options) checkWeights() error {
	switch {
	case o.Precision != "" && !known(lm.Precisions, o.Precision):
		return fmt.Errorf("check options: --precision %q: unknown, have %v", o.Precision, lm.Precisions)
	case o.LoRAPlusRatio < 0 || math.IsInf(o.LoRAPlusRatio, 0):
		return fmt.Errorf("check options: --loraplus-ratio %g: must be above 0", o.LoRAPlusRatio)
	case o.Full && o.Adapter != "":
		return errors.New("check options: full training takes no --adapter: merge it first (alignctl model merge)")
	case o.Full && o.LoRAPlusRatio > 0:
		return errors.New("check options: --loraplus-ratio needs --method lora: without an adapter there is no B")
	case o.Full, o.Adapter != "":
		return nil
	}
	return o.LoRA.Validate()
}

// checkSaving refuses settings of checkpoints and dev losses that contradict
// each other.
func (o *Options) checkSaving() error {
	switch {
	case o.SaveEvery < 0, o.Keep < 1, o.Patience < 0, o.LossLimit < 0, o.LossLimit > 0 && o.LossLimit <= 1:
		return errors.New("check options: --save-every and --patience must be at least 0, --keep 1, --loss-limit 0 or above 1")
	case o.Save != "last" && o.Save != "best":
		return fmt.Errorf("check options: --save %q: last or best", o.Save)
	case (o.Save == "best" || o.Patience > 0) && (o.EvalEvery == 0 || o.EvalExamples == 0):
		return errors.New("check options: --save best and --patience compare dev losses: they need --eval-every and --eval-examples above 0")
	}
	return nil
}

// resolve makes the options' paths absolute: a run may go on from another
// folder.
func (o *Options) resolve() (err error) {
	for _, path := range []*string{&o.Model, &o.Adapter, &o.Out} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return fmt.Errorf("check options: %w", err)
		}
	}
	return nil
}

// folder is where the result of a run goes.
func (o *Options) folder(l *lake.Lake, run string) string {
	if o.Out != "" {
		return o.Out
	}
	return filepath.Join(l.Dir(), "models", run)
}

// devices is how many share a micro-batch. Runs from before there were several
// have 0.
func (o *Options) devices() int { return max(o.Devices, 1) }

// batches says how examples become micro-batches.
func (o *Options) batches() batch.Options {
	return batch.Options{Examples: o.Batch, Seed: o.Seed, Pack: o.Packing, Share: o.Share, Parts: o.devices()}
}

// steps is the number of optimizer steps of a run whose epoch has so many
// micro-batches.
func (o *Options) steps(epoch int) int {
	steps := int(math.Ceil(o.Epochs * float64(epoch) / float64(o.Accumulate)))
	if o.MaxSteps > 0 {
		return min(steps, o.MaxSteps)
	}
	return steps
}

// schedule is the learning rate over a number of steps.
func (o *Options) schedule(steps int) Schedule {
	warmup := int(o.Warmup)
	if o.Warmup < 1 {
		warmup = int(math.Ceil(o.Warmup * float64(steps)))
	}
	return Schedule{Kind: o.Schedule, Peak: o.LearningRate, Floor: o.MinLR, Warmup: warmup, Total: steps}
}

// stepper says how a model's gradients become new weights.
func (o *Options) stepper(m *lm.Model) StepperOptions {
	optimizer := DefaultAdamW()
	optimizer.WeightDecay = o.WeightDecay
	return StepperOptions{Optimizer: optimizer, Clip: o.MaxGradNorm, LoRAPlus: o.LoRAPlusRatio, Seed: o.Seed, Devices: m.Devices}
}

// values are a method's settings by the names under which they are stored,
// those of a group as "group.name".
func values(m Method) map[string]any {
	var nested map[string]any
	text, err := json.Marshal(m)
	if err == nil {
		err = json.Unmarshal(text, &nested)
	}
	if err != nil {
		panic(err) // a mistake in the program: options are plain values
	}
	flat := map[string]any{}
	for name, value := range nested {
		group, ok := value.(map[string]any)
		if !ok {
			flat[name] = value
		}
		for member, value := range group {
			flat[name+"."+member] = value
		}
	}
	return flat
}
