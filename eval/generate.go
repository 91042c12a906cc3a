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
	Dataset  string `json:"dataset"`  // table with example_id, language, cue, split and messages; data. may be left out
	Split    string `json:"split"`    // "": DefaultSplit
	Language string `json:"language"` // ""; needed where the split holds several
	Limit    int    `json:"limit"`    // ask about so many cues, drawn by hash; 0: all
	Shots    int    `json:"shots"`    // so many examples of split train, with their answers, precede each question
	At       string `json:"at"`       // version of the lake that the prompts come from; "": now
	Decoding
	AsPublished []Defect `json:"as_published,omitempty"` // to repeat: TwoBegins

	// Model says how the model was opened, in the words of whoever opened it, so
	// that a Resumption can tell.
	Model     json.RawMessage `json:"model"`
	SaveEvery time.Duration   `json:"-"` // publish finished answers that often; 0: DefaultSaveEvery
	Command   string          `json:"-"`
	Version   string          `json:"-"` // of alignctl
}

// A Generated is what Generate, Resume or Import kept.
type Generated struct {
	RunID    string
	Items    int
	Tokens   int
	Seconds  float64
	LeftOut  int // answers of a file that belong to no item
	Warnings []string
}

// Generate opens a model, asks it about each cue of a split, once, and publishes
// its answers in eval.runs and eval.samples. Each call is a run of its own, with
// its own id, whatever earlier runs asked: runs are compared, not replaced.
// Finished answers are published every SaveEvery, with the status running, so
// that no end of the process loses more. When the context is cancelled or the
// model gives up, all finished answers are kept with the status interrupted, and
// the error is returned with the run: Resume asks what is missing.
func Generate(ctx context.Context, l *lake.Lake, open Opener, o GenerateOptions) (Generated, error) {
	g := generation{options: o.withDefaults(), open: open}
	return g.do(ctx, l)
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
	if o.SaveEvery == 0 {
		o.SaveEvery = DefaultSaveEvery
	}
	return o
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

// tableName is a schema-qualified name that SQL takes without quotes.
var tableName = regexp.MustCompile(`^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$`)

func (o GenerateOptions) validate(pins lake.Pins) error {
	if o.Limit < 0 || o.Shots < 0 {
		return fmt.Errorf("generate: limit %d or shots %d is negative", o.Limit, o.Shots)
	}
	if err := validateDefects("generate", []Defect{TwoBegins}, o.AsPublished); err != nil {
		return err
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

// A runConfig is what meta.runs remembers of the options, for Resumption.
type runConfig struct {
	Suite string `json:"suite"`
	GenerateOptions
}

// method describes how tokens are chosen, for eval.runs.
func (d Decoding) method() string {
	described := map[string]any{"method": "greedy", "max_new_tokens": d.MaxNewTokens}
	if d.Temperature != 0 {
		topP := d.TopP
		if topP == 0 {
			topP = 1
		}
		described = map[string]any{"method": "sample", "temperature": d.Temperature, "top_p": topP,
			"max_new_tokens": d.MaxNewTokens}
	}
	text, err := json.Marshal(described)
	if err != nil { // not a number: no model takes that
		return "{}"
	}
	return string(text)
}

// A generation is the work of one Generate or Resume call.
type generation struct {
	options GenerateOptions
	open    Opener
	earlier *Begun

	run    *lake.Run
	model  Model
	items  []item // to ask
	record Record

	kept int // answers of this call,
	cut  int // of these cut by the limit on tokens,
	bare int // and without log-probabilities
}

// do goes from the question to the published answers.
func (g *generation) do(ctx context.Context, l *lake.Lake) (_ Generated, err error) {
	pins, err := g.pins(ctx, l)
	if err != nil {
		return Generated{}, err
	}
	if err := g.options.validate(pins); err != nil {
		return Generated{}, err
	}
	g.run, err = l.Begin(ctx, lake.RunInfo{Command: g.options.Command, Version: g.options.Version,
		Config: runConfig{Associations, g.options}, Pins: pins})
	if err != nil {
		return Generated{}, err
	}
	defer func() { err = errors.Join(err, g.run.Close()) }()
	if err := g.read(ctx); err != nil {
		return Generated{}, err
	}
	if g.model, err = g.open(ctx); err != nil {
		return Generated{}, err
	}
	defer g.model.Close()
	if err := g.introduce(ctx); err != nil {
		return Generated{}, err
	}
	return g.finish(ctx, g.ask(ctx))
}

// introduce says in the record who answers, and has the model read prompts as the
// options say.
func (g *generation) introduce(ctx context.Context) error {
	if len(g.options.AsPublished) > 0 {
		if err := repeatTwoBegins(g.model); err != nil {
			return err
		}
	}
	return g.record.Describe(ctx, g.model.Source())
}

// pins is the version of the lake that the run reads.
func (g *generation) pins(ctx context.Context, l *lake.Lake) (lake.Pins, error) {
	if g.earlier != nil {
		return g.earlier.Pins(ctx, l)
	}
	return g.options.pins(ctx, l)
}

// read reads the items, and which of them are answered already.
func (g *generation) read(ctx context.Context) error {
	pin, err := g.run.Input(ctx, g.options.Dataset)
	if err != nil {
		return err
	}
	if g.items, err = readItems(ctx, g.run.Session(), g.options); err != nil {
		return err
	}
	g.record = NewRecord(g.run, RunRow{Suite: Associations, Dataset: pin.Table,
		DatasetSnapshot: strconv.FormatInt(pin.Snapshot, 10), Split: g.options.Split,
		Template: templateOf(g.items, g.options), Languages: []string{g.items[0].language},
		Decoding: g.options.method(), Seed: g.options.Seed, Version: g.options.Version}, g.earlier)
	g.record.Total, g.record.SaveEvery = len(g.items), g.options.SaveEvery
	answered, err := g.earlier.Answered(ctx, g.run.Session())
	g.items = slices.DeleteFunc(g.items, func(it item) bool { return answered[SampleKey{ItemID: it.id}] })
	return err
}

// ask has the items answered and keeps the answers.
func (g *generation) ask(ctx context.Context) error {
	if len(g.items) == 0 {
		return nil
	}
	asked := make([]Conversation, len(g.items))
	for i, it := range g.items {
		asked[i] = Conversation{ID: it.id, Messages: it.messages}
	}
	return g.record.Asking(ctx, func(ctx context.Context, keep Keep) error {
		return Ask(ctx, g.model, asked, g.options.Decoding, func(i int, r Reply) {
			g.count(r)
			keep(g.sample(g.items[i], r), r)
		})
	})
}

// count counts what the user is warned of.
func (g *generation) count(r Reply) {
	g.kept++
	if r.Finish == lm.FinishLength {
		g.cut++
	}
	if r.Text != "" && len(r.LogProbs) == 0 {
		g.bare++
	}
}

// sample is an answer as eval.samples has it.
func (g *generation) sample(it item, r Reply) SampleRow {
	return SampleRow{
		RunID: g.record.Row.RunID, ItemID: it.id, Language: it.language, Cue: it.cue, Split: it.split, Prompt: r.Prompt,
		Output: r.Text, TokenIDs: r.TokenIDs, LogProbs: r.LogProbs, Finish: r.Finish,
	}
}

// finish publishes what asking gave.
func (g *generation) finish(ctx context.Context, asked error) (Generated, error) {
	kept, err := g.record.Finish(ctx, asked)
	if !kept {
		return Generated{}, err
	}
	return g.summary(), err
}

func (g *generation) summary() Generated {
	row := g.record.Row
	result := Generated{RunID: row.RunID, Items: int(row.Items), Tokens: int(row.Tokens), Seconds: row.Seconds}
	warn := func(format string, args ...any) {
		result.Warnings = append(result.Warnings, fmt.Sprintf(format, args...))
	}
	if g.options.Split == trainSplit {
		warn(trainWarning)
	}
	if g.cut > 0 {
		warn("%d of %d answers were cut after %d tokens", g.cut, g.kept, g.options.MaxNewTokens)
	}
	if g.bare > 0 && !g.options.NoLogProbs {
		warn("%d of %d answers came without log-probabilities", g.bare, g.kept)
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
