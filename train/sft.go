package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"alignctl/internal/atomicfile"
	"alignctl/lake"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// SFTOptions are the settings of supervised fine-tuning. All of them are stored
// with the run.
type SFTOptions struct {
	Model   string `json:"model"`   // folder of the model to start from
	Adapter string `json:"adapter"` // folder of an adapter of Model to go on from; its own rank, scale and targets hold
	Dataset string `json:"dataset"` // table of examples, such as data.sft_ranked
	At      string `json:"at"`      // version of the lake that Dataset is read at; "": now
	Out     string `json:"out"`     // new folder for the result; "": models/<run id> in the lake
	Backend string `json:"backend"` // as lm.OpenBackend; "" chooses

	Full bool          `json:"full"` // train every weight; else a LoRA adapter
	LoRA lm.LoRAConfig `json:"lora"` // of the adapter; its Seed is Seed

	Epochs     float64 `json:"epochs"`       // passes over the examples
	MaxSteps   int     `json:"max_steps"`    // optimizer steps at most; 0: as Epochs says
	Batch      int     `json:"batch"`        // examples in a micro-batch
	Packing    bool    `json:"packing"`      // several of them share a row; changes no number but the speed
	Share      bool    `json:"share_prefix"` // what all prompts begin with is computed once a batch; likewise
	Accumulate int     `json:"accumulate"`   // micro-batches in an optimizer step
	MaxTokens  int     `json:"max_tokens"`   // an example is cut there

	LearningRate   float64 `json:"learning_rate"`
	MinLR          float64 `json:"min_lr"`          // the rate that the schedule ends at
	Schedule       string  `json:"schedule"`        // cosine, linear or constant
	Warmup         float64 `json:"warmup"`          // below 1: share of the steps; else steps
	WeightDecay    float64 `json:"weight_decay"`    // see AdamW
	MaxGradNorm    float64 `json:"max_grad_norm"`   // 0: no clipping
	LoRAPlusRatio  float64 `json:"loraplus_ratio"`  // learning rate of B over that of A; 0: 1
	LabelSmoothing float64 `json:"label_smoothing"` // see lm.Batch

	Precision        string `json:"precision"`         // of lm.Precisions
	CheckpointLayers bool   `json:"checkpoint_layers"` // see lm.Options

	EvalEvery    int   `json:"eval_every"`    // optimizer steps between dev losses; 0: only at the end
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

// DefaultSFT has the settings of a small LoRA run; only Model and Dataset are
// missing.
func DefaultSFT() SFTOptions {
	return SFTOptions{
		LoRA:   lm.LoRAConfig{Rank: 8, Alpha: 16, Targets: []string{"q_proj", "v_proj"}},
		Epochs: 1, Batch: 8, Accumulate: 1, MaxTokens: 512,
		LearningRate: 2e-4, Schedule: "cosine", Warmup: 0.1, MaxGradNorm: 1, EvalExamples: 64, Seed: 42,
		Precision: lm.SinglePrecision, Keep: 2, Save: "last", LossLimit: 3,
	}
}

// method is the run's name for what it does.
func (o SFTOptions) method() string {
	if o.Full {
		return "sft-full"
	}
	return "sft-lora"
}

// check refuses settings that can't be followed, before anything is read.
func (o SFTOptions) check() error {
	switch {
	case o.Batch < 1, o.Accumulate < 1, o.MaxTokens < 2:
		return errors.New("check options: --batch and --accumulate must be at least 1, --max-tokens at least 2")
	case !(o.Epochs > 0) || math.IsInf(o.Epochs, 0), o.MaxSteps < 0:
		return fmt.Errorf("check options: --epochs %g, --max-steps %d: must be above 0", o.Epochs, o.MaxSteps)
	case o.Warmup < 0, o.WeightDecay < 0, o.MaxGradNorm < 0, o.EvalEvery < 0, o.EvalExamples < 0,
		o.EvalGenerate < 0:
		return errors.New("check options: a warm-up, decay, norm, interval or number of examples is below 0")
	case o.EvalGenerate > 0 && o.Probe == nil:
		return errors.New("check options: answers are to be evaluated, but nothing is there to do it")
	}
	if err := o.checkSaving(); err != nil {
		return err
	}
	return o.checkMethod()
}

// checkMethod refuses a method, or settings that it doesn't have.
func (o SFTOptions) checkMethod() error {
	switch {
	case o.Precision != "" && !known(lm.Precisions, o.Precision):
		return fmt.Errorf("check options: --precision %q: unknown, have %v", o.Precision, lm.Precisions)
	case o.LoRAPlusRatio < 0 || math.IsInf(o.LoRAPlusRatio, 0):
		return fmt.Errorf("check options: --loraplus-ratio %g: must be above 0", o.LoRAPlusRatio)
	case !(o.LabelSmoothing >= 0 && o.LabelSmoothing < 1):
		return fmt.Errorf("check options: --label-smoothing %g: must be a share from 0 to below 1", o.LabelSmoothing)
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
func (o SFTOptions) checkSaving() error {
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

// A Result is what a training run leaves.
type Result struct {
	Outcome
	RunID   string
	Out     string // folder of the adapter or model; of the checkpoint when interrupted
	SHA256  string // of what is in it
	Saved   int    // step whose weights it has
	Backend string
	Dataset lake.Pin
	Dropped int // examples that left no token to learn
}

// SFT trains a model to give an example's completion after its prompt, by the
// examples of split "train" of a data set table, and writes the adapter or
// model to a new folder and the run to train.runs, train.steps and
// train.models. When ctx ends it finishes the step, makes a checkpoint, records
// the run as interrupted and returns an error that wraps ctx's.
func SFT(ctx context.Context, l *lake.Lake, o SFTOptions) (Result, error) {
	return o.run(ctx, l, nil)
}

// run starts a run, or goes on with one.
func (o SFTOptions) run(ctx context.Context, l *lake.Lake, from *Resumption) (result Result, err error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	if err := o.resolve(); err != nil {
		return Result{}, err
	}
	run, err := o.begin(ctx, l, from)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	s := &sft{options: o, lake: l, run: run, id: run.ID(), from: from}
	if from != nil {
		s.id = from.RunID
	}
	s.out = o.folder(l, s.id)
	s.checkpoints = checkpointsOf(s.out)
	defer func() { err = errors.Join(err, s.checkpoints.release()) }()
	if err := s.claim(); err != nil {
		return Result{}, err
	}
	if s.data, err = newSFTData(l.Temp(), o.MaxTokens); err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, s.data.close()) }()
	defer s.close()
	if err := s.open(ctx); err != nil {
		return Result{}, err
	}
	return s.train(ctx)
}

// resolve makes the options' paths absolute: a run may go on from another
// folder.
func (o *SFTOptions) resolve() (err error) {
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
func (o SFTOptions) folder(l *lake.Lake, run string) string {
	if o.Out != "" {
		return o.Out
	}
	return filepath.Join(l.Dir(), "models", run)
}

// begin starts a run that reads the version of the lake that the options name,
// and of the data set that which an earlier part of the training read.
func (o SFTOptions) begin(ctx context.Context, l *lake.Lake, from *Resumption) (*lake.Run, error) {
	pins, err := l.At(ctx, o.At)
	if err != nil {
		return nil, err
	}
	now, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{ModelsSpec().Name, RunsSpec().Name} { // may be younger than the data
		if pin, ok := now[name]; ok {
			pins[name] = pin
		}
	}
	if from != nil {
		pins[o.Dataset] = from.state.data()
	}
	return l.Begin(ctx, lake.RunInfo{Command: o.Command, Config: o, Version: o.Version, Pins: pins})
}

// sft is a run under way.
type sft struct {
	options     SFTOptions
	lake        *lake.Lake
	run         *lake.Run
	id          string      // of the training run: of the lake's run that started it
	from        *Resumption // nil: it starts
	out         string
	checkpoints *checkpoints
	pin         lake.Pin
	data        *sftData
	feed        *batch.Feed
	schedule    Schedule
	model       *lm.Model
	probe       Probe // nil: none
	stepper     *Stepper
	row         RunRow
	parent      string // sha256 of the adapter to go on from; "": none
}

// claim sees that the places where the run writes are its own.
func (s *sft) claim() error {
	if err := atomicfile.CheckVacant(s.out); err != nil {
		return fmt.Errorf("%w with --out", err)
	}
	if s.from != nil {
		return s.from.claim(s.checkpoints)
	}
	if err := s.checkpoints.checkVacant(); err != nil {
		return err
	}
	if s.options.SaveEvery > 0 || s.options.Save == "best" {
		return s.checkpoints.hold()
	}
	return nil
}

// open reads what the run starts from, the cheap things first.
func (s *sft) open(ctx context.Context) error {
	if err := s.openData(ctx); err != nil {
		return err
	}
	if err := s.openModel(ctx); err != nil || s.options.EvalGenerate == 0 {
		return err
	}
	probe, err := s.options.Probe(ctx, s.run, s.model)
	s.probe = probe
	return err
}

// close frees what open loaded.
func (s *sft) close() {
	if s.probe != nil {
		s.probe.Close()
	}
	if s.model != nil {
		s.model.Close()
	}
}

// openModel loads the model to start from.
func (s *sft) openModel(ctx context.Context) error {
	o := s.options
	digest, err := lm.ModelSHA256(o.Model)
	if err != nil {
		return err
	}
	if err := s.from.checkBase(digest); err != nil {
		return err
	}
	if err := s.openParent(); err != nil {
		return err
	}
	if err := traceModels(ctx, s.run, digest, s.parent); err != nil {
		return err
	}
	trainable := lm.TrainLoRA
	if o.Full {
		trainable = lm.TrainFull
	}
	o.LoRA.Seed = uint64(o.Seed)
	s.model, err = lm.Load(ctx, o.Model, lm.Options{Backend: o.Backend, Adapter: o.Adapter, Trainable: trainable, LoRA: o.LoRA,
		Precision: o.Precision, CheckpointLayers: o.CheckpointLayers,
		Admit: func(backend string, config lm.Config) error { return s.admit(backend, config, machineMemory()) }})
	if err != nil {
		return err
	}
	if o.Adapter != "" {
		s.options.LoRA = *s.model.Decoder.LoRA
	}
	return s.describe(digest)
}

// openParent looks at the adapter to go on from, if there is one.
func (s *sft) openParent() (err error) {
	adapter := s.options.Adapter
	if adapter == "" {
		return nil
	}
	if err := lm.CheckAdapter(s.options.Model, adapter); err != nil {
		return err
	}
	s.parent, err = lm.AdapterSHA256(adapter)
	return err
}

// openData pins the data set and makes it batches.
func (s *sft) openData(ctx context.Context) (err error) {
	o := s.options
	if s.pin, err = s.run.Input(ctx, o.Dataset); err != nil {
		return fmt.Errorf("train: %w (alignctl data ls lists the data sets)", err)
	}
	if err := s.data.read(ctx, s.run.Session(), o); err != nil {
		return err
	}
	var from batch.Position
	if s.from != nil {
		from = s.from.state.Progress.Position
	}
	if s.feed, err = batch.NewFeed(s.data.train, o.batches(), from); err != nil {
		return err
	}
	s.schedule = o.schedule(s.steps())
	return s.schedule.Check()
}

// batches says how examples become micro-batches.
func (o SFTOptions) batches() batch.Options {
	return batch.Options{Examples: o.Batch, Seed: o.Seed, Pack: o.Packing, Share: o.Share}
}

// schedule is the learning rate over a number of steps.
func (o SFTOptions) schedule(steps int) Schedule {
	warmup := int(o.Warmup)
	if o.Warmup < 1 {
		warmup = int(math.Ceil(o.Warmup * float64(steps)))
	}
	return Schedule{Kind: o.Schedule, Peak: o.LearningRate, Floor: o.MinLR, Warmup: warmup, Total: steps}
}

// steps is the number of optimizer steps of the whole run.
func (s *sft) steps() int {
	o := s.options
	steps := int(math.Ceil(o.Epochs * float64(s.feed.BatchesPerEpoch()) / float64(o.Accumulate)))
	if o.MaxSteps > 0 {
		return min(steps, o.MaxSteps)
	}
	return steps
}
