package swow

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed languages/*.yaml
var languageFiles embed.FS

// A Language is what differs between the languages of Small World of Words.
type Language struct {
	Code   string `yaml:"-"`      // ISO 639-1
	Source string `yaml:"source"` // the source's name when the user gives none
	// Tokens are texts that stand for no word, by the kind that they give
	// core.association: missing, unknown, repeat, ...
	Tokens map[string][]string `yaml:"tokens"`
	// Mask is what a word masked for privacy looks like; it counts as missing.
	Mask        *Mask        `yaml:"mask"`
	Populations []Population `yaml:"populations"`
}

// A Mask is a word of exactly Length characters, all of them from Alphabet.
type Mask struct {
	Length   int    `yaml:"length"`
	Alphabet string `yaml:"alphabet"`
}

// A Population is the participants whose responses core.strength counts
// together. An empty condition admits everybody.
type Population struct {
	Name           string `yaml:"name"`
	Country        string `yaml:"country"`
	NativeLanguage string `yaml:"native_language"`
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
		return nil, fmt.Errorf("find language %q: not known; give one of %s", code, strings.Join(Languages(), ", "))
	}
	text, err := languageFiles.ReadFile("languages/" + code + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("find language %q: %w", code, err)
	}
	l := &Language{Code: code}
	if err := yaml.UnmarshalWithOptions(text, l, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read language %q: %w", code, err)
	}
	return l, nil
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
