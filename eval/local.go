package eval

import (
	"context"
	"fmt"

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

// A Scorer says how likely a model finds given tokens. *lm.Scorer is one.
type Scorer interface {
	// LogProbs is the natural log-probability of each label of a layout.
	LogProbs(l lm.Layout) ([]float32, error)
}

// Local is a Model that this program runs itself.
type Local struct {
	From      Source
	Generator Generator
	Renderer  Renderer
	Tokenizer Tokenizer
	Scorer    Scorer
	StopIDs   []int32 // tokens that end an answer
	Context   int     // tokens that the model reads at most; 0: not known
	close     func()
}

// LocalOptions say which folder to load and what computes.
type LocalOptions struct {
	Path    string `json:"path"`    // Hugging Face folder
	Adapter string `json:"adapter"` // folder of a LoRA adapter in PEFT layout; "" for none
	Backend string `json:"backend"` // as for lm.OpenBackend; "" chooses
}

// Open loads the model folder, its tokenizer and its chat template.
func (o LocalOptions) Open(ctx context.Context) (Model, error) {
	encoder, err := lm.LoadEncoder(o.Path, 0)
	if err != nil {
		return nil, err
	}
	from, err := o.Source()
	if err != nil {
		return nil, err
	}
	loaded, err := lm.Load(ctx, o.Path, lm.Options{Backend: o.Backend, Adapter: o.Adapter})
	if err != nil {
		return nil, err
	}
	scorer, err := lm.NewScorer(loaded)
	if err != nil {
		loaded.Close()
		return nil, err
	}
	from.Backend = loaded.BackendName
	return &Local{From: from, Generator: loaded, Renderer: encoder.Template(), Tokenizer: encoder.Tokenizer(), Scorer: scorer,
		StopIDs: encoder.StopIDs(loaded.Config), Context: loaded.Config.MaxPositions,
		close: func() { scorer.Close(); loaded.Close() }}, nil
}

// Source says which folders answer, with their digests, without loading them: what
// computes isn't known yet.
func (o LocalOptions) Source() (from Source, err error) {
	from = Source{Kind: LocalKind, Path: o.Path, Adapter: o.Adapter}
	if from.SHA256, err = lm.ModelSHA256(o.Path); err == nil && o.Adapter != "" {
		from.AdapterSHA256, err = lm.AdapterSHA256(o.Adapter)
	}
	return from, err
}

// Source says which folders answer.
func (m *Local) Source() Source { return m.From }

// Ask renders each conversation by the model's chat template and continues it up
// to a stop id.
func (m *Local) Ask(ctx context.Context, asked []Conversation, d Decoding, each func(int, Reply)) error {
	prompts, ids, err := m.render(asked)
	if err != nil {
		return err
	}
	keys := make([]uint32, len(asked))
	for i, c := range asked {
		keys[i] = d.Draw(c.ID)
	}
	_, err = m.Generator.Generate(ctx, ids, lm.GenerateOptions{
		MaxNewTokens: d.MaxNewTokens, Batch: d.Batch, Temperature: d.Temperature, TopP: d.TopP, Seed: d.Seed,
		Keys: keys, StopIDs: m.StopIDs,
		Each: func(i int, g lm.Generation) { each(i, m.reply(prompts[i], g)) },
	})
	return err
}

func (m *Local) reply(prompt string, g lm.Generation) Reply {
	logProbs := make([]float64, len(g.LogProbs))
	for i, p := range g.LogProbs {
		logProbs[i] = float64(p)
	}
	return Reply{Prompt: prompt, Text: m.Tokenizer.Decode(g.Tokens, true), TokenIDs: g.Tokens, LogProbs: logProbs,
		Tokens: len(g.Tokens), Finish: g.Finish}
}

// render writes conversations as prompts, as text and as ids.
func (m *Local) render(asked []Conversation) (prompts []string, ids [][]int32, err error) {
	prompts, ids = make([]string, len(asked)), make([][]int32, len(asked))
	for i, c := range asked {
		if prompts[i], ids[i], err = m.Encode(c, 1); err != nil {
			return nil, nil, err
		}
	}
	return prompts, ids, nil
}

// Lend gives the model for one use: closing what is lent has no effect on it.
func (m *Local) Lend() *Local {
	lent := *m
	lent.close = nil
	return &lent
}

// Encode writes a conversation as the model reads it, as text and as ids. It
// refuses one that leaves the model's context no room for an answer of so many
// tokens.
func (m *Local) Encode(c Conversation, answer int) (prompt string, ids []int32, err error) {
	if prompt, err = m.Renderer.Render(c.Messages, true); err != nil {
		return "", nil, fmt.Errorf("render example %q: %w", c.ID, err)
	}
	ids = m.Tokenizer.Encode(prompt)
	if m.Context > 0 && len(ids)+answer > m.Context {
		return "", nil, fmt.Errorf("ask about %q: the prompt's %d tokens and an answer of %d are more than the %d of the "+
			"model's context (max_position_embeddings): ask in fewer words", c.ID, len(ids), answer, m.Context)
	}
	return prompt, ids, nil
}

// Close gives the model's memory back.
func (m *Local) Close() {
	if m.close != nil {
		m.close()
	}
}
