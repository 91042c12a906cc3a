package wvs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"alignctl/etl"
)

// A codebookParser walks a codebook in JSON and knows where it is.
type codebookParser struct {
	path, language string
	data           []byte
	decoder        *json.Decoder
	at             int // byte where the last token starts
	words          *wording
}

func parseCodebookJSON(path, language string, data []byte) (*Codebook, error) {
	text := bytes.TrimPrefix(data, []byte("\ufeff"))
	p := &codebookParser{path: path, language: language, data: text,
		decoder: json.NewDecoder(bytes.NewReader(text)), words: newWording(path)}
	if p.at = invalidUTF8(text); p.at >= 0 {
		return nil, p.fault(fmt.Sprintf("byte 0x%02X is not UTF-8", text[p.at]), "save the codebook as UTF-8")
	}
	if err := p.whole(); err != nil {
		return nil, err
	}
	b := p.words.book
	if len(b.Texts) == 0 && len(b.Labels) == 0 {
		return nil, &etl.ParseError{File: path, Reason: "no entry words a question of wave 7",
			Cure: "is it a codebook of wave 7?"}
	}
	b.SHA256, b.Bytes = sha256Of(data), int64(len(data))
	return b, nil
}

// whole reads the file: an object of questions, or a list of them.
func (p *codebookParser) whole() error {
	var err error
	if p.next(); p.at < len(p.data) && p.data[p.at] == '[' {
		err = p.list()
	} else {
		err = p.object(p.entry)
	}
	if err != nil {
		return err
	}
	p.next()
	if _, err := p.decoder.Token(); err != io.EOF {
		return p.fault("text after the codebook's last brace", "remove it")
	}
	return nil
}

func invalidUTF8(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
	return -1
}

// object reads an object, each member by its name; member reads the value.
func (p *codebookParser) object(member func(name string) error) error {
	if token, err := p.token(); err != nil {
		return err
	} else if token != json.Delim('{') {
		return p.fault("an object is expected here", "see the codebook's form in the command's help")
	}
	seen := map[string]bool{}
	for p.decoder.More() {
		token, err := p.token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // a member's name is nothing else
		if seen[name] {
			return p.fault(fmt.Sprintf("%q stands twice", name), "remove one of them")
		}
		seen[name] = true
		if err := member(name); err != nil {
			return err
		}
	}
	_, err := p.token()
	return err
}

// entry reads what a question, or something else, is worded like.
func (p *codebookParser) entry(name string) error {
	if byName()[name] == nil {
		p.words.book.Others++
		return p.skip()
	}
	return p.object(func(member string) error {
		switch member {
		case "question":
			return p.question(name)
		case "choices":
			return p.object(func(code string) error { return p.choice(name, code) })
		}
		return p.skip()
	})
}

func (p *codebookParser) question(name string) error {
	text, err := p.text()
	if err != nil || text == "" {
		return err
	}
	return p.placed(p.words.text(Text{Question: name, Language: p.language, Text: text}))
}

func (p *codebookParser) choice(name, code string) error {
	number, err := strconv.ParseInt(code, 10, 32)
	if err != nil {
		return p.fault(fmt.Sprintf("%q among the choices of %s is no code", code, name), "give a whole number")
	}
	text, err := p.text()
	if err != nil {
		return err
	}
	if text == "" {
		return p.fault(fmt.Sprintf("code %s of %s has an empty label", code, name), "give it a label or leave it out")
	}
	return p.placed(p.words.label(Label{Question: name, Language: p.language, Code: number, Label: text}))
}

// text reads a string.
func (p *codebookParser) text() (string, error) {
	token, err := p.token()
	if err != nil {
		return "", err
	}
	text, ok := token.(string)
	if !ok {
		return "", p.fault("a text is expected here", `write it in quotes`)
	}
	return text, nil
}

// skip passes over a value.
func (p *codebookParser) skip() error {
	p.next()
	var value json.RawMessage
	return p.read(p.decoder.Decode(&value))
}

func (p *codebookParser) token() (json.Token, error) {
	p.next()
	token, err := p.decoder.Token()
	return token, p.read(err)
}

// next moves to where the next token starts.
func (p *codebookParser) next() {
	p.at = int(p.decoder.InputOffset())
	for p.at < len(p.data) && bytes.IndexByte([]byte(" \t\r\n,:"), p.data[p.at]) >= 0 {
		p.at++
	}
}

// read places an error of the decoder.
func (p *codebookParser) read(err error) error {
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		p.at = len(p.data)
		return p.fault("file ends within the codebook", "is the file complete?")
	case errors.As(err, &syntax):
		return p.fault("is not JSON: "+syntax.Error(), "correct it")
	}
	return p.fault(err.Error(), "correct it")
}

// placed makes a fault of what a wording says.
func (p *codebookParser) placed(err error) error {
	if err == nil {
		return nil
	}
	return p.fault(err.Error(), "correct the codebook")
}

// fault is an error at the last token's place.
func (p *codebookParser) fault(reason, cure string) error {
	before := p.data[:min(p.at, len(p.data))]
	line := int64(bytes.Count(before, []byte("\n")) + 1)
	return &etl.ParseError{File: p.path, Line: line, Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Reason: reason, Cure: cure}
}
