package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteStream is Write for content that doesn't fit in memory: fill writes it.
// When fill fails, the file at path stays as it was.
func WriteStream(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".tmp-"+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write file %q: %w", path, err)
	}
	err = fill(temp)
	if closeErr := errors.Join(temp.Chmod(mode), temp.Sync(), temp.Close()); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write file %q: %w", path, err), os.Remove(temp.Name()))
	}
	return SyncDir(filepath.Dir(path))
}
