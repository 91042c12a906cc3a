package wvs

import (
	"embed"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"alignctl/internal/nearest"
	"alignctl/train/lm"
)

// A Template is the wording of a prompt, read from a YAML file of its fields:
//
//	id: plain-en-1
//	language: en
//	messages:
//	  - role: user
//	    content: |
//	      {ask}
//
//	      {question}
//	      {options}
//	ask:
//	  text: Choose one of the answers below and repeat it.
//	  letter: Choose one of the answers below and write its letter.
//	  number: Choose one of the answers below and write its number.
//
// A name in braces is a slot. {ask} is filled by the line of the read-out,
// {country} by what AskOptions.Country says, {associates} by what people associate
// with the question's words; the line goes where they are none. What stands before the question is
// the same for all questions and computed once.
type Template struct {
	ID       string       `yaml:"id" json:"id"`
	Language string       `yaml:"language" json:"language"`
	Messages []lm.Message `yaml:"messages" json:"messages"`
	Ask      struct {
		Text   string `yaml:"text" json:"text"`
		Letter string `yaml:"letter" json:"letter"`
		Number string `yaml:"number" json:"number"`
	} `yaml:"ask" json:"ask"`
}

//go:embed templates/*.yaml
var ownTemplates embed.FS

// FindTemplate gives one of alignctl's templates by its id, or the user's by the
// path of its file.
func FindTemplate(name string) (Template, error) {
	if strings.ContainsAny(name, `/\.`) {
		text, err := os.ReadFile(name)
		if err != nil {
			return Template{}, fmt.Errorf("read template: %w", err)
		}
		return parseTemplate(name, text)
	}
	text, err := ownTemplates.ReadFile("templates/" + name + ".yaml")
	if err != nil {
		return Template{}, fmt.Errorf("find template %q: it is none of alignctl's%s (name a file of yours by its "+
			"path, as ./%s.yaml)", name, nearest.Hint(name, TemplateIDs()), name)
	}
	return parseTemplate(name+".yaml", text)
}

// TemplateIDs lists alignctl's own templates.
func TemplateIDs() []string {
	files, err := ownTemplates.ReadDir("templates")
	if err != nil {
		panic(err) // they are part of the program
	}
	var ids []string
	for _, f := range files {
		ids = append(ids, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return ids
}

var slot = regexp.MustCompile(`\{([a-z_]+)\}`)

// parseTemplate reads a template and sees that it asks something.
func parseTemplate(file string, text []byte) (t Template, err error) {
	if err := yaml.UnmarshalWithOptions(text, &t, yaml.Strict()); err != nil {
		return t, fmt.Errorf("read template %q: %s", file, strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	if t.ID == "" || strings.TrimSuffix(path.Base(file), ".yaml") != t.ID || t.Language == "" {
		return t, fmt.Errorf("read template %q: want an id, by which the file is called, and a language", file)
	}
	filled := t.slots()
	for _, needed := range []string{"question", "options"} {
		if !slices.Contains(filled, needed) {
			return t, fmt.Errorf("read template %q: no message has the slot {%s}", file, needed)
		}
	}
	for _, name := range filled {
		if known := []string{"ask", "question", "options", "country", "associates"}; !slices.Contains(known, name) {
			return t, fmt.Errorf("read template %q: slot {%s} is none of %s", file, name, strings.Join(known, ", "))
		}
	}
	return t, nil
}

// slots are the names of the template's slots.
func (t Template) slots() (names []string) {
	for _, m := range t.Messages {
		for _, found := range slot.FindAllStringSubmatch(m.Content, -1) {
			names = append(names, found[1])
		}
	}
	return names
}

// associatesLine is the line that goes where a question's words have none.
var associatesLine = regexp.MustCompile(`(?m)^.*\{associates\}.*\n?`)

// fill makes the conversation. A value is never read for slots itself.
func (t Template) fill(values map[string]string) []lm.Message {
	messages := make([]lm.Message, len(t.Messages))
	for i, m := range t.Messages {
		if values["associates"] == "" {
			m.Content = associatesLine.ReplaceAllString(m.Content, "")
		}
		content := slot.ReplaceAllStringFunc(m.Content, func(name string) string {
			return values[strings.Trim(name, "{}")]
		})
		messages[i] = lm.Message{Role: m.Role, Content: strings.TrimSpace(content)}
	}
	return messages
}
