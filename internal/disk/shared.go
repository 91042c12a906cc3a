package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Shared is a folder that several machines see, of a network's file system, say.
// Where that isn't mounted, all files seem to be gone, and what is written lands
// on the machine itself, where nobody finds it. So there is a mark in the folder:
// without it ErrUnreachable is the answer, and no folder is made.
type Shared struct {
	OS
	Folder string
	Mark   string // a folder in it
}

var _ FS = Shared{}

// Init makes the folder, with its mark.
func (s Shared) Init() error { return s.OS.MkdirAll(filepath.Join(s.Folder, s.Mark)) }

// Reach sees that the folder is there.
func (s Shared) Reach() error {
	_, err := os.Stat(filepath.Join(s.Folder, s.Mark))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: folder %q has nothing of the lake on this machine: is it mounted?", ErrUnreachable, s.Folder)
	}
	if err != nil { // a mount whose server is gone has errors of its own
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return nil
}

// orGone is an error, or where a file wasn't found, why none is.
func (s Shared) orGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		if gone := s.Reach(); gone != nil {
			return gone
		}
	}
	return err
}

// MkdirAll makes a folder and its parents.
func (s Shared) MkdirAll(path string) error {
	if err := s.Reach(); err != nil {
		return err
	}
	return s.OS.MkdirAll(path)
}

// Claim makes a small file.
func (s Shared) Claim(ctx context.Context, path string, content []byte) error {
	if err := s.Reach(); err != nil {
		return err
	}
	return s.OS.Claim(ctx, path, content)
}

// Create makes a new file.
func (s Shared) Create(path string) (io.WriteCloser, error) {
	file, err := s.OS.Create(path)
	return file, s.orGone(err)
}

// Open opens a file for reading.
func (s Shared) Open(path string) (*os.File, error) {
	file, err := s.OS.Open(path)
	return file, s.orGone(err)
}

// Stored opens a file.
func (s Shared) Stored(path string) (io.ReadCloser, error) {
	file, err := s.OS.Stored(path)
	return file, s.orGone(err)
}

// Stat describes a file.
func (s Shared) Stat(path string) (Info, error) {
	info, err := s.OS.Stat(path)
	return info, s.orGone(err)
}

// List lists the files in a folder.
func (s Shared) List(folder string) ([]Info, error) {
	if err := s.Reach(); err != nil {
		return nil, err
	}
	return s.OS.List(folder)
}

// Remove removes a file.
func (s Shared) Remove(path string) error {
	if err := s.Reach(); err != nil { // else it would seem to be done
		return err
	}
	return s.OS.Remove(path)
}
