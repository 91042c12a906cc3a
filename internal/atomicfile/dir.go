package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"alignctl/internal/failpoint"
)

// WriteDir makes a new folder at path with what fill puts there: the folder has
// its name only when everything in it is on disk, so that a crash leaves all of
// it or nothing. Fill syncs the files that it writes. The folder may be there
// already when it is empty.
func WriteDir(path string, fill func(folder string) error) error {
	parent := filepath.Dir(path)
	if err := MkdirAll(parent); err != nil {
		return err
	}
	// Not os.MkdirTemp, whose folder is its maker's alone: a change of its mode would
	// pass over the umask, and what it has of its parent (the group, by setgid).
	fresh := filepath.Join(parent, ".tmp-"+filepath.Base(path)+"-"+rand.Text())
	if err := os.Mkdir(fresh, 0o777); err != nil {
		return fmt.Errorf("make folder %q: %w", path, err)
	}
	if err := fill(fresh); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	failpoint.Hit("atomicfile.dir")
	if err := errors.Join(SyncDir(fresh), replaceEmpty(fresh, path)); err != nil {
		return errors.Join(fmt.Errorf("make folder %q: %w", path, err), os.RemoveAll(fresh))
	}
	return SyncDir(parent)
}

// replaceEmpty gives a folder the name of an empty one, or of none.
func replaceEmpty(from, to string) error {
	if info, err := os.Lstat(to); err == nil && info.IsDir() {
		if err := os.Remove(to); err != nil {
			return err
		}
	}
	return os.Rename(from, to)
}

// CheckVacant refuses a folder, to be made by WriteDir, that holds something
// already, and a link, which WriteDir can't put a folder in the place of.
func CheckVacant(path string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("use output folder %q: it is a link: name the folder that it leads to", path)
	}
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("use output folder %q: %w", path, err)
	case len(entries) > 0:
		return fmt.Errorf("use output folder %q: it isn't empty: name another", path)
	}
	return nil
}
