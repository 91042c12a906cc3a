package lake

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alignctl/internal/disk"
	"alignctl/lake/iceberg"
)

// sharedFolder is a lake whose files are in a folder that machines share, and
// that folder.
func sharedFolder(t *testing.T) (*Lake, string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "team")
	l, err := InitAt(t.Context(), filepath.Join(t.TempDir(), "lake"),
		Location{Catalog: newCatalog(t), Warehouse: iceberg.URI(folder)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, folder
}

// Where a shared folder isn't mounted, nobody takes the lake for damaged, and
// nothing is written to the place where it belongs.
func TestFolderThatIsNotMounted(t *testing.T) {
	l, folder := sharedFolder(t)
	appendWords(t, l, "zh", 2)
	expectAway := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, disk.ErrUnreachable) || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "is it mounted?") {
			t.Errorf("%s: %v", what, err)
		}
	}
	at := begin(t, l)
	defer at.Close()
	away := folder + "-elsewhere"
	if err := errors.Join(os.Rename(folder, away), os.Mkdir(folder, 0o777)); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), l.Dir())
	expectAway("open", err)
	_, err = InitAt(t.Context(), filepath.Join(t.TempDir(), "joined"), Location{Catalog: l.where.Catalog})
	expectAway("join", err)
	// A lake that was open before knows its tables.
	_, err = l.Verify(t.Context(), VerifyOptions{})
	expectAway("verify", err)
	_, err = l.GC(t.Context(), GCOptions{Delete: true})
	expectAway("gc", err)
	_, err = l.Begin(t.Context(), RunInfo{Command: "late"})
	expectAway("begin", err)
	_, err = at.Write(t.Context(), wordSpec(), "en", words("en", 1))
	expectAway("write", err)
	_, err = l.disk.Create(filepath.Join(folder, "core.db", "word", "data", "x.parquet"))
	expectAway("create", err)
	expectAway("claim", l.disk.Claim(t.Context(), filepath.Join(folder, "claims", "9"), nil))
	expectAway("make a folder", l.disk.MkdirAll(filepath.Join(folder, "core.db")))
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left in the mount point: %v, %v", left, err)
	}
	if err := errors.Join(os.Remove(folder), os.Rename(away, folder)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Verify(t.Context(), VerifyOptions{}); err != nil {
		t.Errorf("mounted again: %v", err)
	}
}
