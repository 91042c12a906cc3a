package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/eval/endpoint"
	"alignctl/train/lm"
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

func (m *modelUnderTest) localFlags() []cli.Flag {
	return []cli.Flag{
		&cli.PathFlag{Name: "model", Usage: "the model's `FOLDER`, in Hugging Face layout", Destination: &m.Local.Path},
		&cli.PathFlag{Name: "adapter", Usage: "`FOLDER` of a LoRA adapter in PEFT layout", Destination: &m.Local.Adapter},
		oneOf(&cli.StringFlag{Name: "backend", Usage: "what computes, by `NAME` (see alignctl doctor; default: the fastest found)",
			Destination: &m.Local.Backend}, lm.BackendNames()...),
	}
}

func (m *modelUnderTest) endpointFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "endpoint", Usage: "base `URL` of a server, such as http://localhost:8000/v1", Destination: &m.Endpoint.URL},
		&cli.StringFlag{Name: "served-model", Usage: "`NAME` of the model at the server", Destination: &m.Endpoint.Model},
		&cli.StringFlag{Name: "answers-as", Usage: "`NAME` by which the server says who answered, where it is another",
			Destination: &m.Endpoint.AnswersAs},
		oneOf(&cli.StringFlag{Name: "api", Usage: "chat (messages) or completions (text, for base models)", Value: endpoint.Chat,
			Destination: &m.Endpoint.API}, endpoint.Chat, endpoint.Completions),
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

// A pace is how a run is worked through, which changes nothing in what it asks:
// it may be another when the run is resumed, as patience may.
type pace struct {
	resume    string // a run
	batch     int
	saveEvery time.Duration
}

func (p *pace) flags() []cli.Flag {
	resume := &cli.StringFlag{Name: "resume", Usage: "go on with `RUN`: ask what has no answer yet", Destination: &p.resume}
	return append([]cli.Flag{resume}, p.stepFlags()...)
}

// stepFlags are those that don't name a run.
func (p *pace) stepFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "batch", Usage: "answer `N` prompts side by side (0: as many as suits the backend; of a server, 8)",
			Destination: &p.batch},
		&cli.DurationFlag{Name: "save-every", Usage: "publish finished answers that often", Value: eval.DefaultSaveEvery,
			Destination: &p.saveEvery},
	}
}

// check refuses flags that don't go with each other: a resumed run takes none
// that says who is asked, nor one of asks, which say what; else there is one model,
// with the flags of its kind.
func (p *pace) check(c *cli.Context, m modelUnderTest, asks []cli.Flag) error {
	switch {
	case p.saveEvery <= 0:
		return usagef("%s: --save-every %s: must be more than 0", commandName(c), p.saveEvery)
	case p.resume != "":
		return refuse(c, slices.Concat(m.localFlags(), m.endpointFlags(), asks), "a resumed run goes on in its own way")
	case (m.Local.Path == "") == (m.Endpoint.URL == ""):
		return usagef("%s: needs --model FOLDER, or --endpoint URL and --served-model NAME", commandName(c))
	case m.Endpoint.URL == "":
		return refuse(c, m.endpointFlags(), "it is of --endpoint")
	}
	return refuse(c, m.localFlags(), "it is of --model")
}

// refuse gives an error where one of the flags is set.
func refuse(c *cli.Context, flags []cli.Flag, why string) error {
	for _, f := range flags {
		if name := f.Names()[0]; c.IsSet(name) {
			return usagef("%s: leave out --%s: %s", commandName(c), name, why)
		}
	}
	return nil
}

// complete reads the key, and checks what an endpoint's flags say.
func (m *modelUnderTest) complete(t *terminal, c *cli.Context) error {
	m.Endpoint.Key = endpoint.NewKey(m.keyVariable, os.Getenv(m.keyVariable))
	m.Endpoint.Notice = func(text string) { t.remark("%s", text) }
	if m.body != "" {
		if err := json.Unmarshal([]byte(m.body), &m.Endpoint.Body); err != nil {
			return usagef("%s: --body: want a JSON object: %v", commandName(c), err)
		}
	}
	if m.Endpoint.URL == "" {
		return nil
	}
	if err := m.Endpoint.Validate(); err != nil {
		return usagef("%s: %v", commandName(c), err)
	}
	return nil
}

// Source says who answers, without opening it.
func (m *modelUnderTest) Source() (eval.Source, error) {
	if m.Endpoint.URL != "" {
		return m.Endpoint.Source(), nil
	}
	return m.Local.Source()
}

// Open opens whichever it is.
func (m *modelUnderTest) Open(ctx context.Context) (eval.Model, error) {
	if m.Endpoint.URL != "" {
		return m.Endpoint.Open(ctx)
	}
	return m.Local.Open(ctx)
}

// goesOn says whether a run goes on, and takes the model from its record.
func (m *modelUnderTest) goesOn(t *terminal, run *eval.Begun, recorded json.RawMessage) (bool, error) {
	if run.Done {
		t.remark("run %s is done: nothing to go on with", run.RunID)
		return false, nil
	}
	if err := json.Unmarshal(recorded, m); err != nil {
		return false, fmt.Errorf("resume run %q: read which model it asked: %w", run.RunID, err)
	}
	t.remark("run %s goes on", run.RunID)
	return true, nil
}
