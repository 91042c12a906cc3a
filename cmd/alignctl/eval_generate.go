package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/eval/endpoint"
	"alignctl/lake"
)

// keyVariable holds the key of an endpoint.
const keyVariable = "ALIGNCTL_API_KEY"

// A modelUnderTest is who answers: a folder, or an endpoint where its URL is set.
// As JSON it is part of a run's configuration, so that the run can be resumed.
type modelUnderTest struct {
	Local    eval.LocalOptions `json:"local"`
	Endpoint endpoint.Options  `json:"endpoint"`

	keyVariable string
	body        string
}

// evalGenerateOptions are the flags of eval generate.
type evalGenerateOptions struct {
	model    modelUnderTest
	generate eval.GenerateOptions
	resume   string
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
	return slices.Concat(o.model.localFlags(), o.model.endpointFlags(), o.questionFlags(), o.decodingFlags(), o.runFlags(),
		o.model.patienceFlags())
}

func (m *modelUnderTest) localFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "model", Usage: "the model's `FOLDER`, in Hugging Face layout", Destination: &m.Local.Path},
		&cli.StringFlag{Name: "adapter", Usage: "`FOLDER` of a LoRA adapter in PEFT layout", Destination: &m.Local.Adapter},
		&cli.StringFlag{Name: "backend", Usage: "what computes, by `NAME` (see alignctl doctor; default: the fastest found)",
			Destination: &m.Local.Backend},
	}
}

func (m *modelUnderTest) endpointFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "endpoint", Usage: "base `URL` of a server, such as http://localhost:8000/v1", Destination: &m.Endpoint.URL},
		&cli.StringFlag{Name: "served-model", Usage: "`NAME` of the model at the server", Destination: &m.Endpoint.Model},
		&cli.StringFlag{Name: "answers-as", Usage: "`NAME` by which the server says who answered, where it is another",
			Destination: &m.Endpoint.AnswersAs},
		&cli.StringFlag{Name: "api", Usage: "chat (messages) or completions (text, for base models)", Value: endpoint.Chat,
			Destination: &m.Endpoint.API},
		&cli.StringFlag{Name: "chat-template", Usage: "`FOLDER` of the model whose chat template writes the text of --api completions " +
			"(default: the messages as they are)", Destination: &m.Endpoint.Template},
		&cli.StringFlag{Name: "body", Usage: `more members of each request, a JSON OBJECT such as {"top_k": 20}; null takes one out`,
			Destination: &m.body},
	}
}

// patienceFlags change nothing in what a run asks, so they may be others when it
// is resumed.
func (m *modelUnderTest) patienceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "key-variable", Usage: "environment variable `NAME` with the server's key", Value: keyVariable,
			Destination: &m.keyVariable},
		&cli.DurationFlag{Name: "timeout", Usage: "wait so long for a server's answer", Value: endpoint.DefaultTimeout,
			Destination: &m.Endpoint.Timeout},
		&cli.IntFlag{Name: "attempts", Usage: "ask a server up to `N` times for an answer", Value: endpoint.DefaultAttempts,
			Destination: &m.Endpoint.Attempts},
	}
}

func (o *evalGenerateOptions) questionFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "data", Usage: "`TABLE` with the prompts", Value: "data.sft_ranked",
			Destination: &o.generate.Dataset},
		&cli.StringFlag{Name: "split", Usage: "`SPLIT` of the cues: train, dev or test", Value: eval.DefaultSplit,
			Destination: &o.generate.Split},
		&cli.StringFlag{Name: "lang", Usage: "`LANGUAGE` of the cues, where the split holds several",
			Destination: &o.generate.Language},
		atFlag(&o.generate.At),
		&cli.IntFlag{Name: "limit", Usage: "ask about `N` cues, drawn by hash (0: all)", Destination: &o.generate.Limit},
		&cli.IntFlag{Name: "shots", Usage: "put `N` examples of split train, with their answers, before each question",
			Destination: &o.generate.Shots},
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

