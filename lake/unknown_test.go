package lake

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alignctl/internal/disk"
	"alignctl/lake/iceberg"
)

// lost is a disk whose commits lose their answer, done or not, and take the
// catalog with them.
type lost struct {
	disk.FS
	done bool
	lake *Lake
}

func (d *lost) over(on disk.FS) disk.FS {
	d.FS = on
	return d
}

// Commit closes the catalog, so that nobody can look into it.
func (d *lost) Commit(commit func() error) error {
	err := errors.New("no answer")
	if d.done {
		err = errors.Join(commit(), err)
	}
	return errors.Join(err, d.lake.catalog.Close())
}

// Properties, when a commit's answer is lost and the catalog can't be read
// right after, whether the commit was done or not:
//   - the error is ErrUnknown, names the run, and says where to look;
//   - the run deletes nothing, and doesn't go on;
//   - the next process sees whether it was done, and finds a whole lake.
func TestUnknownOutcomeDeletesNothing(t *testing.T) {
	for _, done := range []bool{true, false} {
		l := newLake(t)
		appendWords(t, l, "zh", 2)
		d := &lost{done: done}
		blind, err := openOn(t.Context(), l.Dir(), d.over)
		if err != nil {
			t.Fatal(err)
		}
		d.lake = blind
		r := begin(t, blind)
		write(t, r, wordSpec(), "en", words("en", 3))
		_, err = r.Publish(t.Context(), Done)
		if !errors.Is(err, iceberg.ErrUnknown) || !strings.Contains(err.Error(), "meta.runs") ||
			!strings.Contains(err.Error(), r.ID()) {
			t.Errorf("done %v: %v", done, err)
		}
		before := filesIn(t, l.warehouse())
		if _, err := r.Publish(t.Context(), Done); !errors.Is(err, iceberg.ErrUnknown) {
			t.Errorf("done %v: a second publish: %v", done, err)
		}
		if _, err := r.Write(t.Context(), wordSpec(), "en", words("en", 4)); !errors.Is(err, iceberg.ErrUnknown) {
			t.Errorf("done %v: a second write: %v", done, err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("done %v: close: %v", done, err)
		}
		if after := filesIn(t, l.warehouse()); after != before {
			t.Errorf("done %v: files before\n%s\nand after the run ended\n%s", done, before, after)
		}
		expectWhole(t, l, "an unknown outcome")
		if pins, err := l.At(t.Context(), r.ID()); (err == nil) != done || done && pins["core.word"].Rows != 5 {
			t.Errorf("done %v: at the run %v, %v", done, pins, err)
		}
	}
}

// filesIn lists a folder's files.
func filesIn(t *testing.T, dir string) string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Join(paths, "\n")
}
