package lm

import (
	"encoding/json"
	"fmt"
	"slices"
)

// processorJSON is the part of a post-processor that puts tokens around a text.
type processorJSON struct {
	Type       string          `json:"type"`
	Processors []processorJSON `json:"processors"`
	Single     []struct {
		Special *struct {
			ID string `json:"id"`
		} `json:"SpecialToken"` // nil where the text stands
	} `json:"single"`
	Specials map[string]struct {
		IDs []int32 `json:"ids"`
	} `json:"special_tokens"`
}

// Around gives the tokens that the folder's post-processor puts before and after
// a text. Encode leaves them out, since a chat template writes its own.
func (t *Tokenizer) Around() (before, after []int32, err error) {
	if t.processor == nil {
		return nil, nil, nil
	}
	var processor processorJSON
	if err := json.Unmarshal(t.processor, &processor); err != nil {
		return nil, nil, fmt.Errorf("read post_processor of tokenizer %q: %w", t.folder, err)
	}
	return processor.around()
}

func (p processorJSON) around() (before, after []int32, err error) {
	switch p.Type {
	case "", "ByteLevel": // moves offsets alone
		return nil, nil, nil
	case "Sequence":
		for _, inner := range p.Processors {
			first, last, err := inner.around()
			if err != nil {
				return nil, nil, err
			}
			before, after = slices.Concat(first, before), slices.Concat(after, last)
		}
		return before, after, nil
	case "TemplateProcessing":
		to := &before
		for _, piece := range p.Single {
			if piece.Special == nil {
				to = &after
				continue
			}
			*to = append(*to, p.Specials[piece.Special.ID].IDs...)
		}
		return before, after, nil
	}
	return nil, nil, fmt.Errorf("post-processor %q of a tokenizer isn't known", p.Type)
}
