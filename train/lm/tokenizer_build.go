package lm

import (
	"errors"
	"fmt"
)

// buildNormalizer reports whether text is brought to NFC.
func buildNormalizer(c *componentJSON) (nfc bool, err error) {
	if c == nil {
		return false, nil
	}
	switch c.Type {
	case "NFC":
		return true, nil
	case "Sequence":
		for i := range c.Normalizers {
			inner, err := buildNormalizer(&c.Normalizers[i])
			if err != nil {
				return false, err
			}
			nfc = nfc || inner
		}
		return nfc, nil
	}
	return false, fmt.Errorf("normalizer %q is not supported (NFC is)", c.Type)
}

// buildPreTokenizer builds the splitter, and insists on ByteLevel at its end:
// without it the vocabulary is not in the byte alphabet.
func buildPreTokenizer(c *componentJSON) (splitter, error) {
	if c == nil {
		return nil, errors.New("pre_tokenizer is missing; only byte-level BPE is supported")
	}
	steps := []componentJSON{*c}
	if c.Type == "Sequence" {
		steps = c.PreTokenizers
	}
	if len(steps) == 0 || steps[len(steps)-1].Type != "ByteLevel" {
		return nil, fmt.Errorf("pre_tokenizer %q does not end with ByteLevel; only byte-level BPE is supported", c.Type)
	}
	pieces := splitter(whole)
	for _, step := range steps {
		next, err := buildSplitter(step)
		if err != nil {
			return nil, err
		}
		pieces = chain(pieces, next)
	}
	return pieces, nil
}

func buildSplitter(c componentJSON) (splitter, error) {
	switch c.Type {
	case "Digits":
		return splitDigits(c.IndividualDigits), nil
	case "ByteLevel":
		pieces := splitter(whole)
		if c.AddPrefixSpace {
			pieces = prefixSpace
		}
		if c.UseRegex == nil || *c.UseRegex {
			pieces = chain(pieces, gpt2Pattern.split)
		}
		return pieces, nil
	case "Split":
		isolated := c.Behavior == "Isolated" && !c.Invert
		matchesOnly := c.Behavior == "Removed" && c.Invert
		if c.Pattern.Regex == "" || !isolated && !matchesOnly {
			return nil, fmt.Errorf("pre_tokenizer Split with behavior %q, invert %t is not supported", c.Behavior, c.Invert)
		}
		return splitPattern(c.Pattern.Regex, isolated)
	}
	return nil, fmt.Errorf("pre_tokenizer %q is not supported (Digits, ByteLevel and Split are)", c.Type)
}

// checkDecoder insists on the decoder that undoes the byte alphabet.
func checkDecoder(c *componentJSON) error {
	if c == nil {
		return errors.New("decoder is missing; only ByteLevel is supported")
	}
	if c.Type == "Sequence" && len(c.Decoders) == 1 {
		c = &c.Decoders[0]
	}
	if c.Type != "ByteLevel" {
		return fmt.Errorf("decoder %q is not supported (ByteLevel is)", c.Type)
	}
	return nil
}

// maxIDGap bounds how far ids may lie beyond the count of tokens, so that a
// number in the file can't decide an allocation.
const maxIDGap = 1 << 16

// buildVocabulary fills ids and tokens from the model's and the added tokens.
func (t *Tokenizer) buildVocabulary(vocab map[string]int32, added []addedJSON) error {
	if len(vocab) == 0 {
		return errors.New("model.vocab is empty")
	}
	count := len(vocab) + len(added)
	t.ids = make(map[string]int32, count)
	t.tokens = make([]token, 0, count)
	for name, id := range vocab {
		text, ok := bytesOf(name)
		if !ok { // only added tokens are written outside the alphabet
			text = name
		}
		if err := t.define(name, id, token{bytes: text}, count+maxIDGap); err != nil {
			return err
		}
	}
	var raw, normalized []addedToken
	for _, a := range added {
		if err := t.defineAdded(a, count+maxIDGap); err != nil {
			return err
		}
		if entry := (addedToken{a.Content, a.ID}); a.Normalized {
			normalized = append(normalized, entry)
		} else {
			raw = append(raw, entry)
		}
	}
	t.rawAdded, t.normAdded = newAddedTokens(raw), newAddedTokens(normalized)
	return nil
}

