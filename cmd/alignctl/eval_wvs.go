package main

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/eval/wvs"
	"alignctl/lake"
)

// evalWvsOptions are the flags of eval wvs.
type evalWvsOptions struct {
	model  modelUnderTest
	ask    wvs.AskOptions
	format string
}

func evalWvsCommand(t *terminal) *cli.Command {
	var o evalWvsOptions
	return checked(&cli.Command{
		Name:  "wvs",
		Usage: "put the questions of the World Values Survey to a model, and keep what it makes of the options",
		Description: "The questions are those that all of the countries were asked, in the words of a codebook that etl wvs\n" +
			"loaded. Each is put in every template and in several orders of its options. The read-outs: likelihood, how\n" +
			"likely the model finds each option's words as its answer; first-token, how likely it begins with the option's\n" +
			"letter or number; sampled, what it writes when asked again and again. See docs/wvs.md.",
		Flags: t.flags(o.flags()...),
		Action: func(c *cli.Context) error {
			if err := o.complete(t, c); err != nil {
				return err
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runEvalWvs(ctx, t, l, o)
			})
		},
	}, noArguments)
}

// complete turns what the flags say into options.
func (o *evalWvsOptions) complete(t *terminal, c *cli.Context) (err error) {
	if (o.model.Local.Path == "") == (o.model.Endpoint.URL == "") {
		return usagef("eval wvs: needs --model FOLDER, or --endpoint URL and --served-model NAME")
	}
	if o.ask.Countries, err = countries(c, 1); err != nil {
		return err
	}
	if o.ask.Published, err = wvs.ParseAsked(c.StringSlice("as-published")); err != nil {
		return usagef("eval wvs: %s", err)
	}
	o.ask.Templates = c.StringSlice("template")
	o.ask.Command, o.ask.Version = t.command, version()
	return o.model.complete(t, "eval wvs")
}

func (o *evalWvsOptions) flags() []cli.Flag {
	return slices.Concat(o.model.localFlags(), o.model.endpointFlags(), o.questionFlags(), o.drawFlags(), o.model.patienceFlags(),
		[]cli.Flag{outputFlag(&o.format)})
}

func (o *evalWvsOptions) questionFlags() []cli.Flag {
	a := &o.ask
	return []cli.Flag{
		betweenFlag(),
		&cli.StringSliceFlag{Name: "template", Usage: "wording of the prompt, by `ID` or by the path of a file; several are paraphrases",
			Value: cli.NewStringSlice(wvs.DefaultTemplate)},
		&cli.StringFlag{Name: "persona-country", Usage: "`NAME` of the country that a template speaks of", Destination: &a.Country},
		&cli.StringFlag{Name: "texts", Usage: "`SOURCE` of the survey's words (default: any that has them)", Destination: &a.Texts},
		&cli.StringFlag{Name: "readout", Usage: "how answers are read: likelihood, first-token or sampled", Value: wvs.Likelihood,
			Destination: &a.Readout},
		&cli.StringFlag{Name: "keys", Usage: "what stands before the options: none, letters or numbers (default: letters, for " +
			"likelihood none)", Destination: &a.Keys},
		&cli.IntFlag{Name: "orders", Usage: "show the options in `N` orders", Value: wvs.DefaultOrders, Destination: &a.Orders},
		&cli.IntFlag{Name: "limit", Usage: "ask the first `N` questions (0: all)", Destination: &a.Limit},
		&cli.Int64Flag{Name: "seed", Usage: "`SEED` of the orders and draws", Destination: &a.Seed},
		&cli.StringSliceFlag{Name: "as-published", Usage: "repeat a `DEFECT` of the study's code; several apart by commas: " +
			strings.Join(wvs.AskedAsPublished(), ", ")},
	}
}

// drawFlags are of the read-out sampled.
func (o *evalWvsOptions) drawFlags() []cli.Flag {
	a := &o.ask
	return []cli.Flag{
		&cli.IntFlag{Name: "draws", Usage: "sampled: `N` answers in each order", Value: wvs.DefaultDraws, Destination: &a.Draws},
		&cli.Float64Flag{Name: "temperature", Usage: "sampled: draw tokens at temperature `T`", Value: 1, Destination: &a.Temperature},
		&cli.IntFlag{Name: "max-new-tokens", Usage: "sampled: cut an answer after `N` tokens", Value: wvs.DefaultMaxTokens,
			Destination: &a.MaxTokens},
		&cli.IntFlag{Name: "batch", Usage: "sampled: answer `N` prompts side by side (0: the backend's default)",
			Destination: &a.Batch},
	}
}

func runEvalWvs(ctx context.Context, t *terminal, l *lake.Lake, o evalWvsOptions) error {
	got, err := wvs.Ask(ctx, l, o.model.Open, o.ask)
	if got.RunID == "" {
		return err
	}
	t.warn(got.Warnings)
	result := newGrid("run_id", "items", "prompts", "seconds", "prompts_per_second")
	result.add(got.RunID, got.Items, got.Prompts, got.Seconds, float64(got.Prompts)/got.Seconds)
	if printErr := t.printRows(o.format, result); err == nil {
		err = printErr
	}
	t.remark("score it with: alignctl eval score --suite wvs --between A,B %s", got.RunID)
	return err
}
