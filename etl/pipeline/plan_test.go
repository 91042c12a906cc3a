package pipeline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"alignctl/demo"
	"alignctl/etl/pipeline"
	"alignctl/internal/workspace"
	"alignctl/lake"
)

// configure writes alignctl.yaml and the demo's files into a folder, and reads
// the configuration.
func configure(t *testing.T, folder, content string) (*pipeline.Config, error) {
	t.Helper()
	path := filepath.Join(folder, workspace.FileName)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, f := range demo.Files() {
		if err := os.WriteFile(filepath.Join(folder, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := workspace.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return pipeline.Read(file)
}

func newLake(t *testing.T) *lake.Lake {
	t.Helper()
	l, err := lake.Init(t.Context(), filepath.Join(t.TempDir(), "lake"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// load carries a plan out and gives the state of each source before and after.
func load(t *testing.T, l *lake.Lake, c *pipeline.Config, o pipeline.Options) (states []string) {
	t.Helper()
	plan, err := c.Prepare(t.Context(), l, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range plan.Steps {
		state := s.Source + " " + string(s.State)
		if s.Pending() {
			if _, err := s.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			state += ", " + string(s.State)
		}
		states = append(states, state)
	}
	return states
}

// Another version of alignctl loads everything again; the same one, nothing.
func TestVersionCounts(t *testing.T) {
	c, err := configure(t, t.TempDir(), "etl:\n  swow:\n    en: {language: en, files: 'DEMO-EN.R100*'}\n")
	if err != nil {
		t.Fatal(err)
	}
	l := newLake(t)
	for _, step := range []struct{ version, want string }{
		{"1", "en new, loaded"}, {"1", "en up to date"}, {"2", "en changed, same rows"}, {"2", "en up to date"},
	} {
		if diff := cmp.Diff([]string{step.want}, load(t, l, c, pipeline.Options{Version: step.version})); diff != "" {
			t.Errorf("version %s: %s", step.version, diff)
		}
	}
}

// Where the files lie is no part of what a lake is made from.
func TestMovedWorkspace(t *testing.T) {
	const content = "etl:\n  swow:\n    en: {language: en, files: 'DEMO-EN.R100*'}\n"
	l := newLake(t)
	for _, want := range []string{"en new, loaded", "en up to date"} {
		c, err := configure(t, t.TempDir(), content)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{want}, load(t, l, c, pipeline.Options{})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for content, want := range map[string]string{
		"etl:\n  swow:\n    a: {language: en}\n":                     `:3:5: source "a": it has no files`,
		"etl:\n  swow:\n    a:\n      language: e\n      files: x\n": `:4:7: source "a": language "e" is not known`,
		"etl:\n  swow:\n    a: {files: {x: y}}\n":                    ":3:",
		"etl:\n  swow: {a: {file: x}}\n":                             `unknown key "file"; did you mean "files"?`,
	} {
		if _, err := configure(t, t.TempDir(), content); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
	}
}

// Sources of several kinds are loaded in the order of their kinds.
func TestKindsOfSources(t *testing.T) {
	folder := t.TempDir()
	table := "cue\tresponse\tR1\tN\tR1.Strength\ntea\tcup\t3\t4\t0.75\n"
	if err := os.WriteFile(filepath.Join(folder, "strength.csv"), []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := configure(t, folder, `etl:
  strength:
    published: {language: en, files: strength.csv}
  swow:
    en: {language: en, files: DEMO-EN.R100.csv}
`)
	if err != nil {
		t.Fatal(err)
	}
	l := newLake(t)
	for _, want := range [][]string{
		{"en new, loaded", "published new, loaded"},
		{"en up to date", "published up to date"},
	} {
		if diff := cmp.Diff(want, load(t, l, c, pipeline.Options{})); diff != "" {
			t.Error(diff)
		}
	}
}

// The lists that a source is cleaned by count as its raw files do.
func TestListsCount(t *testing.T) {
	folder := t.TempDir()
	list := filepath.Join(folder, "spelling.txt")
	write := func(content string) {
		if err := os.WriteFile(list, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("grey\tgray\n")
	c, err := configure(t, folder, "etl:\n  swow:\n    en: {language: en, files: DEMO-EN.R100.csv, spelling: spelling.txt,\n"+
		"      populations: [{name: young, where: age < 30}]}\n")
	if err != nil {
		t.Fatal(err)
	}
	l := newLake(t)
	for i, want := range []string{"en new, loaded", "en up to date", "en changed, loaded"} {
		if i == 2 {
			write("grey\tashen\n")
		}
		if diff := cmp.Diff([]string{want}, load(t, l, c, pipeline.Options{})); diff != "" {
			t.Error(diff)
		}
	}
}
