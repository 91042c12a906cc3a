package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/lake"
)

func evalCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:  "eval",
		Usage: "ask a model, score its answers against people's, compare",
		Subcommands: []*cli.Command{
			evalGenerateCommand(t),
			evalScoreCommand(t),
			evalCompareCommand(t),
		},
	}
}

// evalGenerateOptions are the flags of eval generate.
type evalGenerateOptions struct {
	model    eval.LocalOptions
	generate eval.GenerateOptions
	format   string
}

func evalGenerateCommand(t *terminal) *cli.Command {
	var o evalGenerateOptions
	return checked(&cli.Command{
		Name:  "generate",
		Usage: "have a model answer the cues of a data set, and keep the answers in eval.samples",
		Flags: t.flags(o.flags()...),
		Action: func(c *cli.Context) error {
			if o.model.Path == "" {
				return usagef("eval generate: needs --model FOLDER")
			}
			o.generate.Command, o.generate.Version = t.command, version()
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runEvalGenerate(ctx, t, l, o)
			})
		},
	}, noArguments)
}

func (o *evalGenerateOptions) flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "model", Usage: "the model's `FOLDER`, in Hugging Face layout", Destination: &o.model.Path},
		&cli.StringFlag{Name: "adapter", Usage: "`FOLDER` of a LoRA adapter in PEFT layout", Destination: &o.model.Adapter},
		&cli.StringFlag{Name: "backend", Usage: "what computes, by `NAME` (see alignctl doctor; default: the fastest found)",
			Destination: &o.model.Backend},
		&cli.StringFlag{Name: "data", Usage: "`TABLE` with the prompts", Value: "data.sft_ranked",
			Destination: &o.generate.Dataset},
		&cli.StringFlag{Name: "split", Usage: "`SPLIT` of the cues: train, dev or test", Value: eval.DefaultSplit,
			Destination: &o.generate.Split},
		&cli.StringFlag{Name: "lang", Usage: "`LANGUAGE` of the cues, where the split holds several",
			Destination: &o.generate.Language},
		atFlag(&o.generate.At),
		&cli.IntFlag{Name: "limit", Usage: "ask about `N` cues, drawn by hash (0: all)", Destination: &o.generate.Limit},
		&cli.Float64Flag{Name: "temperature", Usage: "draw tokens at temperature `T` (0: always the most probable)",
			Destination: &o.generate.Temperature},
		&cli.Float64Flag{Name: "top-p", Usage: "draw from the most probable tokens that hold the share `P`", Value: 1,
			Destination: &o.generate.TopP},
		&cli.Int64Flag{Name: "seed", Usage: "`SEED` of the draws", Destination: &o.generate.Seed},
		&cli.IntFlag{Name: "max-new-tokens", Usage: "cut an answer after `N` tokens", Value: eval.DefaultMaxNewTokens,
			Destination: &o.generate.MaxNewTokens},
		&cli.IntFlag{Name: "batch", Usage: "answer `N` cues side by side (0: the backend's default)",
			Destination: &o.generate.Batch},
		outputFlag(&o.format),
	}
}

func runEvalGenerate(ctx context.Context, t *terminal, l *lake.Lake, o evalGenerateOptions) error {
	got, err := eval.Generate(ctx, l, o.model.Open, o.generate)
	if got.RunID == "" {
		return err
	}
	t.warn(got.Warnings)
	result := newGrid("run_id", "items", "tokens", "seconds", "tokens_per_second")
	result.add(got.RunID, got.Items, got.Tokens, got.Seconds, float64(got.Tokens)/got.Seconds)
	if printErr := t.printRows(o.format, result); err == nil {
		err = printErr
	}
	t.remark("score it with: alignctl eval score %s", got.RunID)
	return err
}

func (t *terminal) warn(warnings []string) {
	for _, w := range warnings {
		t.remark("warning: %s", w)
	}
}

// orNull is what a pointer points at, or a NULL for printing.
func orNull(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}
