package sql

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"alignctl/internal/nearest"
)

// A Template is the wording of a prompt, read from a YAML file of its fields:
//
//	id: hinted-en-1
//	style: hinted
//	language: en
//	separator: ", "
//	messages:
//	  - role: system
//	    content: You name words.
//	  - role: user
//	    content: |
//	      List {least} to {most} words that come to mind.
//	      Cue: {cue}
//
// A name in braces is a slot, which the view fills; other braces are text. The
// user speaks last, and may speak before that, with answers: examples of what is
// asked. The cue best stands last, so that the prompts of one template share
// their beginning.
type Template struct {
	ID        string    `yaml:"id" json:"id"`
	Style     string    `yaml:"style" json:"style"`         // a view's parameter names it; one template a language
	Language  string    `yaml:"language" json:"language"`   // as in core tables: "en", "zh"
	Separator string    `yaml:"separator" json:"separator"` // between the items of a list
	NoMore    string    `yaml:"no_more" json:"no_more"`     // what stands for an answer not given; "" in styles without
	Messages  []Message `yaml:"messages" json:"messages"`   // an optional system message, then user and assistant in turn

	file string
}

// A Message is one turn of a prompt.
type Message struct {
	Role    string `yaml:"role" json:"role"` // system, user or assistant
	Content string `yaml:"content" json:"content"`
}

var (
	slot       = regexp.MustCompile(`\{([a-z_]+)\}`)
	slotName   = regexp.MustCompile(`^[a-z_]+$`)
	templateID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
)

// parseTemplate reads one template file.
func parseTemplate(file string, text []byte) (Template, error) {
	t := Template{file: file}
	if err := yaml.UnmarshalWithOptions(text, &t, yaml.Strict()); err != nil {
		return Template{}, fmt.Errorf("read template %s: %s", file, strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	for i := range t.Messages {
		t.Messages[i].Content = strings.TrimSpace(t.Messages[i].Content)
	}
	if err := t.check(); err != nil {
		return Template{}, fmt.Errorf("read template %s: %w", file, err)
	}
	return t, nil
}

func (t Template) check() error {
	if !templateID.MatchString(t.ID) || path.Base(t.file) != t.ID+".yaml" {
		return fmt.Errorf("id %q: want lower-case letters, digits and hyphens, and a file called ID.yaml", t.ID)
	}
	for _, f := range []struct{ name, value string }{
		{"style", t.Style}, {"language", t.Language}, {"separator", t.Separator},
	} {
		if f.value == "" {
			return fmt.Errorf("%s is missing", f.name)
		}
	}
	if err := t.checkTurns(); err != nil {
		return err
	}
	if last := t.Messages[len(t.Messages)-1].Content; !slot.MatchString(last) {
		return fmt.Errorf("the last message has no slot, such as {cue}: every prompt would be the same")
	}
	return nil
}

// checkTurns sees that user and assistant speak in turn, the user first and
// last, after one system message at most.
func (t Template) checkTurns() error {
	turns := t.Messages
	if len(turns) > 0 && turns[0].Role == "system" {
		turns = turns[1:]
	}
	for i, m := range turns {
		if want := []string{"user", "assistant"}[i%2]; m.Role != want {
			return fmt.Errorf("messages: %q speaks where %s should (an optional system, then user and assistant in turn)",
				m.Role, want)
		}
	}
	if len(turns)%2 == 0 {
		return fmt.Errorf("messages: the user must speak last")
	}
	if empty := slices.IndexFunc(t.Messages, func(m Message) bool { return m.Content == "" }); empty >= 0 {
		return fmt.Errorf("messages: content of message %d is missing", empty+1)
	}
	return nil
}

// slots are the names of the template's slots, sorted.
func (t Template) slots() []string {
	var names []string
	for _, m := range t.Messages {
		for _, found := range slot.FindAllStringSubmatch(m.Content, -1) {
			names = append(names, found[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// checkSlots refuses a slot that a view doesn't fill.
func (t Template) checkSlots(filled []string) error {
	for _, name := range t.slots() {
		if !slices.Contains(filled, name) {
			return fmt.Errorf("template %s has slot {%s}, which the view doesn't fill%s", t.file, name, nearest.Hint(name, filled))
		}
	}
	return nil
}

// Digest is the content digest of the template, "sha256:<64 hex>".
func (t Template) Digest() (string, error) { return digestJSON(t) }

// digestJSON is the sha256 of the value's JSON, which Go writes one way only.
func digestJSON(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("digest %T: %w", value, err)
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(text)), nil
}
