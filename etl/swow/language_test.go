package swow

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEveryLanguage(t *testing.T) {
	for _, code := range Languages() {
		l, err := FindLanguage(code)
		if err != nil {
			t.Error(err)
			continue
		}
		if l.Source == "" || l.Code != code {
			t.Errorf("%s: source %q, code %q", code, l.Source, l.Code)
		}
		if !slices.Contains(l.Populations, Population{Name: everybody}) {
			t.Errorf("%s: no population of everybody, which the audits count by", code)
		}
		seen := map[string]bool{}
		for _, token := range l.tokens() {
			if seen[token.text] {
				t.Errorf("%s: token %q has two kinds: a join would double its rows", code, token.text)
			}
			seen[token.text] = true
		}
	}
}

func TestFindLanguageNamesTheChoices(t *testing.T) {
	for _, code := range []string{"", "eo", "EN", "../en"} {
		if _, err := FindLanguage(code); err == nil || !strings.Contains(err.Error(), "give one of de, en, es, nl, zh") {
			t.Errorf("%q: %v", code, err)
		}
	}
}

func TestEveryColumnOfALayoutHasATable(t *testing.T) {
	columns := map[string]bool{}
	for _, c := range rawSpec().Columns {
		columns[c.Name] = true
	}
	for _, l := range Layouts() {
		for _, c := range l.Columns {
			if c.Name != "" && !columns[c.Name] {
				t.Errorf("layout %s: column %q goes nowhere", l.Name, c.Name)
			}
		}
	}
}

func TestPackFaultsHaveAPlace(t *testing.T) {
	const head = "code: xx\nsource: swow-xx\npopulations: [{name: all}]\n"
	for text, want := range map[string]string{
		"source: x\n":           `p.yaml: code "" is no language code`,
		"code: xx\n":            "p.yaml: no name for the source",
		"code: xx\nsource: x\n": "p.yaml: no population of everybody",
		head + "tokens: 3\n":    "p.yaml:4:9: ",
		head + "token: {}\n":    `p.yaml:4:1: unknown key "token"; did you mean "tokens"?`,
		head + "tokens: {missing: [a], unknown: [a]}\n":                     `p.yaml:4:9: token "a" stands twice`,
		head + "self_answers: maybe\n":                                      `p.yaml:4:15: self_answers "maybe" is not known; write keep or drop`,
		head + "participants:\n- {status: A, statistic: empty}\n":           "p.yaml:5:3: the rule needs exactly one of above and below",
		head + "participants: [{statistic: empty, above: 1}]\n":             "p.yaml:4:16: the rule needs a status of its own",
		head + "participants: [{status: L, statistic: long, above: 1}]\n":   "p.yaml:4:16: long tests nothing without a length",
		head + "sample: {size: 0}\n":                                        "p.yaml:4:9: a sample of 0 records a cue",
		head + "sample: {size: 5}\n":                                        "p.yaml:4:9: the sample has no key",
		head + "native: [{rank: 1, labels: [A]}, {rank: 2, labels: [A]}]\n": `p.yaml:4:34: native language "A" has two ranks`,
		"code: xx\nsource: x\npopulations: [{name: all}, {name: all}]\n":    `p.yaml:3:28: population "all" stands twice`,
		head + "mask: {length: 3}\n":                                        "p.yaml:4:7: a mask needs length and alphabet",
		head + "a: [\n":                                                     "p.yaml:4:",
	} {
		_, err := parseLanguage("p.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// FuzzParseLanguage: no text makes the reader of packs panic, and a pack that is
// read is one that the transforms can use.
func FuzzParseLanguage(f *testing.F) {
	for _, code := range Languages() {
		text, err := languageFiles.ReadFile("languages/" + code + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("code: xx\nsource: [\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLanguage(text)
		if err == nil && (l.fault() != nil || !slices.Contains(l.Populations, Population{Name: everybody})) {
			t.Errorf("%q is read as %+v", text, l)
		}
	})
}

func TestNormalise(t *testing.T) {
	zh, err := FindLanguage("zh")
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNormaliser(zh.Normalise)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"蘋果": "苹果", "花兒": "花", "一点儿": "一点", "女儿": "女儿", "小女兒": "小女儿", "儿": "儿", "哪儿": "哪儿", "a儿": "a儿",
		"iPhone": "iPhone", "儿儿": "儿儿", "": "", "#Missing": "#Missing", "頭髮": "头发",
	} {
		if got, err := n.word(text); err != nil || got != want {
			t.Errorf("%q becomes %q, %v; want %q", text, got, err, want)
		}
	}
}

// TestDocumentedPack: the example of the manual is a pack.
func TestDocumentedPack(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "swow.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, pack, _ := strings.Cut(string(text), "```yaml\n")
	pack, _, _ = strings.Cut(pack, "```")
	l, err := ParseLanguage(pack)
	if err != nil {
		t.Fatal(err)
	}
	if l.Sample.Minimum != 55 || len(l.Participants) != 2 || l.Normalise.Erhua == nil {
		t.Errorf("read as %+v", l)
	}
}
