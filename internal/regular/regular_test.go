//go:build linux || darwin

package regular

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Only files are read, also by a link, and only so much of them; a pipe that
// nobody writes to is refused at once.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	pipe, file, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "file"), filepath.Join(dir, "link")
	err := errors.Join(syscall.Mkfifo(pipe, 0o644), os.WriteFile(file, make([]byte, 1<<20), 0o644), os.Symlink(file, link))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "it is no file but a pipe", dir: "a folder", "/dev/zero": "a device"} {
		if _, err := Read(path, 1<<20); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{file, link} {
		if content, err := Read(path, 1<<20); err != nil || len(content) != 1<<20 {
			t.Errorf("%s: %d bytes, %v", path, len(content), err)
		}
	}
	if _, err := Read(file, 1<<20-1); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("too large: %v", err)
	}
	if _, err := Read(filepath.Join(dir, "none"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
}
