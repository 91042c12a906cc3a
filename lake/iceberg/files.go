package iceberg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	icebergio "github.com/apache/iceberg-go/io"

	"alignctl/internal/atomicfile"
)

// URI is the location of an absolute path as Iceberg metadata holds it.
func URI(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// Path is the local path of a location: a file URI with one slash (as Java
// writes them) or three, or a plain path.
func Path(location string) (string, error) {
	parsed, err := url.Parse(location)
	if err != nil {
		return "", fmt.Errorf("read location %q: %w", location, err)
	}
	switch {
	case parsed.Scheme == "":
		return location, nil
	case parsed.Scheme != "file" || (parsed.Host != "" && parsed.Host != "localhost"):
		return "", fmt.Errorf("read location %q: only local files are supported", location)
	}
	return filepath.FromSlash(parsed.Path), nil
}

// durableFS gives iceberg-go local files that are synced, and whose folders
// are synced, before Create's writer closes: iceberg-go's own never syncs.
//
// It doesn't remove anything. iceberg-go deletes metadata files that a commit
// pushed out of the log; while a commit is only staged, those files are what
// the published catalog still points at. The names are kept, and Sweep removes
// them once the run is published.
type durableFS struct {
	mu      sync.Mutex
	retired []string
}

var _ icebergio.WriteFileIO = (*durableFS)(nil)
var _ icebergio.ReadFileIO = (*durableFS)(nil)

// Open opens the file at a location.
func (*durableFS) Open(location string) (icebergio.File, error) {
	path, err := Path(location)
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// ReadFile reads the file at a location.
func (*durableFS) ReadFile(location string) ([]byte, error) {
	path, err := Path(location)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// Remove only notes the name: see durableFS.
func (d *durableFS) Remove(location string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.retired = append(d.retired, location)
	return nil
}

// sweep removes the files that published commits retired. A file that stays
// behind does no harm, so errors are not reported.
func (d *durableFS) sweep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, location := range d.retired {
		if path, err := Path(location); err == nil {
			_ = os.Remove(path)
		}
	}
	d.retired = nil
}

// Create opens a new file at a location; its content is durable once the
// writer's Close returned nil.
func (*durableFS) Create(location string) (icebergio.FileWriter, error) {
	path, err := Path(location)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.MkdirAll(filepath.Dir(path)); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &durableFile{File: file}, nil
}

// WriteFile writes a whole file durably.
func (d *durableFS) WriteFile(location string, content []byte) error {
	file, err := d.Create(location)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, bytes.NewReader(content))
	return errors.Join(err, file.Close())
}

// A durableFile syncs itself and its folder when closed.
type durableFile struct {
	*os.File
	closed bool
}

// Close syncs and closes the file; a second Close does nothing.
func (f *durableFile) Close() error {
	if f.closed {
		return fs.ErrClosed
	}
	f.closed = true
	if err := errors.Join(f.Sync(), f.File.Close()); err != nil {
		return fmt.Errorf("sync file %q: %w", f.Name(), err)
	}
	return atomicfile.SyncDir(filepath.Dir(f.Name()))
}
