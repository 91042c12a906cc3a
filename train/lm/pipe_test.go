//go:build linux || darwin

package lm

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe in the place of a file of a model or an adapter is refused by name: to
// wait for somebody to write to it would take forever.
func TestPipes(t *testing.T) {
	for _, name := range []string{adapterConfigFile, configFile, weightsFile, tokenizerFile} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := syscall.Mkfifo(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if name == weightsFile {
			if err := os.WriteFile(filepath.Join(dir, configFile), []byte("{}"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_, described := Describe(dir)
		_, hashed := FileSHA256(path)
		_, _, mapped := mapFile(path)
		for what, err := range map[string]error{"described": described, "hashed": hashed, "mapped": mapped} {
			if err == nil || what != "described" && !strings.Contains(err.Error(), path+`": it is no file but a pipe`) {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
	}
}
