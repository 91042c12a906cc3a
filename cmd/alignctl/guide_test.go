package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"alignctl/internal/golden"
)

// shown is a block of a guide that shows a command and what it prints.
var shown = regexp.MustCompile("(?s)```\n\\$ (alignctl [^\n]*)\n(.*?)```")

// TestDocsPreview runs the commands of the guide to previews on the demo's corpus:
// they print what the guide shows.
func TestDocsPreview(t *testing.T) {
	g := &guide{T: t, models: strings.NewReplacer(
		"SmolLM2-135M-Instruct", lentFolder(t, "ALIGNCTL_TESTMODELS", "smollm2"),
		"Qwen2.5-7B-Instruct", lentFolder(t, "ALIGNCTL_TOKENIZERS", "qwen2_5"))}
	g.follow("preview.md")
}

// TestDocsRewards does the same for the guide to rewards.
func TestDocsRewards(t *testing.T) {
	g := &guide{T: t, models: strings.NewReplacer()}
	g.follow("rewards.md")
}

// lentFolder is a folder under one that the machine lends by a variable.
func lentFolder(t *testing.T, variable, name string) string {
	t.Helper()
	lent, ok := os.LookupEnv(variable)
	if !ok {
		t.Skipf("%s is not set: it names a folder with %s", variable, name)
	}
	return filepath.Join(lent, name)
}

// A guide is a document whose commands are run.
type guide struct {
	*testing.T
	models *strings.Replacer // from the names of models to their folders
}

// follow does what a guide says, in an empty folder: writes the files that it
// shows, runs the commands between them, and compares what it shows that the
// others print.
func (g *guide) follow(name string) {
	g.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "docs", "guides", name))
	if err != nil {
		g.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		g.Fatal(err)
	}
	g.Chdir(g.TempDir())
	for _, b := range fencedBlocks(string(text)) {
		if b.language != "" {
			writeShown(g.T, b)
		}
	}
	for _, line := range commandsOf(string(text)) {
		g.run(line)
	}
	golden.Check(g, path, g.rewrite(string(text)))
}

// run gives what a command prints.
func (g *guide) run(line string) string {
	g.Helper()
	var out, errOut bytes.Buffer
	args := splitWords(g.models.Replace(line))
	if code := run(g.Context(), args, strings.NewReader(""), &out, &errOut); code != exitDone {
		g.Fatalf("%s: exit code %d\n%s", line, code, errOut.String())
	}
	return out.String()
}

// rewrite is the text with the output of its commands as it is now.
func (g *guide) rewrite(text string) string {
	return shown.ReplaceAllStringFunc(text, func(block string) string {
		command := shown.FindStringSubmatch(block)[1]
		return "```\n$ " + command + "\n" + g.run(command) + "```"
	})
}
