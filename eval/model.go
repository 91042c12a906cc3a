package eval

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/train/lm"
)

// A Generator continues prompts of token ids. *lm.Model is one.
type Generator interface {
	Generate(ctx context.Context, prompts [][]int32, o lm.GenerateOptions) ([]lm.Generation, error)
}

// A Renderer writes a conversation as a model's prompt. *lm.Template is one.
type Renderer interface {
	Render(messages []lm.Message, generationPrompt bool) (string, error)
}

// A Tokenizer turns text into ids and back. *lm.Tokenizer is one.
type Tokenizer interface {
	Encode(text string) []int32
	Decode(ids []int32, skipSpecial bool) string
}

// A Model is what an evaluation asks, and the names by which its answers can
// be traced to it.
type Model struct {
	Path          string // folder
	Adapter       string // folder, "" for none
	SHA256        string
	AdapterSHA256 string
	Backend       string
	StopIDs       []int32 // tokens that end an answer

	Generator Generator
	Renderer  Renderer
	Tokenizer Tokenizer
	close     func()
}

// ModelOptions says which model to ask and what computes.
type ModelOptions struct {
	Path    string // Hugging Face folder
	Adapter string // folder of a LoRA adapter in PEFT layout; "" for none
	Backend string // as for lm.OpenBackend; "" chooses
}

// An Opener loads a model. Generate calls it when all else is in order, since
// loading takes long, and closes the model after use.
type Opener func(context.Context) (*Model, error)

// Open loads the model folder, its tokenizer and its chat template.
func (o ModelOptions) Open(ctx context.Context) (*Model, error) {
	m := &Model{Path: o.Path, Adapter: o.Adapter}
	tokenizer, err := lm.LoadTokenizer(o.Path)
	if err != nil {
		return nil, err
	}
	template, err := lm.LoadTemplate(o.Path)
	if err != nil {
		return nil, err
	}
	encoder, err := lm.NewEncoder(tokenizer, template, 0)
	if err != nil {
		return nil, err
	}
	if m.SHA256, err = lm.ModelSHA256(o.Path); err != nil {
		return nil, err
	}
	if o.Adapter != "" {
		if m.AdapterSHA256, err = lm.AdapterSHA256(o.Adapter); err != nil {
			return nil, err
		}
	}
	loaded, err := lm.Load(ctx, o.Path, lm.Options{Backend: o.Backend, Adapter: o.Adapter})
	if err != nil {
		return nil, err
	}
	m.Backend, m.close = loaded.BackendName, loaded.Close
	m.Generator, m.Renderer, m.Tokenizer = loaded, template, tokenizer
	m.StopIDs = encoder.StopIDs(loaded.Config)
	return m, nil
}

// modelsTable lists the models that runs of the lake made.
const modelsTable = "train.models"

// trace records which runs of the lake made the model and its adapter, if any
// did: of each the first, where several made the same.
func (m *Model) trace(ctx context.Context, run *lake.Run) error {
	_, err := run.InputScopes(ctx, modelsTable, `run_id in (
		select min(run_id) from train.models where sha256 in (?, ?) group by sha256)`, m.SHA256, m.AdapterSHA256)
	return err
}

// A Conversation is what a model is to continue.
type Conversation struct {
	ID       string // for errors
	Messages []lm.Message
}

// A Reply is what a model answered.
type Reply struct {
	Prompt string // as the model read it
	Text   string
	lm.Generation
}

// Ask has the model answer each conversation, up to a stop id of its own. Each is
// called with the index of a conversation and the reply as soon as it is there,
// in an order that depends on the lengths.
func (m *Model) Ask(ctx context.Context, asked []Conversation, o lm.GenerateOptions, each func(int, Reply)) error {
	prompts, ids, err := m.render(asked)
	if err != nil {
		return err
	}
	task := progress.Start(ctx, "generate", int64(len(asked)), "items")
	defer task.Done()
	start, tokens := time.Now(), 0
	o.StopIDs = m.StopIDs
	o.Each = func(i int, g lm.Generation) {
		each(i, Reply{Prompt: prompts[i], Text: m.Tokenizer.Decode(g.Tokens, true), Generation: g})
		tokens += len(g.Tokens)
		task.Add(1)
		task.Note(strconv.Itoa(int(float64(tokens)/time.Since(start).Seconds())) + " tokens/s")
	}
	_, err = m.Generator.Generate(ctx, ids, o)
	return err
}

// render writes conversations as prompts, as text and as ids.
func (m *Model) render(asked []Conversation) (prompts []string, ids [][]int32, err error) {
	prompts, ids = make([]string, len(asked)), make([][]int32, len(asked))
	for i, c := range asked {
		if prompts[i], err = m.Renderer.Render(c.Messages, true); err != nil {
			return nil, nil, fmt.Errorf("render example %q: %w", c.ID, err)
		}
		ids[i] = m.Tokenizer.Encode(prompts[i])
	}
	return prompts, ids, nil
}

// Close gives the model's memory back.
func (m *Model) Close() {
	if m.close != nil {
		m.close()
	}
}
