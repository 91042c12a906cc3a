package workspace_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/internal/workspace"
)

// Shared is what every entry of a settings type has.
type Shared struct {
	Licence string `yaml:"licence"`
}

// settings stands for a section's type.
type settings struct {
	Memory string `yaml:"memory"`
	Of     map[string]struct {
		Shared   `yaml:",inline"`
		Files    []string `yaml:"files"`
		Patterns []struct {
			Glob string `yaml:"glob"`
		} `yaml:"patterns"`
	} `yaml:"of"`
}

func read(t *testing.T, content string) (*workspace.File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), workspace.FileName)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return workspace.Read(path)
}

func TestDecode(t *testing.T) {
	f, err := read(t, "lake: x\netl:\n  of:\n    a: {licence: CC0, files: [one, two]}\n    b:\n      patterns: [{glob: '*'}]\n")
	if err != nil {
		t.Fatal(err)
	}
	got := settings{Memory: "as before"}
	if err := f.Decode("etl", &got); err != nil {
		t.Fatal(err)
	}
	if got.Memory != "as before" || got.Of["a"].Licence != "CC0" || got.Of["b"].Patterns[0].Glob != "*" {
		t.Errorf("decoded %+v", got)
	}
	if diff := cmp.Diff([]string{"one", "two"}, got.Of["a"].Files); diff != "" {
		t.Error(diff)
	}
	if want := filepath.Join(f.Folder(), "raw", "x"); f.Abs("raw/x") != want {
		t.Errorf("raw/x is %s", f.Abs("raw/x"))
	}
}

// Every mistake is told with its line, and an unknown key with the nearest one.
func TestMistakes(t *testing.T) {
	for content, want := range map[string]string{
		"lake: x\nelt: 1\n":                                       `:2:1: unknown key "elt"; did you mean "etl"?`,
		"etl:\n  memroy: 1\n":                                     `:2:3: unknown key "memroy"; did you mean "memory"?`,
		"etl:\n  of:\n    a:\n      license: x\n":                 `:4:7: unknown key "license"; did you mean "licence"?`,
		"etl:\n  of:\n    a:\n      patterns:\n      - gobl: x\n": `:5:9: unknown key "gobl"; did you mean "glob"?`,
		"etl:\n  of: &all\n    a: {x: 1}\n":                       `:3:9: unknown key "x"; there are licence, files, patterns`,
		"etl:\n  of:\n    a: {files: {x: 1}}\n":                   ":3:",
		"etl:\n  of: [1]\n":                                       ":2:",
		"etl:\n  memory: a\n  memory: b\n":                        ":3:3: ",
		"etl: 1\n":                                                ":1:",
		"- 1\n":                                                   ":1:",
		"etl: [1\n":                                               ":1:",
		"lake: x\n---\nlake: y\n":                                 "more than one YAML document: keep one",
	} {
		f, err := read(t, content)
		if err == nil {
			var s settings
			err = f.Decode("etl", &s)
		}
		if err == nil || !strings.Contains(err.Error(), workspace.FileName) || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
	}
}

// An empty file marks a workspace, and a folder below it belongs to it.
func TestFind(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	if f, err := workspace.Find(); f != nil || err != nil {
		t.Fatalf("found %v, %v in an empty folder", f, err)
	}
	if err := os.WriteFile(filepath.Join(root, workspace.FileName), []byte("# nothing yet\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := workspace.Find()
	if err != nil || f == nil || f.Folder() != root {
		t.Fatalf("found %v, %v", f, err)
	}
	s := settings{}
	if err := f.Decode("etl", &s); err != nil {
		t.Error(err)
	}
}

// Settings are told with the line that sets them, or none.
func TestSettings(t *testing.T) {
	f, err := read(t, "lake: x\netl:\n  of:\n    b: {files: [one, two]}\n    a:\n      licence: CC0\n      patterns: [{glob: <&>}]\n")
	if err != nil {
		t.Fatal(err)
	}
	var s settings
	if err := f.Decode("etl", &s); err != nil {
		t.Fatal(err)
	}
	want := []workspace.Setting{
		{Key: "etl.memory"},
		{Key: "etl.of.a.licence", Value: "CC0", Line: 6}, {Key: "etl.of.a.files"},
		{Key: "etl.of.a.patterns", Value: `[{"Glob":"<&>"}]`, Line: 7},
		{Key: "etl.of.b.licence"}, {Key: "etl.of.b.files", Value: "one, two", Line: 4}, {Key: "etl.of.b.patterns"},
	}
	if diff := cmp.Diff(want, f.Settings("etl", &s)); diff != "" {
		t.Error(diff)
	}
	if place := f.Place("etl", "of", "a", "licence"); !strings.HasSuffix(place, "alignctl.yaml:6:7") {
		t.Errorf("a's licence is at %s", place)
	}
	if place := f.Place("etl", "of", "c"); !strings.HasSuffix(place, "alignctl.yaml:3:3") {
		t.Errorf("c is looked for at %s", place)
	}
}
