package lake

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A lake's folders may be symbolic links, to a larger disk: they are listed, and
// gc doesn't take them for files.
func TestLinkedWarehouse(t *testing.T) {
	l := newLake(t)
	for _, folder := range []string{l.warehouse(), l.Temp()} {
		there := filepath.Join(t.TempDir(), "disk")
		if err := errors.Join(os.Rename(folder, there), os.Symlink(there, folder)); err != nil {
			t.Fatal(err)
		}
	}
	appendWords(t, l, "zh", 2)
	if _, err := l.GC(t.Context(), GCOptions{OlderThan: -1, Delete: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(l.warehouse()); err != nil {
		t.Errorf("after gc: %v", err)
	}
	if _, err := l.Verify(t.Context(), VerifyOptions{Deep: true}); err != nil {
		t.Error(err)
	}
}
