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

// A learner holds every distinct piece as the tokens that it is made of so far,
// and how often each pair of neighbours occurs. A merge touches only the words
// that hold its pair, so learning costs about the text, not the text times the
// vocabulary.
type learner struct {
	words  []learntWord
	counts map[mergeJSON]int
	where  map[mergeJSON][]int // words that hold the pair, or once did
	queue  queue[countedPair]  // has each pair's present count, and older ones
}

type learntWord struct {
	tokens []string // in the byte alphabet
	count  int
}

// A countedPair is a pair as often as it occurred when it was queued.
type countedPair struct {
	pair  mergeJSON
	count int
}

// before puts the most frequent first, ties by the pair's text.
func (c countedPair) before(other countedPair) bool {
	return cmp.Or(cmp.Compare(other.count, c.count),
		strings.Compare(c.pair[0], other.pair[0]), strings.Compare(c.pair[1], other.pair[1])) < 0
}

func newLearner(counts map[string]int) *learner {
	l := &learner{counts: map[mergeJSON]int{}, where: map[mergeJSON][]int{}}
	for _, piece := range slices.Sorted(maps.Keys(counts)) {
		w := learntWord{count: counts[piece]}
		for _, r := range alphabetOf(piece) {
			w.tokens = append(w.tokens, string(r))
		}
		l.words = append(l.words, w)
		l.count(len(l.words)-1, 1)
	}
	for pair := range l.counts {
		l.enqueue(pair)
	}
	return l
}

// count adds a word's pairs to the counts, or takes them out (sign -1).
func (l *learner) count(word, sign int) {
	w := l.words[word]
	for i := range len(w.tokens) - 1 {
		pair := mergeJSON{w.tokens[i], w.tokens[i+1]}
		l.counts[pair] += sign * w.count
		if known := l.where[pair]; sign > 0 && (len(known) == 0 || known[len(known)-1] != word) {
			l.where[pair] = append(known, word)
		}
	}
}

// enqueue queues a pair that occurs twice.
func (l *learner) enqueue(pair mergeJSON) {
	if n := l.counts[pair]; n > 1 {
		l.queue.push(countedPair{pair, n})
	}
}

// best is the most frequent pair of neighbours, ties by the pair's text; ok is
// false when none occurs twice.
func (l *learner) best() (pair mergeJSON, ok bool) {
	for len(l.queue) > 0 {
		if top := l.queue.pop(); top.count == l.counts[top.pair] {
			return top.pair, true
		}
	}
	return mergeJSON{}, false
}

// merge joins every occurrence of a pair.
func (l *learner) merge(pair mergeJSON) {
	words := l.where[pair]
	delete(l.where, pair)
	touched := map[mergeJSON]bool{}
	for _, word := range words {
		joined := joinPair(l.words[word].tokens, pair)
		if len(joined) == len(l.words[word].tokens) {
			continue // another merge took the pair from this word
		}
		l.touch(word, touched)
		l.count(word, -1)
		l.words[word].tokens = joined
		l.count(word, 1)
		l.touch(word, touched)
	}
	for p := range touched {
		l.enqueue(p)
	}
	delete(l.counts, pair)
}

// touch notes a word's pairs.
func (l *learner) touch(word int, touched map[mergeJSON]bool) {
	tokens := l.words[word].tokens
	for i := range len(tokens) - 1 {
		touched[mergeJSON{tokens[i], tokens[i+1]}] = true
	}
}

// joinPair joins a pair wherever it occurs, from the left.
func joinPair(tokens []string, pair mergeJSON) []string {
	joined := make([]string, 0, len(tokens))
	for i := 0; i < len(tokens); i++ {
		token := tokens[i]
		if i+1 < len(tokens) && token == pair[0] && tokens[i+1] == pair[1] {
			token += pair[1]
			i++
		}
		joined = append(joined, token)
	}
	return joined
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
