package swow

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

//go:embed languages/*.yaml
var languageFiles embed.FS

// A Language is what differs between the languages of Small World of Words:
// data, in a pack (languages/*.yaml, or a user's own file; see ReadLanguage).
type Language struct {
	Code   string `yaml:"code"`   // ISO 639-1
	Source string `yaml:"source"` // the source's name when the user gives none
	// Tokens are texts that stand for no word, by the kind that they give
	// core.association: missing, unknown, repeat, ...
	Tokens map[string][]string `yaml:"tokens"`
	// Mask is what a word masked for privacy looks like; it counts as missing.
	Mask *Mask `yaml:"mask"`
	// Normalise says which spellings of a word are one.
	Normalise Normalise `yaml:"normalise"`
	// Shapes sets words of uncleaned files aside for their characters.
	Shapes Shapes `yaml:"shapes"`
	// Native ranks the native languages of participants for the sample; those
	// in no list rank 0.
	Native []Priority `yaml:"native"`
	// Participants are the rules that remove a participant of an uncleaned
	// file; the first that applies gives the status.
	Participants []Rule `yaml:"participants"`
	// Sample says which records of an uncleaned file are the official sample.
	Sample *Sample `yaml:"sample"`
	// VariantCues stand for British variants, which the official tables leave
	// out.
	VariantCues []string `yaml:"variant_cues"`
	// SelfAnswers says whether a response that equals its cue counts.
	SelfAnswers SelfAnswers  `yaml:"self_answers"`
	Populations []Population `yaml:"populations"`

	text string // of a user's pack; "" for one of ours
}

// A Mask is a word of exactly Length characters, all of them from Alphabet.
type Mask struct {
	Length   int    `yaml:"length"`
	Alphabet string `yaml:"alphabet"`
}

// Normalise says what is done to a text before it is looked at as a word.
type Normalise struct {
	// Simplify turns traditional Chinese characters into simplified ones.
	Simplify bool `yaml:"simplify"`
	// Erhua takes the syllable 儿 from the end of a word of two characters and
	// more, unless the word ends in one of Keep.
	Erhua *Erhua `yaml:"erhua"`
}

// Erhua lists the words in which a final 儿 is part of the word.
type Erhua struct {
	Keep []string `yaml:"keep"`
}

// Shapes says which words of an uncleaned file are set aside, with the kinds
// long and symbol.
type Shapes struct {
	Longest int  `yaml:"longest"` // characters; 0: any length
	Symbol  bool `yaml:"symbol"`  // words without a letter or digit
}

// A Priority is the rank of some native languages in the sample.
type Priority struct {
	Rank   float64  `yaml:"rank"`
	Labels []string `yaml:"labels"` // as the column nativeLanguage has them
}

// A Rule removes participants: those whose Statistic lies above or below a
// limit, or whose native language is in a list.
type Rule struct {
	Status         string   `yaml:"status"`
	Statistic      string   `yaml:"statistic"` // one of Statistics
	Above          *float64 `yaml:"above"`
	Below          *float64 `yaml:"below"`
	NativeLanguage []string `yaml:"native_language"`
}

// statistics are what a Rule may test, in words.
var statistics = map[string]string{
	"empty":     "slots without a word, missing or unknown, as a share of all",
	"lexicon":   "words that the word list has, as a share of the answers",
	"repeat":    "answers that are no new word of the participant, as a share",
	"multiword": "responses of several words, as a share of the answers",
	"long":      "words longer than shapes.longest, as a share of the answers",
	"symbol":    "words without a letter or digit, as a share of the answers",
	"latin":     "words in Latin letters, as a share of the answers",
}

// Statistics lists what a Rule may test.
func Statistics() []string { return slices.Sorted(maps.Keys(statistics)) }

// Sample says how many records of a cue are the official sample, and which:
// those with the largest keys. A key is a sum of three terms, each with its
// weight.
type Sample struct {
	Size    int  `yaml:"size"`    // records a cue
	Ties    bool `yaml:"ties"`    // records that tie with the last one stay; else a draw decides
	Minimum int  `yaml:"minimum"` // a cue with fewer records has none in the sample
	Key     Key  `yaml:"key"`
}

