package main

import (
	"context"
	"encoding/json"
	"fmt"
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
	pace   pace
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
			"letter or number; sampled, what it writes when asked again and again. See docs/wvs.md.\n\n" +
			"Finished answers are published every now and then. A run that was stopped goes on with --resume RUN.",
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

// complete checks that the flags go with each other, and turns them into options.
func (o *evalWvsOptions) complete(t *terminal, c *cli.Context) (err error) {
	o.ask.Command, o.ask.Version = t.command, version()
	if err := o.pace.check(c, o.model, slices.Concat(o.questionFlags(), o.drawFlags())); err != nil {
		return err
	}
	if o.pace.resume == "" {
		if err := o.takeQuestions(c); err != nil {
			return err
		}
	}
	return o.model.complete(t, c)
}

// takeQuestions takes over what flags of the questions don't put in place by
// themselves.
func (o *evalWvsOptions) takeQuestions(c *cli.Context) (err error) {
	if o.ask.Countries, err = countries(c, 1); err != nil {
		return err
	}
	if o.ask.Published, err = wvs.ParseAsked(c.StringSlice("as-published")); err != nil {
		return usagef("%s: %s", commandName(c), err)
	}
	o.ask.Templates = c.StringSlice("template")
	return nil
}

func (o *evalWvsOptions) flags() []cli.Flag {
	return slices.Concat(o.model.localFlags(), o.model.endpointFlags(), o.questionFlags(), o.drawFlags(), o.pace.flags(),
		o.model.patienceFlags(), []cli.Flag{outputFlag(&o.format)})
}

func (o *evalWvsOptions) questionFlags() []cli.Flag {
	a := &o.ask
	return []cli.Flag{
		betweenFlag(),
		&cli.StringSliceFlag{Name: "template", Usage: "wording of the prompt, by `ID` or by the path of a file; several are paraphrases",
			Value: cli.NewStringSlice(wvs.DefaultTemplate)},
		&cli.StringFlag{Name: "persona-country", Usage: "`NAME` of the country that a template speaks of", Destination: &a.Country},
		&cli.StringFlag{Name: "associates", Usage: "show what people of a `POPULATION` of core.strength associate with the question's " +
			"words, in a template such as associates-en-1", Destination: &a.Associates},
		&cli.StringFlag{Name: "texts", Usage: "`SOURCE` of the survey's words (default: any that has them)", Destination: &a.Texts},
		oneOf(&cli.StringFlag{Name: "readout", Usage: "how answers are read: likelihood, first-token or sampled", Value: wvs.Likelihood,
			Destination: &a.Readout}, wvs.Likelihood, wvs.FirstToken, wvs.Sampled),
		oneOf(&cli.StringFlag{Name: "keys", Usage: "what stands before the options: none, letters or numbers (default: letters, for " +
			"likelihood none)", Destination: &a.Keys}, "none", "letters", "numbers"),
		&cli.IntFlag{Name: "orders", Usage: "show the options in `N` orders", Value: wvs.DefaultOrders, Destination: &a.Orders},
		&cli.IntFlag{Name: "limit", Usage: "ask the first `N` questions (0: all)", Destination: &a.Limit},
		&cli.Int64Flag{Name: "seed", Usage: "`SEED` of the orders and draws", Destination: &a.Seed},
		&cli.StringSliceFlag{Name: "as-published", Usage: "repeat a `DEFECT` of the study's code; several apart by commas: " +
			strings.Join(wvs.AskedAsPublished(), ", ")},
	}
}

// drawFlags are of single read-outs.
func (o *evalWvsOptions) drawFlags() []cli.Flag {
	a := &o.ask
	return []cli.Flag{
		&cli.IntFlag{Name: "draws", Usage: "sampled: `N` answers in each order", Value: wvs.DefaultDraws, Destination: &a.Draws},
		&cli.Float64Flag{Name: "temperature", Usage: "sampled: draw tokens at temperature `T`", Value: 1, Destination: &a.Temperature},
		&cli.IntFlag{Name: "max-new-tokens", Usage: "sampled: cut an answer after `N` tokens", Value: wvs.DefaultMaxTokens,
			Destination: &a.MaxTokens},
		&cli.BoolFlag{Name: "no-logprobs", Usage: "sampled: don't ask a server for log-probabilities", Destination: &a.NoLogProbs},
		&cli.IntFlag{Name: "first-tokens", Usage: "first-token: have a server tell its `N` most probable first tokens",
			Value: wvs.DefaultFirstTokens, Destination: &a.FirstTokens},
	}
}

func runEvalWvs(ctx context.Context, t *terminal, l *lake.Lake, o evalWvsOptions) error {
	got, err := o.askOrResume(ctx, t, l)
	if got.RunID == "" {
		return err
	}
	t.warn(got.Warnings)
	result := newGrid("run_id", "items", "prompts", "seconds", "prompts_per_second")
	result.add(got.RunID, got.Items, got.Prompts, got.Seconds, float64(got.Prompts)/got.Seconds)
	if printErr := t.printRows(o.format, result); err == nil {
		err = printErr
	}
	if err == nil {
		t.remark("score it with: alignctl eval score --suite wvs --between A,B %s", got.RunID)
	}
	return err
}

func (o evalWvsOptions) askOrResume(ctx context.Context, t *terminal, l *lake.Lake) (_ wvs.Asked, err error) {
	if o.pace.resume != "" {
		return o.goOn(ctx, t, l)
	}
	if o.ask.Model, err = json.Marshal(o.model); err != nil {
		return wvs.Asked{}, fmt.Errorf("eval wvs: %w", err)
	}
	o.hurry(&o.ask)
	return wvs.Ask(ctx, l, o.model.Open, o.ask)
}

// goOn takes the options of the run, but for those that its record leaves out.
func (o evalWvsOptions) goOn(ctx context.Context, t *terminal, l *lake.Lake) (wvs.Asked, error) {
	r, err := wvs.FindResumption(ctx, l, o.pace.resume)
	if err != nil {
		return wvs.Asked{}, err
	}
	if goes, err := o.model.goesOn(t, r.Begun, r.Options.Model); !goes {
		return wvs.Asked{}, err
	}
	o.hurry(&r.Options)
	return wvs.Resume(ctx, l, o.model.Open, r)
}

// hurry sets what no record has.
func (o evalWvsOptions) hurry(a *wvs.AskOptions) {
	a.Batch, a.SaveEvery, a.Command, a.Version = o.pace.batch, o.pace.saveEvery, o.ask.Command, o.ask.Version
}
