package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/internal/nearest"
	"alignctl/lake"
	"alignctl/train"
	"alignctl/train/lm"
	"alignctl/train/reward"
)

func trainCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:  "train",
		Usage: "train a model on a data set; look at training runs",
		Subcommands: []*cli.Command{trainSFTCommand(t), trainDPOCommand(t), trainPPOCommand(t), trainGRPOCommand(t),
			trainRewardCheckCommand(t), trainExportJobCommand(t), trainListCommand(t), trainShowCommand(t)},
	}
}

// A trainRun is what a command that trains is asked to do: a method with its
// settings, and how to show it.
type trainRun struct {
	*train.Options // the method's
	train          train.Method
	command        string          // of alignctl, for errors
	own            []cli.Flag      // of the method alone
	reward         *reward.Options // that it learns from; nil: it learns from examples
	preset         string
	method         string // lora or full
	targets        string // comma-separated
	resume         string // run or folder to go on with
	settings       []setting
	dry            trainDryRunOptions
	format         string
}

// newTrainRun is a run by a method, with the settings that it has so far.
func newTrainRun(m train.Method) *trainRun {
	o := &trainRun{Options: m.Common(), train: m, command: "train " + m.Name(), method: "lora"}
	if o.Full {
		o.method = "full"
	}
	o.targets = strings.Join(o.LoRA.Targets, ",")
	switch m := m.(type) {
	case *train.SFTOptions:
		o.own = sftFlags(m)
	case *train.DPOOptions:
		o.own = dpoFlags(m)
	case *train.PPOOptions:
		o.own, o.reward = slices.Concat(policyFlags(&m.PolicyOptions), ppoFlags(m)), &m.Reward
	case *train.GRPOOptions:
		o.own, o.reward = slices.Concat(policyFlags(&m.PolicyOptions), grpoFlags(m)), &m.Reward
	}
	return o
}

// trainMethods are the defaults of all commands that train.
func trainMethods() []train.Method {
	sft, dpo, ppo, grpo := train.DefaultSFT(), train.DefaultDPO(), train.DefaultPPO(), train.DefaultGRPO()
	return []train.Method{&sft, &dpo, &ppo, &grpo}
}

func trainSFTCommand(t *terminal) *cli.Command {
	sft := train.DefaultSFT()
	return newTrainRun(&sft).trainCommand(t, "supervised fine-tuning: learn to give the completion after the prompt",
		"Trains on the rows of split train, measures the loss on split dev, and writes an adapter in\n"+
			"PEFT's layout or a whole model in Hugging Face's. "+trainDescription)
}

func sftFlags(o *train.SFTOptions) []cli.Flag {
	return []cli.Flag{&cli.Float64Flag{Name: "label-smoothing", Usage: "share of each label to spread over the vocabulary",
		Value: o.LabelSmoothing, Destination: &o.LabelSmoothing}}
}

// trainDescription is what holds for every method.
const trainDescription = "Metrics are rows of train.steps as they\n" +
	"happen. Ctrl-C finishes the step and saves a checkpoint beside the result's folder, as\n" +
	"--save-every does; --resume goes on from the newest one, to the same weights as if the run\n" +
	"had never stopped. Each flag of the run is also a key under the method's name in the section train\n" +
	"of alignctl.yaml; flags beat the file, which beats the preset, which beats the defaults."

// trainCommand is alignctl train METHOD.
func (o *trainRun) trainCommand(t *terminal, usage, description string) *cli.Command {
	return checked(&cli.Command{
		Name: o.train.Name(), Usage: usage, Description: description,
		Flags: t.flags(o.flags()...),
		Action: func(c *cli.Context) error {
			if o.resume != "" {
				return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
					return runTrainResume(ctx, t, l, o.train.Name(), c)
				})
			}
			if err := errors.Join(o.checkAdapterFlags(c), o.settle(c)); err != nil {
				return err
			}
			if err := errors.Join(o.complete(), o.checkDry()); err != nil {
				return err
			}
			o.Command, o.Version = t.command, version()
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runTrain(ctx, t, l, *o)
			})
		},
	}, noArguments)
}

// flags are the settings and what else the command takes.
func (o *trainRun) flags() []cli.Flag {
	return slices.Concat(o.settingFlags(), []cli.Flag{
		&cli.StringFlag{Name: "resume", Usage: "go on with a `RUN`, or with the run whose --out is that folder; all else is as it was",
			Destination: &o.resume},
	}, o.dry.flags(), []cli.Flag{outputFlag(&o.format)})
}

