package lm

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAround(t *testing.T) {
	template := `{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
		{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
		"special_tokens": {"<s>": {"id": "<s>", "ids": [7], "tokens": ["<s>"]}, "</s>": {"id": "</s>", "ids": [8, 9], "tokens": []}}}`
	twice := `{"type": "Sequence", "processors": [` + template + `, {"type": "ByteLevel"}, ` + strings.ReplaceAll(template, "7", "5") + `]}`
	for text, want := range map[string][2][]int32{
		template: {{7}, {8, 9}}, twice: {{5, 7}, {8, 9, 8, 9}}, `{"type": "ByteLevel"}`: {}, `null`: {}, ``: {},
	} {
		tokenizer := Tokenizer{processor: json.RawMessage(text)}
		if text == "" {
			tokenizer.processor = nil
		}
		before, after, err := tokenizer.Around()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, [2][]int32{before, after}); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{`{"type": "BertProcessing"}`, `{"type": "Sequence", "processors": [{"type": "BertProcessing"}]}`, `3`} {
		tokenizer := Tokenizer{processor: json.RawMessage(text)}
		if _, _, err := tokenizer.Around(); err == nil {
			t.Errorf("%s is read", text)
		}
	}
}

// Of the families only Llama's tokenizer puts a token before a text: with the
// chat template's own there would be two.
func TestAroundPublished(t *testing.T) {
	for name, want := range map[string][]int32{"smollm2": nil, "llama3_1": {128000}, "qwen2_5": nil, "qwen3": nil} {
		t.Run(name, func(t *testing.T) {
			before, after, err := loadTestTokenizer(t, realModel(t, name)).Around()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([2][]int32{want, nil}, [2][]int32{before, after}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
