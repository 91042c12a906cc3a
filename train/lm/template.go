package lm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"

	"alignctl/internal/regular"
)

// A Message is one turn of a conversation.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// A Template renders conversations as the text that a model was trained on. It
// is the Jinja template of a model folder, rendered as transformers does.
type Template struct {
	path     string // where it comes from, for messages
	text     string
	compiled *exec.Template
	bos, eos string
}

// chatTemplateFile holds the template in folders that don't keep it in
// tokenizer_config.json.
const chatTemplateFile = "chat_template.jinja"

// maxTemplate bounds a template's text; published ones take some 10 KB.
const maxTemplate = 128 << 10

// templateName is the one name that a template's loader knows, so that a
// template from somewhere can't include files.
const templateName = "chat_template"

// LoadTemplate reads the chat template of a model folder, from
// chat_template.jinja or tokenizer_config.json.
func LoadTemplate(folder string) (*Template, error) {
	special, err := readTokenizerConfig(folder)
	if err != nil {
		return nil, err
	}
	t := &Template{path: filepath.Join(folder, tokenizerConfigFile), bos: string(special.BOS), eos: string(special.EOS)}
	if t.text, err = templateText(special.ChatTemplate); err != nil {
		return nil, fmt.Errorf("read %q: %w", t.path, err)
	}
	own := filepath.Join(folder, chatTemplateFile)
	switch text, err := regular.Read(own, maxTemplate); {
	case err == nil:
		t.path, t.text = own, string(text)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read chat template: %w", err)
	}
	if len(t.text) > maxTemplate {
		return nil, fmt.Errorf("chat template of %q has more than %d bytes: no model needs that", t.path, maxTemplate)
	}
	if t.text == "" {
		return nil, fmt.Errorf("model folder %q has no chat template: put %s into it, or use an instruct model",
			folder, chatTemplateFile)
	}
	return t, t.compile()
}

// templateText reads "chat_template": a string, or a list of named ones of
// which "default" counts.
func templateText(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	if raw[0] != '[' {
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err
	}
	var named []struct{ Name, Template string }
	if err := json.Unmarshal(raw, &named); err != nil {
		return "", err
	}
	for _, n := range named {
		if n.Name == "default" {
			return n.Template, nil
		}
	}
	return "", errors.New("chat_template lists no template named default")
}

// compile parses the template with the settings of transformers: the line end
// after a block and the blanks before one don't count.
func (t *Template) compile() (err error) {
	defer t.recovered(&err)
	loader, err := loaders.NewMemoryLoader(map[string]string{"/" + templateName: t.text})
	if err != nil {
		return fmt.Errorf("read chat template of %q: %w", t.path, err)
	}
	settings := config.New()
	settings.TrimBlocks, settings.LeftStripBlocks = true, true
	if err := checkTokens(t.text, settings); err != nil {
		return fmt.Errorf("chat template of %q: %w", t.path, err)
	}
	t.compiled, err = exec.NewTemplate("/"+templateName, settings, loader, &exec.Environment{
		Context:           functions(),
		Filters:           filters(),
		Tests:             builtins.Tests,
		ControlStructures: statements(),
		Methods:           methods(),
	})
	if err != nil {
		return fmt.Errorf("chat template of %q: %w", t.path, err)
	}
	return nil
}

// Text is the template as written.
func (t *Template) Text() string { return t.text }

// Render is the text of a conversation; with addGenerationPrompt it ends where
// the model's answer begins.
func (t *Template) Render(messages []Message, addGenerationPrompt bool) (text string, err error) {
	defer t.recovered(&err)
	turns := make([]any, len(messages))
	for i, m := range messages {
		turns[i] = map[string]any{"role": m.Role, "content": m.Content}
	}
	var refused error
	var rendered strings.Builder
	within := newAllowance()
	err = t.compiled.Execute(boundedWriter{&rendered, within}, exec.NewContext(map[string]any{
		allowanceName: within,
		"messages":    turns, "add_generation_prompt": addGenerationPrompt,
		"bos_token": t.bos, "eos_token": t.eos,
		"raise_exception": func(reason string) (string, error) {
			refused = errors.New(reason)
			return "", refused
		},
	}))
	switch {
	case refused != nil:
		err = refused
	case within.spent:
		err = errRenderWork
	}
	if err != nil {
		return "", fmt.Errorf("render conversation by the chat template of %q: %w", t.path, err)
	}
	return rendered.String(), nil
}

// recovered turns a panic of the template library into an error: a template is
// foreign text, and some texts ("0 % 0") make it panic.
func (t *Template) recovered(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("chat template of %q: %v", t.path, cause)
	}
}

// endOfTurn is the text by which the template closes an assistant's turn.
func (t *Template) endOfTurn() (string, error) {
	const answer = "\u241f" // stands for an answer; in no template
	full, err := t.Render([]Message{{"user", "?"}, {"assistant", answer}}, false)
	if err != nil {
		return "", err
	}
	_, end, found := strings.Cut(full, answer)
	if !found {
		return "", fmt.Errorf("chat template of %q drops the assistant's turn", t.path)
	}
	return end, nil
}