// runFlags may be others when a run is resumed, as patienceFlags may.
func (o *evalGenerateOptions) runFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "resume", Usage: "go on with `RUN`: ask what has no answer yet", Destination: &o.resume},
		&cli.IntFlag{Name: "batch", Usage: "answer `N` cues side by side (0: as many as suits the backend; of a server, 8)",
			Destination: &o.generate.Batch},
		&cli.DurationFlag{Name: "save-every", Usage: "publish finished answers that often", Value: eval.DefaultSaveEvery,
			Destination: &o.generate.SaveEvery},
		outputFlag(&o.format),
	}
}

// complete checks which model is meant, and turns what the flags say into
// options.
func (o *evalGenerateOptions) complete(t *terminal, c *cli.Context) error {
	switch {
	case o.resume != "":
		if err := refuse(c, slices.Concat(o.model.localFlags(), o.model.endpointFlags(), o.questionFlags(), o.decodingFlags()),
			"a resumed run goes on in its own way"); err != nil {
			return err
		}
	case (o.model.Local.Path == "") == (o.model.Endpoint.URL == ""):
		return usagef("eval generate: needs --model FOLDER, or --endpoint URL and --served-model NAME")
	case o.model.Endpoint.URL == "":
		if err := refuse(c, o.model.endpointFlags(), "it is of --endpoint"); err != nil {
			return err
		}
	default:
		if err := refuse(c, o.model.localFlags(), "it is of --model"); err != nil {
			return err
		}
	}
	if o.generate.SaveEvery <= 0 {
		return usagef("eval generate: --save-every %s: must be more than 0", o.generate.SaveEvery)
	}
	return o.model.complete(t, "eval generate")
}

// refuse gives an error where one of the flags is set.
func refuse(c *cli.Context, flags []cli.Flag, why string) error {
	for _, f := range flags {
		if name := f.Names()[0]; c.IsSet(name) {
			return usagef("eval generate: leave out --%s: %s", name, why)
		}
	}
	return nil
}

// complete reads the key, and checks what an endpoint's flags say to a command.
func (m *modelUnderTest) complete(t *terminal, command string) error {
	m.Endpoint.Key = endpoint.NewKey(m.keyVariable, os.Getenv(m.keyVariable))
	m.Endpoint.Notice = func(text string) { t.remark("%s", text) }
	if m.body != "" {
		if err := json.Unmarshal([]byte(m.body), &m.Endpoint.Body); err != nil {
			return usagef("%s: --body: want a JSON object: %v", command, err)
		}
	}
	if m.Endpoint.URL == "" {
		return nil
	}
	if err := m.Endpoint.Validate(); err != nil {
		return usagef("%s: %v", command, err)
	}
	return nil
}

// Open opens whichever it is.
func (m *modelUnderTest) Open(ctx context.Context) (eval.Model, error) {
	if m.Endpoint.URL != "" {
		return m.Endpoint.Open(ctx)
	}
	return m.Local.Open(ctx)
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
	if o.resume != "" {
		return o.goOn(ctx, t, l)
	}
	if o.generate.Model, err = json.Marshal(o.model); err != nil {
		return eval.Generated{}, fmt.Errorf("eval generate: %w", err)
	}
	return eval.Generate(ctx, l, o.model.Open, o.generate)
}

// goOn takes the options of the run, but for those that its record leaves out.
func (o evalGenerateOptions) goOn(ctx context.Context, t *terminal, l *lake.Lake) (eval.Generated, error) {
	r, err := eval.FindResumption(ctx, l, o.resume)
	if err != nil {
		return eval.Generated{}, err
	}
	if r.Done {
		t.remark("run %s is done: nothing to go on with", r.RunID)
		return eval.Generated{}, nil
	}
	if err := json.Unmarshal(r.Options.Model, &o.model); err != nil {
		return eval.Generated{}, fmt.Errorf("resume run %q: read its options: %w", r.RunID, err)
	}
	r.Options.Batch, r.Options.SaveEvery = o.generate.Batch, o.generate.SaveEvery
	r.Options.Command, r.Options.Version = o.generate.Command, o.generate.Version
	t.remark("run %s goes on", r.RunID)
	return eval.Resume(ctx, l, o.model.Open, r)
}
