package lm

import (
	"encoding/json"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A Tokenizer turns text into token ids and back, as the tokenizer.json of a
// model folder says. It reads byte-level BPE, the kind that SmolLM2, Llama 3
// and Qwen 2, 2.5 and 3 use. Its methods are safe for concurrent use.
type Tokenizer struct {
	folder    string
	tokens    []token // by id
	ids       map[string]int32
	rawAdded  *addedTokens // matched in the text as it comes
	normAdded *addedTokens // matched in the normalized text
	normalize bool         // to NFC
	pieces    splitter
	model     *bpe
	bos       int32 // or -1
	eos       int32
	pad       int32
	processor json.RawMessage // see Around
}

// A token is what an id stands for.
type token struct {
	bytes   string
	added   bool // matched as a whole in text
	special bool // a control token, not text
}

// noID marks a special token that the folder doesn't name.
const noID = -1

// Encode gives the ids of text. Added tokens written out in the text become
// their ids. Nothing is put before or after: a beginning-of-text token comes
// from the chat template. A byte that the vocabulary lacks becomes the unknown
// token where the model has one, and is dropped where not, as in the reference
// implementation; published byte-level vocabularies lack only bytes that valid
// UTF-8 never holds.
func (t *Tokenizer) Encode(text string) []int32 {
	var ids []int32
	found := func(id int32) { ids = append(ids, id) }
	plain := func(text string) {
		t.pieces(text, func(piece string) { ids = t.model.append(ids, piece) })
	}
	t.rawAdded.split(text, func(rest string) {
		if t.normalize {
			rest = norm.NFC.String(rest)
		}
		t.normAdded.split(rest, plain, found)
	}, found)
	return ids
}

// Decode gives the text of ids, always valid UTF-8: the bytes of all tokens
// are joined before they are read as runes, and each longest part that is not
// UTF-8 becomes one U+FFFD. Ids outside the vocabulary give nothing.
// skipSpecial leaves control tokens out.
func (t *Tokenizer) Decode(ids []int32, skipSpecial bool) string {
	var raw strings.Builder
	for _, id := range ids {
		raw.WriteString(t.bytes(id, skipSpecial))
	}
	return validUTF8(raw.String())
}

// bytes is the raw text of one id.
func (t *Tokenizer) bytes(id int32, skipSpecial bool) string {
	if id < 0 || int(id) >= len(t.tokens) || skipSpecial && t.tokens[id].special {
		return ""
	}
	return t.tokens[id].bytes
}

// Bytes is what one id stands for: text, or part of a rune of it. An id outside
// the vocabulary stands for nothing.
func (t *Tokenizer) Bytes(id int32) string { return t.bytes(id, false) }

// ID finds a token by the way tokenizer.json writes it ("<|im_end|>",
// "Ġocean").
func (t *Tokenizer) ID(token string) (int32, bool) {
	id, ok := t.ids[token]
	return id, ok
}

// VocabSize is one more than the largest id. A model's embedding may have more
// rows than that, as padding.
func (t *Tokenizer) VocabSize() int { return len(t.tokens) }

// BOS is the token that begins a text; ok is false when the folder names none.
func (t *Tokenizer) BOS() (id int32, ok bool) { return t.bos, t.bos != noID }

// EOS is the token that ends a turn or a text; ok is false when the folder
// names none.
func (t *Tokenizer) EOS() (id int32, ok bool) { return t.eos, t.eos != noID }

// PAD is the token that fills rows up; ok is false when the folder names none.
// It is often the same as EOS, so padding must be known by position.
func (t *Tokenizer) PAD() (id int32, ok bool) { return t.pad, t.pad != noID }

// A TextStream decodes ids one at a time.
type TextStream struct {
	tokenizer   *Tokenizer
	skipSpecial bool
	pending     string // the beginning of a rune
}

// Stream starts decoding a sequence piece by piece.
func (t *Tokenizer) Stream(skipSpecial bool) *TextStream {
	return &TextStream{tokenizer: t, skipSpecial: skipSpecial}
}

// Next gives the text that id completes; it may be empty, and never holds part
// of a rune.
func (s *TextStream) Next(id int32) string {
	raw := s.pending + s.tokenizer.bytes(id, s.skipSpecial)
	end := len(raw)
	for n := 1; n <= min(3, len(raw)); n++ {
		if partialRune(raw[len(raw)-n:]) == n {
			end = len(raw) - n
		}
	}
	s.pending = raw[end:]
	return validUTF8(raw[:end])
}

// Rest gives what is left at the end: nothing, or one U+FFFD for a rune that
// was cut off.
func (s *TextStream) Rest() string {
	raw := s.pending
	s.pending = ""
	return validUTF8(raw)
}
