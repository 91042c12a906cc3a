package wvs

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A listed is an entry of a codebook that is a list, as sets of questions for
// language models are: an option a code, in the order of the codes.
type listed struct {
	ID      string   `json:"id"`    // 1 or Q1
	Input   string   `json:"input"` // the question, and perhaps a line that leads to the options
	Options []string `json:"options"`
}

// list reads a list of entries. An entry may stand again, as for each country
// that was asked.
func (p *codebookParser) list() error {
	if _, err := p.token(); err != nil {
		return err
	}
	heard := map[string]listed{}
	for p.decoder.More() {
		p.next()
		var e listed
		err := p.decoder.Decode(&e)
		if mistyped := (*json.UnmarshalTypeError)(nil); errors.As(err, &mistyped) {
			return p.fault("this entry isn't a question with its options",
				`write {"id": "1", "input": "...", "options": ["(A)...", "(B)..."]}`)
		}
		if err := p.read(err); err != nil {
			return err
		}
		if err := p.hear(heard, e); err != nil {
			return err
		}
	}
	_, err := p.token()
	return err
}

// hear takes an entry's words.
func (p *codebookParser) hear(heard map[string]listed, e listed) error {
	name := "Q" + strings.TrimPrefix(e.ID, "Q")
	q := byName()[name]
	if q == nil {
		p.words.book.Others++
		return nil
	}
	if before, again := heard[name]; again && slices.Equal(before.Options, e.Options) {
		return p.placed(p.words.text(Text{Question: name, Language: p.language, Text: e.question()}))
	}
	heard[name] = e
	if len(e.Options) != len(q.Options) {
		return p.fault(fmt.Sprintf("%s has %d options, where its codes are %s", name, len(e.Options), q.codes()),
			"give an option for each code, in their order")
	}
	if err := p.words.text(Text{Question: name, Language: p.language, Text: e.question()}); err != nil {
		return p.placed(err)
	}
	for i, o := range q.Options {
		label := strings.TrimSpace(optionLetter.ReplaceAllString(e.Options[i], ""))
		if label == "" {
			return p.fault(fmt.Sprintf("option %d of %s has no words", i+1, name), "give it some")
		}
		if err := p.words.label(Label{Question: name, Language: p.language, Code: o.Code, Label: label}); err != nil {
			return p.placed(err)
		}
	}
	return nil
}

// optionLetter is what stands before the words of an option.
var optionLetter = regexp.MustCompile(`^\s*\([A-Z]\)`)

// question is the text without a last line that only leads to the options.
func (e listed) question() string {
	text := strings.TrimSpace(e.Input)
	last := strings.LastIndexByte(text, '\n')
	if last >= 0 && (strings.HasSuffix(text, ":") || strings.HasSuffix(text, "：")) {
		text = strings.TrimSpace(text[:last])
	}
	return text
}
