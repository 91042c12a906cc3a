package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOwnViewGuide does what the guide to a data set of one's own says, in its
// order: writes the files that it shows and runs the commands between them.
func TestOwnViewGuide(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "own-view.md"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	shell := &shell{t: t, names: map[string]string{}}
	for _, b := range fencedBlocks(string(text)) {
		if b.language != "sh" {
			writeShown(t, b)
			continue
		}
		for line := range strings.Lines(b.body) {
			if folder, moves := strings.CutPrefix(line, "cd "); moves {
				t.Chdir(strings.TrimSpace(folder))
				continue
			}
			shell.run(strings.TrimSpace(line))
		}
	}
	if shell.commands < 15 {
		t.Errorf("the guide shows only %d commands", shell.commands)
	}
}

// A fencedBlock is a block of code in Markdown, and the text before it.
type fencedBlock struct{ before, language, body string }

func fencedBlocks(markdown string) (blocks []fencedBlock) {
	parts := strings.Split(markdown, "```")
	for i := 1; i < len(parts); i += 2 {
		language, body, _ := strings.Cut(parts[i], "\n")
		blocks = append(blocks, fencedBlock{before: parts[i-1], language: language, body: body})
	}
	return blocks
}

// writeShown writes a block to the file that the text before it names last.
func writeShown(t *testing.T, b fencedBlock) {
	t.Helper()
	names := strings.Split(b.before, "`")
	if len(names) < 3 {
		t.Fatalf("no file is named before\n%s", b.body)
	}
	name := names[len(names)-2]
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(b.body), 0o644); err != nil {
		t.Fatal(err)
	}
}
