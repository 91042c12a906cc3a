package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/internal/stat"
	"alignctl/lake"
)

func evalCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:  "eval",
		Usage: "ask a model about cues, score its answers against people's, compare runs",
		Subcommands: []*cli.Command{
			evalGenerateCommand(t),
			evalScoreCommand(t),
			evalCompareCommand(t),
		},
	}
}

// evalGenerateOptions are the flags of eval generate.
type evalGenerateOptions struct {
	model    eval.ModelOptions
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

// evalScoreOptions are the flags of eval score and eval compare.
type evalScoreOptions struct {
	population string
	bootstrap  stat.Bootstrap
	format     string
}

func evalScoreCommand(t *terminal) *cli.Command {
	var o evalScoreOptions
	flags := []cli.Flag{
		&cli.StringFlag{Name: "population", Usage: "`NAME` of the people in core.strength whose responses count",
			Value: eval.DefaultPopulation, Destination: &o.population},
		&cli.IntSliceFlag{Name: "k", Usage: "precision among the first `K` words; several apart by commas",
			Value: cli.NewIntSlice(eval.DefaultKs()...)},
	}
	return checked(&cli.Command{
		Name:  "score",
		Usage: "score a run's answers against people's, into eval.scorings, eval.scores and eval.metrics",
		Flags: t.flags(append(flags, o.flags()...)...),
		Action: func(c *cli.Context) error {
			ks := c.IntSlice("k")
			for _, k := range ks {
				if k < 1 {
					return usagef("eval score: --k %d: must be at least 1", k)
				}
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				got, err := eval.Score(ctx, l, eval.ScoreOptions{Run: c.Args().First(), Population: o.population,
					Ks: ks, Bootstrap: o.bootstrap, Command: t.command, Version: version()})
				if err != nil {
					return err
				}
				return t.printScored(o.format, got, "")
			})
		},
	}, oneArgument("RUN"))
}

func evalCompareCommand(t *terminal) *cli.Command {
	var o evalScoreOptions
	var suite string
	flags := []cli.Flag{&cli.StringFlag{Name: "suite", Usage: "compare the runs' newest scorings of a `SUITE` (default: of RUN's newest)",
		Destination: &suite}}
	return checked(&cli.Command{
		Name:  "compare",
		Usage: "set the scores of RUN against those of OTHER, item by item: RUN minus OTHER, into eval.metrics",
		Description: "RUN and OTHER are runs of eval.runs, each standing for its newest scoring, or scorings of\n" +
			"eval.scorings. Runs must have been scored in the same way; scorings may compare ways.",
		Flags: t.flags(append(flags, o.flags()...)...),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				got, err := eval.Compare(ctx, l, eval.CompareOptions{Run: c.Args().Get(0), Against: c.Args().Get(1),
					Suite: suite, Bootstrap: o.bootstrap, Command: t.command, Version: version()})
				if err != nil {
					return err
				}
				return t.printScored(o.format, got, got.Against)
			})
		},
	}, arguments{2, 2, "RUN OTHER"})
}

// flags are those that score and compare share.
func (o *evalScoreOptions) flags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "resamples", Usage: "bootstrap resamples of the cues, `N`", Value: stat.DefaultResamples,
			Destination: &o.bootstrap.Resamples},
		&cli.Uint64Flag{Name: "seed", Usage: "`SEED` of the resampling", Value: 42, Destination: &o.bootstrap.Seed},
		outputFlag(&o.format),
	}
}

// printScored prints metrics and the SQL that gives them.
func (t *terminal) printScored(format string, got eval.Scored, against string) error {
	t.warn(got.Warnings)
	columns := []string{"metric", "value", "ci_low", "ci_high", "n"}
	if against != "" {
		columns = append(columns, "p_value")
	}
	result := newGrid(columns...)
	for _, m := range got.Metrics {
		values := []any{m.Metric, orNull(m.Value), orNull(m.CILow), orNull(m.CIHigh), m.N}
		if against != "" {
			values = append(values, orNull(m.PValue))
		}
		result.add(values...)
	}
	if err := t.printRows(format, result); err != nil {
		return err
	}
	t.remark("the same by SQL: alignctl sql \"select %s from eval.metrics where scoring_id = '%s' and against = '%s'\"",
		strings.Join(columns, ", "), got.ScoringID, against)
	return nil
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
