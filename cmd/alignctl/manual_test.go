package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// Each command has a manual, and each manual a command.
func TestManualsAreOfCommands(t *testing.T) {
	app := newApp(newTerminal(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}))
	names := map[string]bool{}
	for _, l := range leaves("", app.Commands) {
		names[l.name] = true
		if len(l.examples) == 0 {
			t.Errorf("alignctl %s has no example: give it one in manual_examples.go", l.name)
		}
	}
	for name := range manuals {
		if !names[name] {
			t.Errorf("there is a manual of %q, and no such command", name)
		}
	}
}

// Each example is of its command, and a command line that it takes: its flags are
// known and have values that can be, and it has as many arguments as it is to.
func TestExamplesAreObeyed(t *testing.T) {
	for name, m := range manuals {
		for _, e := range m.examples {
			words := exampleWords(e.line)
			if !strings.HasPrefix(strings.Join(words, " ")+" ", "alignctl "+name+" ") {
				t.Errorf("the manual of %q has an example of another command: %s", name, e.line)
			}
			if err := parsed(t, words); err != nil {
				t.Errorf("%s: %v", e.line, err)
			}
		}
	}
}

// exampleWords are the words of alignctl's part of a command line.
func exampleWords(line string) []string {
	_, line, _ = strings.Cut(line, "alignctl")
	words := append([]string{"alignctl"}, splitWords(line)...)
	if end := slices.IndexFunc(words, func(word string) bool { return word == "|" || word == ">" }); end >= 0 {
		words = words[:end]
	}
	last := len(words) - 1
	words[last] = strings.TrimSuffix(words[last], ")")
	return words
}

// parsed runs a command line up to where the command would begin its work.
func parsed(t *testing.T, words []string) error {
	app := newApp(newTerminal(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}))
	for _, l := range leaves("", app.Commands) {
		l.Action = func(c *cli.Context) error {
			return checkArguments(l.name, c.Args().Slice(), wantedBy(l.ArgsUsage))
		}
	}
	return app.RunContext(t.Context(), words)
}

// wantedBy reads how many arguments a command takes off their names.
func wantedBy(names string) arguments {
	want := arguments{names: names}
	for _, word := range strings.Fields(names) {
		if !strings.HasPrefix(word, "[") {
			want.min++
		}
		want.max++
		if strings.HasSuffix(strings.TrimSuffix(word, "]"), "...") {
			want.max = -1
			break
		}
	}
	return want
}

// The manual pages are right for groff, and say what help says.
func TestManPages(t *testing.T) {
	folder := t.TempDir()
	if code := run(t.Context(), []string{"alignctl", "man", folder}, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); code != exitDone {
		t.Fatalf("exit code %d", code)
	}
	page, err := os.ReadFile(filepath.Join(folder, "alignctl-lake-verify.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`\fB\-\-deep\fR`, `alignctl lake verify \-\-deep`, "the lake is damaged"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page of lake verify lacks %q:\n%s", want, page)
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff, which reads manual pages, isn't installed")
	}
	pages, err := filepath.Glob(filepath.Join(folder, "*.1"))
	if err != nil || len(pages) < 50 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	told, err := exec.CommandContext(t.Context(), groff, append([]string{"-man", "-Tutf8", "-ww", "-z"}, pages...)...).CombinedOutput()
	if err != nil || len(told) > 0 {
		t.Errorf("groff: %v\n%s", err, told)
	}
}

// Help says what its command is for, how it is used and how it ends.
func TestHelpHasExamplesAndExitCodes(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.Context(), []string{"alignctl", "etl", "swow", "--help"}, strings.NewReader(""), &out, &out); code != exitDone {
		t.Fatalf("exit code %d", code)
	}
	for _, want := range []string{"EXAMPLES:\n", "   alignctl etl swow --lang en SWOW-EN.R100.csv\n", "EXIT CODES:\n", "   3    done in part: bad records"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("help lacks %q:\n%s", want, out.String())
		}
	}
}

// The commands that pages of docs show are command lines that alignctl takes,
// also those that no test runs.
func TestDocsShowKnownCommands(t *testing.T) {
	docs := filepath.Join("..", "..", "docs")
	pages, err := filepath.Glob(filepath.Join(docs, "*.md"))
	guides, errGuides := filepath.Glob(filepath.Join(docs, "guides", "*.md"))
	if err := errors.Join(err, errGuides); err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, page := range append(pages, guides...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandsOf(string(text)) {
			shown++
			if err := parsed(t, exampleWords(line)); err != nil {
				t.Errorf("%s: %s: %v", page, line, err)
			}
		}
	}
	if shown < 100 {
		t.Errorf("docs show only %d commands", shown)
	}
}
