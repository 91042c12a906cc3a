package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/lake"
)

// evalGenerateOptions are the flags of eval generate.
type evalGenerateOptions struct {
	model    modelUnderTest
	generate eval.GenerateOptions
	pace     pace
	format   string
}

func evalGenerateCommand(t *terminal) *cli.Command {
	var o evalGenerateOptions
	return checked(&cli.Command{
		Name:  "generate",
		Usage: "have a model answer the cues of a data set, and keep the answers in eval.samples",
		Description: "The model is a folder (--model) or stands behind a server that speaks the OpenAI API, such as vLLM,\n" +
			"llama.cpp or a provider (--endpoint, --served-model). A server's key is read from the environment\n" +
			"variable ALIGNCTL_API_KEY, or another that --key-variable names, sent to that server and written\n" +
			"nowhere. What may pass (time-outs, cut answers, status 429 or 5xx) is tried again, after a pause.\n\n" +
			"Finished answers are published every now and then. A run that was stopped, by Ctrl-C, a server or\n" +
			"a kill, goes on with --resume RUN: it asks what has no answer yet, in the same way.",
		Flags: t.flags(o.flags()...),
		Action: func(c *cli.Context) error {
			if err := o.complete(t, c); err != nil {
				return err
			}
			o.generate.Command, o.generate.Version = t.command, version()
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runEvalGenerate(ctx, t, l, o)
			})
		},
	}, noArguments)
}

func (o *evalGenerateOptions) flags() []cli.Flag {
	return slices.Concat(o.model.localFlags(), o.model.endpointFlags(), o.questionFlags(), o.decodingFlags(), o.pace.flags(),
		o.model.patienceFlags(), []cli.Flag{outputFlag(&o.format)})
}

func (o *evalGenerateOptions) questionFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "data", Usage: "`TABLE` with the prompts", Value: "data.sft_ranked",
			Destination: &o.generate.Dataset},
		oneOf(&cli.StringFlag{Name: "split", Usage: "`SPLIT` of the cues: train, dev or test", Value: eval.DefaultSplit,
			Destination: &o.generate.Split}, splits...),
		&cli.StringFlag{Name: "lang", Usage: "`LANGUAGE` of the cues, where the split holds several",
			Destination: &o.generate.Language},
		atFlag(&o.generate.At),
		&cli.IntFlag{Name: "limit", Usage: "ask about `N` cues, drawn by hash (0: all)", Destination: &o.generate.Limit},
		&cli.IntFlag{Name: "shots", Usage: "put `N` examples of split train, with their answers, before each question",
			Destination: &o.generate.Shots},
		&cli.StringSliceFlag{Name: "as-published", Usage: "repeat a `DEFECT` of the ALIGN study's code: " + string(eval.TwoBegins)},
	}
}

func (o *evalGenerateOptions) decodingFlags() []cli.Flag {
	return []cli.Flag{
		&cli.Float64Flag{Name: "temperature", Usage: "draw tokens at temperature `T` (0: always the most probable)",
			Destination: &o.generate.Temperature},
		&cli.Float64Flag{Name: "top-p", Usage: "draw from the most probable tokens that hold the share `P`", Value: 1,
			Destination: &o.generate.TopP},
		&cli.Int64Flag{Name: "seed", Usage: "`SEED` of the draws", Destination: &o.generate.Seed},
		&cli.IntFlag{Name: "max-new-tokens", Usage: "cut an answer after `N` tokens", Value: eval.DefaultMaxNewTokens,
			Destination: &o.generate.MaxNewTokens},
		&cli.BoolFlag{Name: "no-logprobs", Usage: "don't ask a server for log-probabilities", Destination: &o.generate.NoLogProbs},
	}
}

// complete checks that the flags go with each other, and turns them into options.
func (o *evalGenerateOptions) complete(t *terminal, c *cli.Context) error {
	asks := slices.Concat(o.questionFlags(), o.decodingFlags())
	if err := o.pace.check(c, o.model, asks); err != nil {
		return err
	}
	o.generate.AsPublished = defects(c)
	return o.model.complete(t, c)
}

func runEvalGenerate(ctx context.Context, t *terminal, l *lake.Lake, o evalGenerateOptions) error {
	got, err := o.generateOrResume(ctx, t, l)
	if got.RunID == "" {
		return err
	}
	t.warn(got.Warnings)
	result := newGrid("run_id", "items", "tokens", "seconds", "tokens_per_second")
	result.add(got.RunID, got.Items, got.Tokens, got.Seconds, float64(got.Tokens)/got.Seconds)
	if printErr := t.printRows(o.format, result); err == nil {
		err = printErr
	}
	if err == nil {
		t.remark("score it with: alignctl eval score %s", got.RunID)
	}
	return err
}

func (o evalGenerateOptions) generateOrResume(ctx context.Context, t *terminal, l *lake.Lake) (_ eval.Generated, err error) {
	if o.pace.resume != "" {
		return o.goOn(ctx, t, l)
	}
	if o.generate.Model, err = json.Marshal(o.model); err != nil {
		return eval.Generated{}, fmt.Errorf("eval generate: %w", err)
	}
	o.hurry(&o.generate)
	return eval.Generate(ctx, l, o.model.Open, o.generate)
}

// goOn takes the options of the run, but for those that its record leaves out.
func (o evalGenerateOptions) goOn(ctx context.Context, t *terminal, l *lake.Lake) (eval.Generated, error) {
	r, err := eval.FindResumption(ctx, l, o.pace.resume)
	if err != nil {
		return eval.Generated{}, err
	}
	if goes, err := o.model.goesOn(t, r.Begun, r.Options.Model); !goes {
		return eval.Generated{}, err
	}
	o.hurry(&r.Options)
	return eval.Resume(ctx, l, o.model.Open, r)
}

// hurry sets what no record has.
func (o evalGenerateOptions) hurry(g *eval.GenerateOptions) {
	g.Batch, g.SaveEvery, g.Command, g.Version = o.pace.batch, o.pace.saveEvery, o.generate.Command, o.generate.Version
}
