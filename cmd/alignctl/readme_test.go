package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alignctl/demo"
)

// TestReadme runs every command that the READMEs show, in their order: the demo,
// the questions asked of it, and the chain on a user's own files, for which the
// demo's corpus and model stand in.
func TestReadme(t *testing.T) {
	workspace := t.TempDir()
	t.Setenv("ALIGNCTL_LAKE", "") // a developer's own lake isn't the README's
	pages := map[string]string{"README.md": "", "README.zh.md": ""}
	for name := range pages {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = string(text)
	}
	t.Chdir(workspace)
	(&shell{t: t}).run("alignctl demo --backend go")
	for name, text := range pages {
		t.Chdir(workspace)
		shell := &shell{t: t, names: map[string]string{}}
		for _, line := range commandsOf(text) {
			if line == "alignctl init" {
				shell.enterOwnFiles(workspace)
			}
			shell.run(line)
		}
		if shell.commands < 12 {
			t.Errorf("%s shows only %d commands", name, shell.commands)
		}
	}
}

// commandsOf are the lines of fenced blocks that call alignctl.
func commandsOf(markdown string) (lines []string) {
	fenced := false
	for line := range strings.Lines(markdown) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced && strings.HasPrefix(line, "alignctl "):
			lines = append(lines, line)
		}
	}
	return lines
}

// A shell runs command lines in this process.
type shell struct {
	t        *testing.T
	names    map[string]string // what the README's placeholders stand for here
	runs     []string          // ids of evaluations, as eval generate printed them
	commands int

	elsewhere func(settings ...string) // trains the job of a guide that hands one over
}

// enterOwnFiles changes to an empty folder with a raw file and a model in it.
func (s *shell) enterOwnFiles(workspace string) {
	s.t.Helper()
	s.t.Chdir(s.t.TempDir())
	s.write("SWOW-EN.R100.csv", demo.Files()[0].Data)
	s.write("SWOW-ZH.R55.csv", demo.Files()[1].Data)
	for _, model := range []string{"SmolLM2-135M-Instruct", "Qwen2.5-0.5B-Instruct"} {
		s.names[model] = filepath.Join(workspace, "demo-lake", "models", "base")
	}
	s.names["--split"] = "--limit 4 --max-new-tokens 16 --backend go --split"
	s.names["--out"] = "--max-steps 2 --eval-examples 4 --backend go --out"
}

// run runs a command, which must succeed, and gives what it printed.
func (s *shell) run(line string) string {
	s.t.Helper()
	s.commands++
	line = s.named(line)
	if len(s.runs) == 2 {
		line = strings.NewReplacer("BEFORE", s.runs[0], "AFTER", s.runs[1]).Replace(line)
	}
	var out, errOut bytes.Buffer
	args := splitWords(line)
	if code := run(s.t.Context(), args, strings.NewReader(""), &out, &errOut); code != exitDone {
		s.t.Fatalf("%s: exit code %d\n%s", line, code, errOut.String())
	}
	if slices.Contains(args, "sql") && !slices.Contains(args, "--out") && strings.Count(out.String(), "\n") < 2 {
		s.t.Errorf("%s: no row:\n%s", line, out.String())
	}
	if slices.Contains(args, "generate") {
		var id string
		if _, err := fmt.Sscan(out.String()[strings.Index(out.String(), "\n")+1:], &id); err != nil {
			s.t.Fatalf("%s: no run id in %q", line, out.String())
		}
		s.runs = append(s.runs, id)
	}
	return out.String()
}

// named puts what stands for the README's placeholders in their place.
func (s *shell) named(text string) string {
	for name, value := range s.names {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

// splitWords splits a command line as a shell does, for double quotes only.
func splitWords(line string) (words []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}
