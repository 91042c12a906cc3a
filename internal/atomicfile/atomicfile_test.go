package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestWriteReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	for _, content := range []string{"first and longer", "second"} {
		if err := Write(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != content {
			t.Errorf("read %q, %v, want %q", got, err, content)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

func TestWriteThatFailsLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("x"), 0o644); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if err := Write(filepath.Join(dir, "none", "a"), nil, 0o644); err == nil {
		t.Error("a file was written into no folder")
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

func TestMkdirAll(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, "a", "b", "c")
	for range 2 {
		if err := MkdirAll(deep); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(deep); err != nil || !info.IsDir() {
		t.Errorf("no folder: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(filepath.Join(file, "x")); err == nil {
		t.Error("a folder was made in a file")
	}
}

func TestWriteStream(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	stop := errors.New("stop")
	for _, c := range []struct {
		content string
		err     error
	}{{"first", nil}, {"second", stop}} {
		err := WriteStream(path, 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, c.content)
			return errors.Join(err, c.err)
		})
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.content, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != "first" {
			t.Errorf("after %s: %q, %v", c.content, got, err)
		}
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

// A folder has its name when it is whole, in the place of none or of an empty
// one; one that fails leaves nothing.
func TestWriteDir(t *testing.T) {
	parent := t.TempDir()
	path := filepath.Join(parent, "deep", "folder")
	stop := errors.New("disk full")
	for _, fault := range []error{stop, nil} {
		err := WriteDir(path, func(fresh string) error {
			return errors.Join(Write(filepath.Join(fresh, "a"), []byte("x"), 0o644), fault)
		})
		if !errors.Is(err, fault) {
			t.Fatalf("got error %v, want %v", err, fault)
		}
		if names, err := os.ReadDir(filepath.Dir(path)); err != nil || fault != nil && len(names) != 0 {
			t.Errorf("left behind: %v, %v", names, err)
		}
	}
	if err := CheckVacant(path); err == nil {
		t.Error("a folder with a file passed as vacant")
	}
	empty := filepath.Join(parent, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, vacant := range []string{empty, filepath.Join(parent, "none")} {
		if err := errors.Join(CheckVacant(vacant), WriteDir(vacant, func(string) error { return nil })); err != nil {
			t.Error(err)
		}
	}
	link := filepath.Join(parent, "link")
	if err := os.Symlink(empty, link); err != nil || CheckVacant(link) == nil {
		t.Errorf("a link passed as a vacant folder: %v", err)
	}
	file := filepath.Join(path, "a")
	if CheckVacant(file) == nil || WriteDir(file, func(string) error { return nil }) == nil {
		t.Error("a file passed as a vacant folder")
	}
}
