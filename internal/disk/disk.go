// Package disk is the file system as the lake uses it: immutable files, made
// once, synced together before something points at them, removed when nothing
// does. It is an interface so that a test can make any operation fail, or keep
// only what would survive a power cut.
package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"alignctl/internal/atomicfile"
)

// An FS does what the lake does to files. Its methods may be called from
// several goroutines.
type FS interface {
	// Create makes a new file in a folder that is there; it fails when the
	// file is. Content and name are durable after Sync.
	Create(path string) (io.WriteCloser, error)
	// Adopt takes up a file that another library has written.
	Adopt(path string) error
	// Open opens a file for reading.
	Open(path string) (*os.File, error)
	// MkdirAll makes a folder and its parents, durably.
	MkdirAll(path string) error
	// Sync makes the content of files, then their names, survive a power cut.
	Sync(paths []string) error
	// Remove removes a file; one that isn't there is no error.
	Remove(path string) error
	// Commit runs the commit of a database transaction: a moment of its own
	// for a test that cuts the power.
	Commit(commit func() error) error
}

// OS is the operating system's file system.
type OS struct{}

var _ FS = OS{}

// Create makes a new file.
func (OS) Create(path string) (io.WriteCloser, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
}

// Adopt does nothing: the file is there.
func (OS) Adopt(string) error { return nil }

// Open opens a file for reading.
func (OS) Open(path string) (*os.File, error) { return os.Open(path) }

// MkdirAll makes a folder and its parents, durably.
func (OS) MkdirAll(path string) error { return atomicfile.MkdirAll(path) }

// syncs is how many files are synced at once: they wait for the same disk, and
// a journal writes many names in one go.
const syncs = 16

// Sync makes files and their names durable.
func (OS) Sync(paths []string) error {
	folders := make([]string, len(paths))
	for i, path := range paths {
		folders[i] = filepath.Dir(path)
	}
	slices.Sort(folders)
	if err := syncAll(paths); err != nil {
		return err
	}
	return syncAll(slices.Compact(folders))
}

func syncAll(paths []string) error {
	var work errgroup.Group
	work.SetLimit(syncs)
	for _, path := range paths {
		work.Go(func() error { return atomicfile.Sync(path) })
	}
	return work.Wait()
}

// Commit runs the commit.
func (OS) Commit(commit func() error) error { return commit() }

// Remove removes a file.
func (OS) Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove file: %w", err)
	}
	return nil
}
