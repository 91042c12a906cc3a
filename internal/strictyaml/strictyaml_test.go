package strictyaml

import (
	"strings"
	"testing"
)

type pack struct {
	Name  string           `yaml:"name"`
	Parts map[string]*part `yaml:"parts"`
}

type part struct {
	Low  float64 `yaml:"low"`
	High float64 `yaml:"high"`
}

func TestDecode(t *testing.T) {
	var p pack
	if err := Decode("pack.yaml", []byte("name: a\nparts:\n  b: {low: 1, high: 2.5}\n"), &p); err != nil {
		t.Fatal(err)
	}
	if p.Name != "a" || *p.Parts["b"] != (part{1, 2.5}) {
		t.Errorf("got %+v", p)
	}
}

func TestDecodeFaults(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\nparst: {}\n":               `pack.yaml:2:1: unknown key "parst"; did you mean "parts"?`,
		"parts:\n  b:\n    lo: 1\n":          `pack.yaml:3:5: unknown key "lo"; did you mean "low"?`,
		"name: a\nname: b\n":                 "pack.yaml:2:1: ",
		"parts:\n  b: {low: x}\n":            "pack.yaml:2:",
		"name: [\n":                          "pack.yaml:",
		"parts: &p !x\n":                     "pack.yaml:",
		"":                                   "pack.yaml: file is empty",
		"name: a\n---\nname: b\n":            "pack.yaml: more than one YAML document: keep one",
		strings.Repeat("#"+" \n", MaxSize/2): "larger than",
	} {
		err := Decode("pack.yaml", []byte(text), new(pack))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}
