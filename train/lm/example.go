package lm

import (
	"fmt"
	"slices"
)

// An Example is a text to learn from: a prompt, which is only read, and an
// answer, whose every token counts. What counts is known by position, never by
// value, so that an end token which is also the padding token is learnt.
type Example struct {
	IDs []int32
	// Prompt is how many of IDs belong to the prompt.
	Prompt int
	// Cut is how many more tokens there were, which the limit left out.
	Cut int
}

// Labels is how many tokens count: 0 when the prompt left no room for an
// answer. Such an example has no gradient; leave it out.
func (e Example) Labels() int { return len(e.IDs) - e.Prompt }

// An Encoder makes Examples for one model.
type Encoder struct {
	tokenizer *Tokenizer
	template  *Template
	end       int32 // closes an answer
	maxTokens int   // 0: no limit
}

// LoadEncoder makes an encoder of a model folder's tokenizer and chat template,
// as NewEncoder does; it reads no other file of the folder.
func LoadEncoder(folder string, maxTokens int) (*Encoder, error) {
	tokenizer, err := LoadTokenizer(folder)
	if err != nil {
		return nil, err
	}
	template, err := LoadTemplate(folder)
	if err != nil {
		return nil, err
	}
	return NewEncoder(tokenizer, template, maxTokens)
}

// NewEncoder makes an encoder for a model folder's tokenizer and template.
// Examples are at most maxTokens long (0: any length).
func NewEncoder(tokenizer *Tokenizer, template *Template, maxTokens int) (*Encoder, error) {
	e := &Encoder{tokenizer: tokenizer, template: template, maxTokens: maxTokens}
	closing, err := template.endOfTurn()
	if err != nil {
		return nil, err
	}
	if ids := tokenizer.Encode(closing); len(ids) > 0 && tokenizer.tokens[ids[0]].special {
		e.end = ids[0]
		return e, nil
	}
	eos, ok := tokenizer.EOS()
	if !ok {
		return nil, fmt.Errorf("model folder %q: neither its chat template nor its tokenizer_config.json (eos_token) "+
			"says which token ends an answer", tokenizer.folder)
	}
	e.end = eos
	return e, nil
}

// End is the token that closes an answer: the last label of an example, and
// the stop id of a generation.
func (e *Encoder) End() int32 { return e.end }

// StopIDs are the tokens that end a generated answer: End, and those by which
// the model's config ends a text.
func (e *Encoder) StopIDs(config Config) []int32 {
	ids := []int32{e.end}
	for _, eos := range config.EOS {
		if id := int32(eos); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Tokenizer is the one that the encoder works with.
func (e *Encoder) Tokenizer() *Tokenizer { return e.tokenizer }

// Template is what writes the conversations.
func (e *Encoder) Template() *Template { return e.template }

// Prompt is the ids of a conversation up to where the answer begins. A
// beginning-of-text token is there if the template writes one, and once.
func (e *Encoder) Prompt(messages []Message) ([]int32, error) {
	text, err := e.template.Render(messages, true)
	if err != nil {
		return nil, err
	}
	return e.tokenizer.Encode(text), nil
}

// Encode makes an example of a prompt and the answer to it. An answer that
// doesn't fit is cut, and then has no end token; the prompt is never cut.
func (e *Encoder) Encode(messages []Message, completion string) (Example, error) {
	prompt, err := e.Prompt(messages)
	if err != nil {
		return Example{}, err
	}
	return e.join(prompt, completion), nil
}

// join appends an answer, with its end token, to a prompt.
func (e *Encoder) join(prompt []int32, completion string) Example {
	ids := append(slices.Clone(prompt), e.tokenizer.Encode(completion)...)
	ids = append(ids, e.end)
	example := Example{IDs: ids, Prompt: len(prompt)}
	if e.maxTokens > 0 && len(ids) > e.maxTokens {
		example.IDs, example.Cut = ids[:e.maxTokens], len(ids)-e.maxTokens
		example.Prompt = min(example.Prompt, e.maxTokens)
	}
	return example
}
