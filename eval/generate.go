package eval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"alignctl/lake"
	"alignctl/train/lm"
)

// The defaults of GenerateOptions.
const (
	DefaultSplit        = "test"
	DefaultMaxNewTokens = 256
)

// Answers to trained cues say little about other cues.
const (
	trainSplit   = "train"
	trainWarning = "the cues are of the train split: a model trained on them may know their answers by heart"
)

// GenerateOptions says which cues to ask a model about, and how it answers.
type GenerateOptions struct {
	Dataset      string  // table with example_id, language, cue, split and messages; data. may be left out
	Split        string  // "": DefaultSplit
	Language     string  // ""; needed where the split holds several
	Limit        int     // ask about so many cues, drawn by hash; 0: all
	Temperature  float64 // 0: greedy
	TopP         float64 // 0 or 1: all tokens
	Seed         int64
	At           string // version of the lake that the prompts come from; "": now
	MaxNewTokens int    // 0: DefaultMaxNewTokens
	Batch        int    // 0: the model's default
	Command      string
	Version      string // of alignctl
}

// A Generated is what Generate kept.
type Generated struct {
	RunID    string
	Items    int
	Tokens   int
	Seconds  float64
	Warnings []string
}

// Generate opens a model, asks it about each cue of a split, once, and publishes its
// answers in eval.runs and eval.samples. Each call is a run of its own, with
// its own id, whatever earlier runs asked: runs are compared, not replaced.
// When the context is cancelled, the finished answers are published with the
// status interrupted, and the context's error is returned with the run.
func Generate(ctx context.Context, l *lake.Lake, open Opener, o GenerateOptions) (_ Generated, err error) {
	o = o.withDefaults()
	pins, err := o.pins(ctx, l)
	if err != nil {
		return Generated{}, err
	}
	if err := o.validate(pins); err != nil {
		return Generated{}, err
	}
	run, err := l.Begin(ctx, lake.RunInfo{Command: o.Command, Version: o.Version, Config: o.config(), Pins: pins})
	if err != nil {
		return Generated{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	pin, err := run.Input(ctx, o.Dataset)
	if err != nil {
		return Generated{}, err
	}
	items, err := readItems(ctx, run.Session(), o)
	if err != nil {
		return Generated{}, err
	}
	m, err := open(ctx)
	if err != nil {
		return Generated{}, err
	}
	defer m.Close()
	if err := m.trace(ctx, run); err != nil {
		return Generated{}, err
	}
	g := generation{model: m, options: o, runID: run.ID(), items: items, started: time.Now().UTC()}
	asked := g.ask(ctx)
	if asked != nil && (ctx.Err() == nil || len(g.samples) == 0) {
		return Generated{}, asked
	}
	// What is finished is kept, though the user wants to stop.
	if err := g.publish(context.WithoutCancel(ctx), run, pin, asked == nil); err != nil {
		return Generated{}, err
	}
	return g.summary(), asked
}

// pins is the version of the lake that the prompts come from, with the models of
// now: the one to ask may be younger.
func (o GenerateOptions) pins(ctx context.Context, l *lake.Lake) (lake.Pins, error) {
	pins, err := l.At(ctx, o.At)
	if err != nil {
		return nil, err
	}
	now, err := l.At(ctx, "")
	if pin, ok := now[modelsTable]; ok {
		pins[modelsTable] = pin
	}
	return pins, err
}

func (o GenerateOptions) withDefaults() GenerateOptions {
	if !strings.Contains(o.Dataset, ".") {
		o.Dataset = "data." + o.Dataset
	}
	if o.Split == "" {
		o.Split = DefaultSplit
	}
	if o.MaxNewTokens == 0 {
		o.MaxNewTokens = DefaultMaxNewTokens
	}
	return o
}

// tableName is a schema-qualified name that SQL takes without quotes.
var tableName = regexp.MustCompile(`^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$`)

func (o GenerateOptions) validate(pins lake.Pins) error {
	if o.Limit < 0 {
		return fmt.Errorf("generate: limit %d is negative", o.Limit)
	}
	if _, ok := pins[o.Dataset]; ok && tableName.MatchString(o.Dataset) {
		return nil
	}
	held := slices.DeleteFunc(slices.Sorted(maps.Keys(pins)), func(name string) bool {
		return !strings.HasPrefix(name, "data.")
	})
	if len(held) == 0 {
		return fmt.Errorf("find data set %q: the lake holds none yet (build one with: alignctl data build %s)",
			o.Dataset, o.Dataset)
	}
	return fmt.Errorf("find data set %q: the lake holds %s", o.Dataset, strings.Join(held, ", "))
}

// config is the options in force, for the lake's record of the run. The model
// is in eval.runs.
func (o GenerateOptions) config() any {
	return map[string]any{"suite": Associations, "dataset": o.Dataset, "split": o.Split, "language": o.Language,
		"limit": o.Limit, "decoding": o.decoding(), "seed": o.Seed, "batch": o.Batch}
}

// decoding describes how tokens are chosen.
func (o GenerateOptions) decoding() map[string]any {
	if o.Temperature == 0 {
		return map[string]any{"method": "greedy", "max_new_tokens": o.MaxNewTokens}
	}
	topP := o.TopP
	if topP == 0 {
		topP = 1
	}
	return map[string]any{"method": "sample", "temperature": o.Temperature, "top_p": topP,
		"max_new_tokens": o.MaxNewTokens}
}

// A generation is the work of one Generate call.
type generation struct {
	model   *Model
	options GenerateOptions
	runID   string
	items   []item
	started time.Time

	samples []SampleRow // finished
	tokens  int
	seconds float64
}

// ask has the items answered and gathers the samples.
func (g *generation) ask(ctx context.Context) error {
	asked := make([]Conversation, len(g.items))
	for i, it := range g.items {
		asked[i] = Conversation{ID: it.id, Messages: it.messages}
	}
	start := time.Now()
	return g.model.Ask(ctx, asked, lm.GenerateOptions{
		MaxNewTokens: g.options.MaxNewTokens, Batch: g.options.Batch,
		Temperature: g.options.Temperature, TopP: g.options.TopP, Seed: g.options.Seed,
	}, func(i int, r Reply) {
		g.keep(g.items[i], r)
		g.seconds = time.Since(start).Seconds()
	})
}

// keep adds an answer to the samples.
func (g *generation) keep(it item, r Reply) {
	logProbs := make([]float64, len(r.LogProbs))
	for i, p := range r.LogProbs {
		logProbs[i] = float64(p)
	}
	g.tokens += len(r.Tokens)
	g.samples = append(g.samples, SampleRow{
		RunID: g.runID, ItemID: it.id, Language: it.language, Cue: it.cue, Split: it.split, Prompt: r.Prompt,
		Output: r.Text, TokenIDs: r.Tokens, LogProbs: logProbs, Finish: r.Finish,
	})
}

// publish writes the run and its samples.
func (g *generation) publish(ctx context.Context, run *lake.Run, data lake.Pin, done bool) error {
	status := lake.Done
	if !done {
		status = lake.Interrupted
	}
	decoding, err := json.Marshal(g.options.decoding())
	if err != nil {
		return fmt.Errorf("describe decoding: %w", err)
	}
	row := RunRow{
		RunID: g.runID, Suite: Associations, Kind: LocalKind, ModelPath: g.model.Path, AdapterPath: optional(g.model.Adapter),
		ModelSHA256: g.model.SHA256, AdapterSHA256: optional(g.model.AdapterSHA256),
		Dataset: data.Table, DatasetSnapshot: strconv.FormatInt(data.Snapshot, 10), Split: g.options.Split,
		Languages: []string{g.items[0].language}, Decoding: string(decoding), Seed: g.options.Seed, Backend: g.model.Backend, Version: g.options.Version,
		StartedAt: g.started, EndedAt: time.Now().UTC(), Status: string(status),
		Items: int64(len(g.samples)), Tokens: int64(g.tokens), Seconds: g.seconds,
	}
	if _, err := lake.WriteRows(ctx, run, RunsTable, g.runID, []RunRow{row}); err != nil {
		return err
	}
	if _, err := lake.WriteRows(ctx, run, SamplesTable, g.runID, g.samples); err != nil {
		return err
	}
	_, err = run.Publish(ctx, status)
	return err
}

func (g *generation) summary() Generated {
	result := Generated{RunID: g.runID, Items: len(g.samples), Tokens: g.tokens, Seconds: g.seconds}
	if g.options.Split == trainSplit {
		result.Warnings = append(result.Warnings, trainWarning)
	}
	cut := 0
	for _, s := range g.samples {
		if s.Finish == lm.FinishLength {
			cut++
		}
	}
	if cut > 0 {
		result.Warnings = append(result.Warnings, fmt.Sprintf(
			"%d of %d answers were cut after %d tokens", cut, len(g.samples), g.options.MaxNewTokens))
	}
	return result
}

// optional is nil for "".
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
