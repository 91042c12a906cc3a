package norms

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/etl/etltest"
)

// TestSetsReadAndTravel reads each set that comes with alignctl, and sees that
// a run's configuration keeps all of it.
func TestSetsReadAndTravel(t *testing.T) {
	if len(Sets()) < 9 {
		t.Errorf("sets: %v", Sets())
	}
	for _, name := range Sets() {
		s := builtin(t, name)
		if s.Name != name {
			t.Errorf("set %s is called %s", name, s.Name)
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again Set
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, &again); diff != "" {
			t.Errorf("set %s through JSON: %s", name, diff)
		}
	}
	if _, err := FindSet("warriner2"); err == nil || !strings.Contains(err.Error(), `did you mean "warriner"?`) {
		t.Errorf("got %v", err)
	}
}

func TestMappingFaults(t *testing.T) {
	const dimension = "  valence: {low: 1, high: 9, mean: v}\n"
	for text, want := range map[string]string{
		"langauge: en\n": `mine.yaml:1:1: unknown key "langauge"; did you mean "language"?`,
		"language: en\nword: w\ndimensions:\n  v: {hi: 9}\n":                               `mine.yaml:4:7: unknown key "hi"`,
		"language: English\nword: w\ndimensions:\n":                                        `language "English": give a code of ISO 639, such as en`,
		"language: en\ndimensions:\n" + dimension:                                          "no word: name the column that holds the words",
		"language: en\nword: w\n":                                                          "no dimensions: name at least one",
		"language: en\nword: w\ndimensions:\n  v:\n":                                       `dimension "v": no mean`,
		"language: en\nword: w\ndimensions:\n  v: {mean: m}\n":                             "low must be below high",
		"language: en\nword: w\ndimensions:\n  v: {mean: m, low: .nan, high: 2}\n":         "low must be below high",
		"language: en\nword: w\ndimensions:\n  v: {mean: m, low: 0, high: .inf}\n":         "both within 100000",
		"language: en\nword: w\ndimensions:\n  v: {mean: \"m{group}\", low: 0, high: 1}\n": "{group} stands in each column",
		"language: en\nword: w\ngroups: {M: men}\ndimensions:\n" + dimension:               "groups: name the group of all raters Sum",
		"language: en\nword: v\ndimensions:\n" + dimension:                                 `column "v" has two meanings`,
		"language: en\nword: w\nencodings: [latin]\ndimensions:\n" + dimension:             `encoding "latin": not known`,
		"language: en\nword: w\ndelimiters: \"–\"\ndimensions:\n" + dimension:              "want single ASCII characters",
		"language: en\nword: w\nheaderless: [w, x]\ndimensions:\n" + dimension:             `headerless: column "x" isn't among those of the set`,
		"language: en\nword: w\nheaderless: [w]\ndimensions:\n" + dimension:                `headerless: column "v" is missing`,
		"language: en\nword: {a: b}\ndimensions:\n" + dimension:                            "mine.yaml:2:",
	} {
		_, err := ParseSet("mine.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestTwoHeaderLines sees that the published form of the Glasgow norms is
// refused with what to do about it.
func TestTwoHeaderLines(t *testing.T) {
	path := write(t, "glasgow.csv", "Words,Length,AROU,,,VAL,,\r\n,,M,SD,N,M,SD,N\r\ntea,3,4.1,2,33,6,1.5,33\r\n")
	message := refused(t, etltest.NewLake(t), Options{Set: builtin(t, "glasgow"), Files: []string{path}})
	if !strings.HasPrefix(message, "glasgow.csv:1:") || !strings.Contains(message, "two header lines; join them into one") {
		t.Errorf("message: %s", message)
	}
	flat := write(t, "flat.csv", "Words,Length,Arousal,ArousalSD,ArousalN,Concreteness,ConcretenessSD,ConcretenessM\r\n"+
		"bank (money),4,4.1,2,33,6.1,1,32\r\n")
	l := etltest.NewLake(t)
	load(t, l, builtin(t, "glasgow"), flat)
	etltest.Expect(t, l, "select dimension, original, n from core.norm order by dimension", "arousal|4.1|33", "concreteness|6.1|32")
}
