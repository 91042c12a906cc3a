package main

import (
	"fmt"
	"strconv"
	"strings"

	"alignctl/sql"
	"alignctl/train/lm"
)

// A modelPreview shows a data set as a model sees it.
type modelPreview struct {
	*terminal
	data    *sql.DataSet
	encoder *lm.Encoder
	o       dataPreviewOptions
}

// A rendering is a text of an example as training gives it to a model.
type rendering struct {
	column string // of the answer: completion, chosen or rejected; "" for a prompt alone
	lm.Example
}

// renderings encodes the answers of an example, each after the prompt; without
// answers, the prompt alone.
func renderings(encoder *lm.Encoder, e sql.Example) ([]rendering, error) {
	messages := make([]lm.Message, len(e.Messages))
	for i, m := range e.Messages {
		messages[i] = lm.Message(m)
	}
	if e.Answers == nil {
		ids, err := encoder.Prompt(messages)
		if err != nil {
			return nil, fmt.Errorf("example %s: %w", fieldsText(e), err)
		}
		return []rendering{{Example: lm.Example{IDs: ids, Prompt: len(ids)}}}, nil
	}
	all := make([]rendering, len(e.Answers))
	for i, answer := range e.Answers {
		encoded, err := encoder.Encode(messages, answer.Value)
		if err != nil {
			return nil, fmt.Errorf("example %s: %w", fieldsText(e), err)
		}
		all[i] = rendering{answer.Name, encoded}
	}
	return all, nil
}

// empty reports whether training would leave the text out.
func (r rendering) empty() bool { return r.column != "" && r.Labels() == 0 }

// marks tell what is learned from what is only read.
type marks struct{ read, learn, end, legend string }

var (
	plainMarks  = marks{"", "⟦", "⟧", "⟦learned⟧, the rest is only read"}
	colourMarks = marks{"\x1b[2m", "\x1b[1;32m", "\x1b[0m", "\x1b[1;32mlearned\x1b[0m, \x1b[2monly read\x1b[0m"}
)

// marks are colours on a terminal, unless NO_COLOR is set.
func (t *terminal) marks() marks {
	if lookOf(t.out).colour {
		return colourMarks
	}
	return plainMarks
}

// paint marks the two parts of a text.
func (m marks) paint(read, learned string) string {
	if m.read != "" && read != "" {
		read = m.read + read + m.end
	}
	if learned != "" {
		learned = m.learn + learned + m.end
	}
	return read + learned
}

// examples prints examples, and first what the marks mean.
func (p *modelPreview) examples(examples []sql.Example) error {
	if !p.o.tokens {
		fmt.Fprintf(p.out, "%s\n\n", p.marks().legend)
	}
	for _, e := range examples {
		all, err := renderings(p.encoder, e)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.out, fieldsText(e))
		for _, r := range all {
			if err := p.rendering(r); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(p.out); err != nil {
			return err
		}
	}
	return nil
}

// rendering prints the counts of a text, then the text and its ids, or its
// tokens one by one.
func (p *modelPreview) rendering(r rendering) error {
	fmt.Fprint(p.out, p.facts(r))
	if p.o.tokens {
		return p.eachToken(r)
	}
	prompt, answer := r.IDs[:r.Prompt], r.IDs[r.Prompt:]
	tokenizer := p.encoder.Tokenizer()
	text := p.marks().paint(visible(tokenizer.Decode(prompt, false)), visible(tokenizer.Decode(answer, false)))
	fmt.Fprintln(p.out, "  "+strings.ReplaceAll(text, "\n", "\n  "))
	_, err := fmt.Fprint(p.out, idLines(r))
	return err
}

// facts say how long a text is, where it begins and ends, and what is amiss.
func (p *modelPreview) facts(r rendering) string {
	var b strings.Builder
	name := r.column
	if name == "" {
		name = "prompt"
	}
	fmt.Fprintf(&b, "%s: %d tokens, %d only read, %d learned\n  %s\n  %s\n", name, len(r.IDs), r.Prompt, r.Labels(),
		p.beginning(r), p.ending(r))
	switch {
	case r.empty():
		fmt.Fprintf(&b, "  nothing to learn: the prompt alone fills --max-tokens %d; training leaves this out\n", p.o.maxTokens)
	case r.Cut > 0:
		fmt.Fprintf(&b, "  cut: --max-tokens %d leaves out %d of %d tokens, the end token among them\n", p.o.maxTokens,
			r.Cut, len(r.IDs)+r.Cut)
	case r.column == "":
		b.WriteString("  a prompt alone: the data set has no answer to learn\n")
	}
	return b.String()
}

// beginning counts the begin tokens with which a text starts. More than one is
// a fault, often of a template and a tokenizer that both put one.
func (p *modelPreview) beginning(r rendering) string {
	id, named := p.encoder.Tokenizer().BOS()
	if !named {
		return "begin token: the model has none"
	}
	n := 0
	for n < len(r.IDs) && r.IDs[n] == id {
		n++
	}
	text := fmt.Sprintf("begin token %s: %d at the start", p.tokenName(id), n)
	if n > 1 {
		text += ", one too many"
	}
	return text
}

// ending counts the tokens that close a turn, by whether they are learned.
func (p *modelPreview) ending(r rendering) string {
	read, learned := 0, 0
	for i, id := range r.IDs {
		switch {
		case id != p.encoder.End():
		case i < r.Prompt:
			read++
		default:
			learned++
		}
	}
	return fmt.Sprintf("end token %s: %d read, %d learned", p.tokenName(p.encoder.End()), read, learned)
}

// tokenName is a token's text and id.
func (p *modelPreview) tokenName(id int32) string {
	return fmt.Sprintf("%s (%d)", visible(p.encoder.Tokenizer().Bytes(id)), id)
}

// pageWidth is how wide previews are; texts keep their own lines.
const pageWidth = 80

// idLines writes the ids that are read, then those that are learned.
func idLines(r rendering) string {
	return wrapIDs("ids read", r.IDs[:r.Prompt]) + wrapIDs("ids learned", r.IDs[r.Prompt:])
}

// wrapIDs writes ids after a title, in lines of the page's width.
func wrapIDs(title string, ids []int32) string {
	if len(ids) == 0 {
		return ""
	}
	line := fmt.Sprintf("  %-11s ", title)
	var b strings.Builder
	for _, id := range ids {
		word := " " + strconv.Itoa(int(id))
		if len(line)+len(word) > pageWidth {
			b.WriteString(line + "\n")
			line = strings.Repeat(" ", 14)
		}
		line += word
	}
	return b.String() + line + "\n"
}

// eachToken prints one token a line, with the bytes that it stands for: a rune
// may be spread over several tokens.
func (p *modelPreview) eachToken(r rendering) error {
	w := newRowWriter("table", p.out, []string{"position", "id", "learned", "token"})
	for i, id := range r.IDs {
		learned := ""
		if i >= r.Prompt {
			learned = "learned"
		}
		if err := w.row([]any{i, id, learned, strconv.Quote(p.encoder.Tokenizer().Bytes(id))}); err != nil {
			return err
		}
	}
	return w.close()
}