// settingFlags are the flags that alignctl.yaml and presets may set, too.
func (o *trainRun) settingFlags() []cli.Flag {
	return slices.Concat([]cli.Flag{oneOf(&cli.StringFlag{Name: "preset", Destination: &o.preset,
		Usage: "settings that belong together: " + strings.Join(presetNames(o.train.Name()), ", ")}, presetNames(o.train.Name())...)},
		o.dataFlags(), o.modelFlags(), o.optimizerFlags(), o.own, o.savingFlags())
}

func (o *trainRun) dataFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "data", Usage: "data set `TABLE`, such as sft_ranked", Value: o.Dataset, Destination: &o.Dataset},
		atFlag(&o.At),
		&cli.Float64Flag{Name: "epochs", Usage: "passes over the examples", Value: o.Epochs, Destination: &o.Epochs},
		&cli.IntFlag{Name: "max-steps", Usage: "optimizer steps at most (0: as --epochs says)", Value: o.MaxSteps, Destination: &o.MaxSteps},
		&cli.IntFlag{Name: "batch", Usage: "examples in a micro-batch", Value: o.Batch, Destination: &o.Batch},
		&cli.BoolFlag{Name: "packing", Usage: "lay several examples of a micro-batch into a row: changes the speed, not what is learnt", Value: o.Packing,
			Destination: &o.Packing},
		&cli.BoolFlag{Name: "share-prefix", Usage: "compute what all prompts begin with once a micro-batch: likewise",
			Value: o.Share, Destination: &o.Share},
		&cli.IntFlag{Name: "accumulate", Usage: "micro-batches in an optimizer step", Value: o.Accumulate,
			Destination: &o.Accumulate},
		&cli.IntFlag{Name: "max-tokens", Usage: "cut an example there", Value: o.MaxTokens, Destination: &o.MaxTokens},
		&cli.IntFlag{Name: "eval-every", Usage: "steps between evaluations on split dev (0: only at the end)",
			Value: o.EvalEvery, Destination: &o.EvalEvery},
		&cli.IntFlag{Name: "eval-examples", Usage: "dev examples at most", Value: o.EvalExamples,
			Destination: &o.EvalExamples},
		&cli.IntFlag{Name: "eval-generate", Usage: "dev `CUES` that the model answers at each evaluation, for P@5 (0: none)",
			Value: o.EvalGenerate, Destination: &o.EvalGenerate},
	}
}

func (o *trainRun) modelFlags() []cli.Flag {
	return []cli.Flag{
		&cli.PathFlag{Name: "model", Usage: "model `FOLDER` to start from", Value: o.Model, Destination: &o.Model},
		&cli.PathFlag{Name: "adapter", Usage: "adapter `FOLDER` of --model to go on from; its rank, scale and targets hold",
			Value: o.Adapter, Destination: &o.Adapter},
		&cli.PathFlag{Name: "out", Usage: "new `FOLDER` for the result (default: models/RUN in the lake)",
			Value: o.Out, Destination: &o.Out},
		oneOf(&cli.StringFlag{Name: "method", Usage: "lora or full", Value: o.method, Destination: &o.method}, "lora", "full"),
		&cli.IntFlag{Name: "lora-r", Usage: "rank of the adapter", Value: o.LoRA.Rank, Destination: &o.LoRA.Rank},
		&cli.Float64Flag{Name: "lora-alpha", Usage: "scale of the adapter, over its rank", Value: o.LoRA.Alpha,
			Destination: &o.LoRA.Alpha},
		&cli.Float64Flag{Name: "lora-dropout", Usage: "share of the adapter's input to drop while training",
			Value: o.LoRA.Dropout, Destination: &o.LoRA.Dropout},
		&cli.BoolFlag{Name: "rslora", Usage: "scale the adapter by alpha over the root of its rank", Value: o.LoRA.RSLoRA, Destination: &o.LoRA.RSLoRA},
		&cli.StringFlag{Name: "lora-target", Usage: "comma-separated `PROJECTIONS` to adapt, or all-linear",
			Value: o.targets, Destination: &o.targets},
		oneOf(&cli.StringFlag{Name: "backend", Usage: "xla:cuda, xla:cpu or go (default: the first that starts)",
			Value: o.Backend, Destination: &o.Backend}, lm.BackendNames()...),
		&cli.IntFlag{Name: "devices", Usage: "`N` devices of the backend share each micro-batch, all weights on each: of sft and dpo, on XLA",
			Value: o.Devices, Destination: &o.Devices},
		oneOf(&cli.StringFlag{Name: "precision", Usage: strings.Join(lm.Precisions, " or ") + ": what activations and frozen weights are",
			Value: o.Precision, Destination: &o.Precision}, lm.Precisions...),
		&cli.BoolFlag{Name: "checkpoint-layers", Usage: "less memory, more work: compute layers anew on the way back",
			Value: o.CheckpointLayers, Destination: &o.CheckpointLayers},
		&cli.Int64Flag{Name: "seed", Usage: "of the order of examples, of the new adapter and of dropout", Value: o.Seed,
			Destination: &o.Seed},
	}
}