// A Key is the weights of the terms of a sample's key.
type Key struct {
	Native      float64 `yaml:"native"`      // the rank of the participant's native language
	Participant float64 `yaml:"participant"` // participantID / the largest participantID
	Given       float64 `yaml:"given"`       // 3 - the record's missing slots
}

// SelfAnswers says what becomes of responses that equal their cue.
type SelfAnswers string

// The choices for a response that equals its cue.
const (
	KeepSelf SelfAnswers = "keep" // it counts, as in the official tables
	DropSelf SelfAnswers = "drop" // it has the kind self, and doesn't count
)

// A Population is the records whose responses core.strength counts together.
type Population struct {
	Name string `yaml:"name" json:"name"`
	// Where is an SQL condition on a record, its participant, and what the
	// cleaning says of both (see Facts); "" admits every kept participant.
	Where string `yaml:"where" json:"where"`
	// OmitIfAll leaves the population out where it is that of everybody.
	OmitIfAll bool `yaml:"omit_if_all" json:"omit_if_all,omitempty"`
}

// Languages lists the codes of the languages that FindLanguage knows.
func Languages() []string {
	files, err := languageFiles.ReadDir("languages")
	if err != nil {
		return nil // the folder is embedded: it can't be absent
	}
	codes := make([]string, len(files))
	for i, f := range files {
		codes[i] = strings.TrimSuffix(f.Name(), ".yaml")
	}
	return codes
}

// FindLanguage gives the language of a code.
func FindLanguage(code string) (*Language, error) {
	if !slices.Contains(Languages(), code) {
		return nil, fmt.Errorf("find language %q: not known; give one of %s, or a pack of your own",
			code, strings.Join(Languages(), ", "))
	}
	file := "languages/" + code + ".yaml"
	text, err := languageFiles.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("find language %q: %w", code, err)
	}
	return parseLanguage(file, text)
}

// ReadLanguage reads a user's pack. A fault in it is a *[strictyaml.Error] with
// its line and column.
func ReadLanguage(path string) (*Language, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read language pack: %w", err)
	}
	l, err := parseLanguage(path, text)
	if err != nil {
		return nil, err
	}
	l.text = string(text)
	return l, nil
}

// ParseLanguage is ReadLanguage of the text of a pack, such as a Config holds.
func ParseLanguage(text string) (*Language, error) {
	l, err := parseLanguage("pack", []byte(text))
	if err == nil {
		l.text = text
	}
	return l, err
}

// A token is a text that stands for no word.
type token struct{ text, kind string }

// tokens lists the language's tokens by text. An empty response is missing in
// every language.
func (l *Language) tokens() []token {
	list := []token{{"", "missing"}}
	for kind, texts := range l.Tokens {
		for _, text := range texts {
			list = append(list, token{text, kind})
		}
	}
	slices.SortFunc(list, func(a, b token) int { return cmp.Compare(a.text, b.text) })
	return list
}

// fixedKinds are the kinds of a slot by the codes that the transforms know.
var fixedKinds = []string{"word", "missing", "unknown", "repeat", "self", "long", "symbol"}

// kinds lists the kinds of the language's slots by their codes.
func (l *Language) kinds() []string {
	kinds := slices.Clone(fixedKinds)
	for _, kind := range slices.Sorted(maps.Keys(l.Tokens)) {
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// wordless lists the kinds that step 3 of the cleaning removes.
func (l *Language) wordless() []string {
	kinds := []string{"missing", "unknown"}
	for _, kind := range slices.Sorted(maps.Keys(l.Tokens)) {
		if kind != "repeat" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	if l.Shapes.Longest > 0 && !slices.Contains(kinds, "long") {
		kinds = append(kinds, "long")
	}
	if l.Shapes.Symbol && !slices.Contains(kinds, "symbol") {
		kinds = append(kinds, "symbol")
	}
	return kinds
}

// tests reports whether a rule tests one of these statistics.
func (l *Language) tests(names ...string) bool {
	return slices.ContainsFunc(l.Participants, func(r Rule) bool { return slices.Contains(names, r.Statistic) })
}
