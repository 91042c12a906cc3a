package swow

import (
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