func (o *trainRun) optimizerFlags() []cli.Flag {
	return []cli.Flag{
		&cli.Float64Flag{Name: "lr", Usage: "learning rate at its peak", Value: o.LearningRate, Destination: &o.LearningRate},
		&cli.Float64Flag{Name: "min-lr", Usage: "learning rate that a cosine or linear schedule ends at", Value: o.MinLR, Destination: &o.MinLR},
		oneOf(&cli.StringFlag{Name: "schedule", Usage: "cosine, linear or constant", Value: o.Schedule, Destination: &o.Schedule}, "cosine", "linear", "constant"),
		&cli.Float64Flag{Name: "warmup", Usage: "share of the steps (below 1), or steps", Value: o.Warmup,
			Destination: &o.Warmup},
		&cli.Float64Flag{Name: "weight-decay", Usage: "decoupled decay of matrices, not of biases and norms",
			Value: o.WeightDecay, Destination: &o.WeightDecay},
		&cli.Float64Flag{Name: "loraplus-ratio", Usage: "LoRA+: learning rate of B over that of A (0: the same)",
			Value: o.LoRAPlusRatio, Destination: &o.LoRAPlusRatio},
		&cli.Float64Flag{Name: "max-grad-norm", Usage: "clip the gradient's global norm (0: don't)", Value: o.MaxGradNorm,
			Destination: &o.MaxGradNorm},
	}
}

func (o *trainRun) savingFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "save-every", Usage: "optimizer steps between checkpoints (0: only when interrupted)",
			Value: o.SaveEvery, Destination: &o.SaveEvery},
		&cli.IntFlag{Name: "keep", Usage: "newest checkpoints to keep, besides the one with the lowest dev loss",
			Value: o.Keep, Destination: &o.Keep},
		oneOf(&cli.StringFlag{Name: "save", Usage: "the result has the weights of the last step, or of the best by dev loss",
			Value: o.Save, Destination: &o.Save}, "last", "best"),
		&cli.IntFlag{Name: "patience", Usage: "stop after so many dev losses without a new lowest (0: never)",
			Value: o.Patience, Destination: &o.Patience},
		&cli.Float64Flag{Name: "loss-limit", Usage: "stop when the loss is so many times its running mean, for 5 steps (0: don't)",
			Value: o.LossLimit, Destination: &o.LossLimit},
	}
}

// checkAdapterFlags refuses settings of a new adapter where one goes on.
func (o *trainRun) checkAdapterFlags(c *cli.Context) error {
	for _, flag := range []string{"lora-r", "lora-alpha", "lora-target", "lora-dropout", "rslora"} {
		if c.IsSet("adapter") && c.IsSet(flag) {
			return usagef("%s: --%s is of a new adapter: the one of --adapter has its own", o.command, flag)
		}
	}
	return nil
}

// datasetTable is the table of a data set: names without a schema are in data.
func datasetTable(name string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return "data." + name
}

// complete turns what the flags say into options.
func (o *trainRun) complete() error {
	if o.Model == "" || o.Dataset == "" {
		return usagef("%[1]s: needs --model FOLDER and --data TABLE (see alignctl %[1]s --help)", o.command)
	}
	switch o.method {
	case "lora", "full":
		o.Full = o.method == "full"
	default:
		return usagef("unknown method %q%s", o.method, nearest.Hint(o.method, []string{"lora", "full"}))
	}
	o.Dataset = datasetTable(o.Dataset)
	o.LoRA.Targets = splitList(o.targets)
	o.Probe = openProbe(eval.ProbeOptions{Dataset: o.Dataset, Cues: o.EvalGenerate})
	if o.reward == nil {
		return nil
	}
	return completeReward(o.reward)
}

