// Package atomicfile writes files so that a crash leaves the old file or the
// new one, whole: it syncs the content before the name points at it, and the
// folder after. Neither os.WriteFile nor a bare rename promises that.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write replaces the file at path by content. A reader sees the old content or
// the new; when Write returns nil the new content survives a power cut.
func Write(path string, content []byte, mode fs.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".tmp-"+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write file %q: %w", path, err)
	}
	if err := fill(temp, content, mode); err != nil {
		return errors.Join(fmt.Errorf("write file %q: %w", path, err), os.Remove(temp.Name()))
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return errors.Join(fmt.Errorf("write file %q: %w", path, err), os.Remove(temp.Name()))
	}
	return SyncDir(filepath.Dir(path))
}

func fill(file *os.File, content []byte, mode fs.FileMode) error {
	_, err := file.Write(content)
	return errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
}

// Sync makes the content of the file at path, written by anyone, survive a
// power cut. Its name does only after SyncDir of its folder.
func Sync(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync file %q: %w", path, err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("sync file %q: %w", path, err)
	}
	return nil
}

// SyncDir makes the names in a folder survive a power cut.
func SyncDir(path string) error { return Sync(path) }

// MkdirAll makes a folder with its missing parents, for whom the umask says, and
// durably: each parent that got a new name is synced.
func MkdirAll(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := MkdirAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make folder %q: %w", path, err)
	}
	return SyncDir(parent)
}
