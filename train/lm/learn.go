package lm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The control tokens of a learnt tokenizer, in the order of their ids.
const (
	endOfText = "<|endoftext|>" // padding, and what follows a document
	turnStart = "<|im_start|>"
	turnEnd   = "<|im_end|>"
)

// hanPattern makes each Chinese character a piece of its own: a compound that
// was seen in training is then written like one that was not.
const hanPattern = `\p{Han}`

// chatMLTemplate frames each turn by its role, the last by an open answer.
const chatMLTemplate = "{% for message in messages %}" +
	"{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
	"{% endfor %}" +
	"{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

// LearnTokenizer learns a byte-level BPE tokenizer from texts and writes it,
// with a ChatML template, into folder as tokenizer.json and
// tokenizer_config.json. The vocabulary holds the control tokens, the 256
// bytes, and merges while a pair occurs twice, at most vocabSize tokens in
// all. The same texts, in any order, give the same bytes.
func LearnTokenizer(texts iter.Seq[string], vocabSize int, folder string) error {
	control := []string{endOfText, turnStart, turnEnd}
	if least := len(control) + len(byteRunes); vocabSize < least {
		return fmt.Errorf("learn tokenizer: vocabulary of %d: want at least %d, the bytes and control tokens", vocabSize, least)
	}
	pieces, err := learningSplitter()
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for text := range texts {
		pieces(text, func(piece string) { counts[piece]++ })
	}
	if len(counts) == 0 {
		return fmt.Errorf("learn tokenizer: there is no text to learn from")
	}
	vocab := map[string]int32{}
	for _, token := range control {
		vocab[token] = int32(len(vocab))
	}
	for _, r := range byteRunes {
		vocab[string(r)] = int32(len(vocab))
	}
	var merges []mergeJSON
	l := newLearner(counts)
	for len(vocab) < vocabSize {
		pair, ok := l.best()
		if !ok {
			break
		}
		l.merge(pair)
		merges = append(merges, pair)
		if _, known := vocab[pair[0]+pair[1]]; !known {
			vocab[pair[0]+pair[1]] = int32(len(vocab))
		}
	}
	return writeTokenizer(folder, control, vocab, merges)
}

func learningSplitter() (splitter, error) {
	han, err := splitPattern(hanPattern, true)
	if err != nil {
		return nil, fmt.Errorf("learn tokenizer: %w", err)
	}
	return chain(han, chain(splitDigits(true), gpt2Pattern.split)), nil
}

// A learner holds every distinct piece as the tokens that it is made of so far.
type learner struct{ words []learntWord }

type learntWord struct {
	tokens []string // in the byte alphabet
	count  int
}

func newLearner(counts map[string]int) *learner {
	l := &learner{}
	for _, piece := range slices.Sorted(maps.Keys(counts)) {
		w := learntWord{count: counts[piece]}
		for _, r := range alphabetOf(piece) {
			w.tokens = append(w.tokens, string(r))
		}
		l.words = append(l.words, w)
	}
	return l
}

// best is the most frequent pair of neighbours, ties by the pair's text; ok is
// false when none occurs twice.
func (l *learner) best() (pair mergeJSON, ok bool) {
	counts := map[mergeJSON]int{}
	for _, w := range l.words {
		for i := range len(w.tokens) - 1 {
			counts[mergeJSON{w.tokens[i], w.tokens[i+1]}] += w.count
		}
	}
	most := 1
	for p, n := range counts {
		if n > most || n == most && ok && comparePairs(p, pair) < 0 {
			pair, most, ok = p, n, true
		}
	}
	return pair, ok
}

func comparePairs(a, b mergeJSON) int {
	return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
}

// merge joins every occurrence of a pair.
func (l *learner) merge(pair mergeJSON) {
	for at, w := range l.words {
		tokens := w.tokens[:0]
		for i := 0; i < len(w.tokens); i++ {
			token := w.tokens[i]
			if i+1 < len(w.tokens) && token == pair[0] && w.tokens[i+1] == pair[1] {
				token += pair[1]
				i++
			}
			tokens = append(tokens, token)
		}
		l.words[at].tokens = tokens
	}
}

func writeTokenizer(folder string, control []string, vocab map[string]int32, merges []mergeJSON) error {
	added := make([]any, len(control))
	for i, token := range control {
		added[i] = map[string]any{"id": i, "content": token, "single_word": false, "lstrip": false,
			"rstrip": false, "normalized": false, "special": true}
	}
	byteLevel := map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}
	if merges == nil {
		merges = []mergeJSON{} // "merges" must be there
	}
	tokenizer := map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added, "normalizer": nil,
		"pre_tokenizer": map[string]any{"type": "Sequence", "pretokenizers": []any{
			map[string]any{"type": "Split", "pattern": map[string]any{"Regex": hanPattern}, "behavior": "Isolated", "invert": false},
			map[string]any{"type": "Digits", "individual_digits": true}, byteLevel}},
		"post_processor": nil, "decoder": byteLevel,
		"model": map[string]any{"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
			"end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
			"vocab": vocab, "merges": merges},
	}
	settings := map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": nil, "eos_token": turnEnd,
		"pad_token": endOfText, "clean_up_tokenization_spaces": false, "chat_template": chatMLTemplate}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("write tokenizer: %w", err)
	}
	for name, content := range map[string]any{tokenizerFile: tokenizer, tokenizerConfigFile: settings} {
		text, err := json.MarshalIndent(content, "", " ")
		if err != nil {
			return fmt.Errorf("write tokenizer: %w", err)
		}
		if err := writeFile(filepath.Join(folder, name), append(text, '\n')); err != nil {
			return err
		}
	}
	return nil
}