// openProbe lets training measure answers as eval does.
func openProbe(o eval.ProbeOptions) train.OpenProbe {
	return func(ctx context.Context, run *lake.Run, m *lm.Model) (train.Probe, error) {
		probe, err := o.Open(ctx, run, m)
		if err != nil {
			return nil, err
		}
		return probe, nil
	}
}

// runTrainResume goes on with the run that --resume names. Other flags may only
// say what the run's options say.
func runTrainResume(ctx context.Context, t *terminal, l *lake.Lake, method string, given *cli.Context) error {
	r, err := train.FindResumption(ctx, l, given.String("resume"))
	if err != nil {
		return err
	}
	if r.Done {
		t.remark("run %s is done: its result is in %s; nothing to go on with", r.RunID, r.Out)
		return nil
	}
	if name := r.Method.Name(); name != method {
		return usagef("train %s: run %s is of train %[3]s: alignctl train %[3]s --resume %[2]s", method, r.RunID, name)
	}
	o := newTrainRun(r.Method)
	if err := o.overlay(given); err != nil {
		return err
	}
	for _, torn := range r.Torn {
		t.remark("%v: skipped", torn)
	}
	t.remark("run %s goes on after step %d", r.RunID, r.Step)
	o.Command, o.Version = t.command, version()
	result, err := train.Resume(ctx, l, r, r.Method)
	return printTrained(t, *o, result, err)
}

// overlay changes options by those flags that are given. All flags have the
// options' values as their defaults, so that the others change nothing.
func (o *trainRun) overlay(given *cli.Context) error {
	if given.Bool("dry-run") {
		return usagef("%s: --resume does no dry run", o.command)
	}
	flags, set := o.flags(), flag.NewFlagSet("", flag.ContinueOnError)
	for _, f := range flags {
		if err := f.Apply(set); err != nil {
			return err
		}
	}
	for _, f := range flags {
		name := f.Names()[0]
		if !given.IsSet(name) {
			continue
		}
		if err := set.Set(name, fmt.Sprint(given.Value(name))); err != nil {
			return fmt.Errorf("set --%s: %w", name, err)
		}
	}
	return o.complete()
}

func runTrain(ctx context.Context, t *terminal, l *lake.Lake, o trainRun) error {
	if o.dry.run {
		return runTrainDryRun(ctx, t, l, o)
	}
	result, err := train.Run(ctx, l, o.train)
	return printTrained(t, o, result, err)
}

// printTrained shows what a run did, if it did anything: all of it, or what came
// before an interruption.
func printTrained(t *terminal, o trainRun, result train.Result, err error) error {
	if err != nil && !errors.Is(err, context.Canceled) || result.RunID == "" {
		return err
	}
	t.remarkLeftOut(o.MaxTokens, result.LeftOut)
	t.remark("%d examples, %d tokens, %d of them trained, in %.1f s: %.0f tokens/s on %s, %.1f %% of the time waiting for data",
		result.Examples, result.Tokens, result.TrainedTokens, result.Seconds, result.TokensPerSecond(), result.Backend,
		100*result.DataWaitShare())
	return errors.Join(t.printRows(o.format, trainedGrid(o.train, result)), err)
}

// remarkLeftOut says how many examples have nothing to teach, and why.
func (t *terminal) remarkLeftOut(maxTokens int, c train.Counts) {
	if c.Dropped > 0 {
		t.remark("%d examples leave nothing to learn within --max-tokens %d: left out", c.Dropped, maxTokens)
	}
	if c.Equal > 0 {
		t.remark("%d pairs have two equal answers: left out", c.Equal)
	}
	if c.Empty > 0 {
		t.remark("%d pairs have an empty answer: left out", c.Empty)
	}
}

func trainedGrid(m train.Method, r train.Result) *grid {
	name, value := "eval_loss", r.EvalLoss
	if train.LearnsFromRewards(m) {
		name, value = "eval_reward", -r.EvalLoss
	}
	g := newGrid("run", "steps", "loss", name, "eval_p_at_5", "model", "sha256")
	g.add(r.RunID, r.Steps, measured(r.Loss), measured(value), measured(r.EvalPrecision), r.Out, r.SHA256)
	return g
}

// measured is a loss or a share to print, empty where none was measured.
func measured(value float64) string {
	if math.IsNaN(value) {
		return ""
	}
	return fmt.Sprintf("%.4f", value)
}