// define gives id, which must be below limit, its token.
func (t *Tokenizer) define(name string, id int32, what token, limit int) error {
	if id < 0 || int(id) >= limit {
		return fmt.Errorf("token %q: id %d lies far outside the vocabulary", name, id)
	}
	for int(id) >= len(t.tokens) {
		t.tokens = append(t.tokens, token{})
	}
	if t.tokens[id].bytes != "" && !what.added {
		return fmt.Errorf("token %q: id %d is taken by another token", name, id)
	}
	t.ids[name], t.tokens[id] = id, what
	return nil
}

// defineAdded adds an added token below limit; where the model has it too, both must agree
// on the id.
func (t *Tokenizer) defineAdded(a addedJSON, limit int) error {
	switch {
	case a.Content == "":
		return fmt.Errorf("added token with id %d is empty", a.ID)
	case a.SingleWord || a.LStrip || a.RStrip:
		return fmt.Errorf("added token %q: single_word, lstrip and rstrip are not supported", a.Content)
	}
	if id, ok := t.ids[a.Content]; ok && id != a.ID {
		return fmt.Errorf("added token %q: id %d, but %d in the vocabulary", a.Content, a.ID, id)
	}
	return t.define(a.Content, a.ID, token{bytes: a.Content, added: true, special: a.Special}, limit)
}

// buildBPE reads the model's merges.
func buildBPE(m modelJSON, ids map[string]int32) (*bpe, error) {
	if err := checkModel(m); err != nil {
		return nil, err
	}
	model := &bpe{
		merges: make(map[pair]merge, len(m.Merges)), unknown: noID, tokens: wholeTokens(m),
	}
	if m.Unknown != "" {
		id, ok := ids[m.Unknown]
		if !ok {
			return nil, fmt.Errorf("model.unk_token %q is not in the vocabulary", m.Unknown)
		}
		model.unknown = id
	}
	for b := range 256 {
		model.byteID[b] = noID
		if id, ok := m.Vocab[string(byteRunes[b])]; ok {
			model.byteID[b] = id
		}
	}
	return model, model.addMerges(m)
}

// wholeTokens gives the tokens by their bytes, where a piece that is a token
// needs no merging.
func wholeTokens(m modelJSON) map[string]int32 {
	if !m.IgnoreMerges {
		return nil
	}
	tokens := make(map[string]int32, len(m.Vocab))
	for name, id := range m.Vocab {
		if text, ok := bytesOf(name); ok {
			tokens[text] = id
		}
	}
	return tokens
}

// checkModel refuses the options that would change ids.
func checkModel(m modelJSON) error {
	switch {
	case m.Type != "BPE" && m.Type != "": // old files leave the type out
		return fmt.Errorf("model %q is not supported (BPE is)", m.Type)
	case m.Dropout != nil && *m.Dropout != 0:
		return errors.New("model.dropout is not supported")
	case m.Prefix != "" || m.Suffix != "":
		return errors.New("model.continuing_subword_prefix and end_of_word_suffix are not supported")
	case m.ByteFallback:
		return errors.New("model.byte_fallback is not supported; only byte-level BPE is")
	}
	return nil
}

// addMerges resolves each pair and its result to ids.
func (b *bpe) addMerges(m modelJSON) error {
	for rank, parts := range m.Merges {
		left, okLeft := m.Vocab[parts[0]]
		right, okRight := m.Vocab[parts[1]]
		id, ok := m.Vocab[parts[0]+parts[1]]
		if !okLeft || !okRight || !ok {
			return fmt.Errorf("merge %d (%q, %q): a part or the result is not in the vocabulary", rank, parts[0], parts[1])
		}
		b.merges[pair{left, right}] = merge{rank: int32(rank), id: id}
	}
	return nil
}
