package lm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"alignctl/internal/regular"
)

// The tokenizer's files within a model folder.
const (
	tokenizerFile       = "tokenizer.json"
	tokenizerConfigFile = "tokenizer_config.json"
)

// tokenizerJSON is the part of tokenizer.json that decides ids. The
// post-processor is kept for Around alone: it only adds tokens around a text,
// which the chat template does here.
type tokenizerJSON struct {
	Processor    json.RawMessage `json:"post_processor"`
	Added        []addedJSON     `json:"added_tokens"`
	Normalizer   *componentJSON  `json:"normalizer"`
	PreTokenizer *componentJSON  `json:"pre_tokenizer"`
	Decoder      *componentJSON  `json:"decoder"`
	Model        modelJSON       `json:"model"`
}

type addedJSON struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

type componentJSON struct {
	Type             string          `json:"type"`
	Normalizers      []componentJSON `json:"normalizers"`
	PreTokenizers    []componentJSON `json:"pretokenizers"`
	Decoders         []componentJSON `json:"decoders"`
	IndividualDigits bool            `json:"individual_digits"`
	AddPrefixSpace   bool            `json:"add_prefix_space"`
	UseRegex         *bool           `json:"use_regex"` // absent in older files: true
	Behavior         string          `json:"behavior"`
	Invert           bool            `json:"invert"`
	Pattern          struct {
		Regex string `json:"Regex"`
	} `json:"pattern"`
}

type modelJSON struct {
	Type         string           `json:"type"`
	Dropout      *float64         `json:"dropout"`
	Unknown      string           `json:"unk_token"`
	Prefix       string           `json:"continuing_subword_prefix"`
	Suffix       string           `json:"end_of_word_suffix"`
	ByteFallback bool             `json:"byte_fallback"`
	IgnoreMerges bool             `json:"ignore_merges"`
	Vocab        map[string]int32 `json:"vocab"`
	Merges       []mergeJSON      `json:"merges"`
}

// mergeJSON is a pair of tokens, written as ["a","b"] or, in older files, as
// "a b".
type mergeJSON [2]string

// UnmarshalJSON reads either form.
func (m *mergeJSON) UnmarshalJSON(text []byte) error {
	var parts []string
	if len(text) > 0 && text[0] == '"' {
		var joined string
		if err := json.Unmarshal(text, &joined); err != nil {
			return err
		}
		parts = strings.Split(joined, " ")
	} else if err := json.Unmarshal(text, &parts); err != nil {
		return err
	}
	if len(parts) != 2 {
		return fmt.Errorf("merge %s is not a pair of tokens", text)
	}
	*m = mergeJSON(parts)
	return nil
}

// LoadTokenizer reads tokenizer.json and, where present, the special tokens of
// tokenizer_config.json. A component that would change ids and isn't known is
// an error that names it.
func LoadTokenizer(folder string) (*Tokenizer, error) {
	text, err := regular.Read(filepath.Join(folder, tokenizerFile), maxTokenizerJSON)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("load tokenizer of model %q: it holds no %s; fetch that file into the folder",
			folder, tokenizerFile)
	}
	if err != nil {
		return nil, fmt.Errorf("load tokenizer of model %q: %w", folder, err)
	}
	t, err := parseTokenizer(text)
	if err != nil {
		return nil, fmt.Errorf("load tokenizer %q: %w", filepath.Join(folder, tokenizerFile), err)
	}
	t.folder = folder
	if err := t.readSpecials(folder); err != nil {
		return nil, err
	}
	return t, nil
}

// parseTokenizer builds a tokenizer from the text of tokenizer.json.
func parseTokenizer(text []byte) (*Tokenizer, error) {
	var file tokenizerJSON
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	t := &Tokenizer{bos: noID, eos: noID, pad: noID, processor: file.Processor}
	var err error
	if t.normalize, err = buildNormalizer(file.Normalizer); err != nil {
		return nil, err
	}
	if t.pieces, err = buildPreTokenizer(file.PreTokenizer); err != nil {
		return nil, err
	}
	if err := checkDecoder(file.Decoder); err != nil {
		return nil, err
	}
	if err := t.buildVocabulary(file.Model.Vocab, file.Added); err != nil {
		return nil, err
	}
	t.model, err = buildBPE(file.Model, t.ids)
	return t, err
}

// readSpecials takes BOS, EOS and PAD from tokenizer_config.json.
func (t *Tokenizer) readSpecials(folder string) error {
	config, err := readTokenizerConfig(folder)
	if err != nil {
		return err
	}
	for _, special := range []struct {
		key  string
		name specialName
		id   *int32
	}{
		{"bos_token", config.BOS, &t.bos}, {"eos_token", config.EOS, &t.eos}, {"pad_token", config.PAD, &t.pad},
	} {
		if special.name == "" {
			continue
		}
		id, ok := t.ids[string(special.name)]
		if !ok {
			return fmt.Errorf("load tokenizer %q: %s %q is not in the vocabulary",
				filepath.Join(folder, tokenizerConfigFile), special.key, special.name)
		}
		*special.id = id
	}
	return nil
}

// tokenizerConfig is the part of tokenizer_config.json that is used here.
type tokenizerConfig struct {
	BOS          specialName     `json:"bos_token"`
	EOS          specialName     `json:"eos_token"`
	PAD          specialName     `json:"pad_token"`
	ChatTemplate json.RawMessage `json:"chat_template"`
}

// A specialName is a token's content, written as a string, as an object that
// has it, or as null.
type specialName string

// UnmarshalJSON reads any of the three forms.
func (s *specialName) UnmarshalJSON(text []byte) error {
	var object struct {
		Content string `json:"content"`
	}
	if text[0] == '{' {
		err := json.Unmarshal(text, &object)
		*s = specialName(object.Content)
		return err
	}
	return json.Unmarshal(text, (*string)(s))
}

// readTokenizerConfig reads tokenizer_config.json; an absent file is an empty
// one.
func readTokenizerConfig(folder string) (tokenizerConfig, error) {
	var config tokenizerConfig
	path := filepath.Join(folder, tokenizerConfigFile)
	text, err := regular.Read(path, maxSmallJSON)
	if errors.Is(err, fs.ErrNotExist) {
		return config, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	if err != nil {
		return config, fmt.Errorf("read %q: %w", path, err)
	}
	return config, nil
}
