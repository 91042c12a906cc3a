// Package disktest holds disks for tests: one whose n-th operation fails, and
// one that remembers enough to rebuild what a power cut at any moment leaves.
package disktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"alignctl/internal/disk"
)

// A Fault is what happens to one operation of a disk.
type Fault struct {
	N   int   // which operation, from 1
	Err error // what it returns
	// Partial: half of the operation is done before the error; a commit is done
	// whole, and its answer lost.
	Partial bool
	// Lasting: all operations after it fail too, as on a disk that is full.
	Lasting bool
}

// A Faulty is a disk with a fault.
type Faulty struct {
	disk.FS
	fault Fault

	mu     sync.Mutex
	count  int
	struck string
}

var _ disk.FS = (*Faulty)(nil)

// NewFaulty is the operating system's disk, on which one operation fails.
func NewFaulty(f Fault) *Faulty { return &Faulty{FS: disk.OS{}, fault: f} }

// Over makes it the disk that another one is, with the fault.
func (f *Faulty) Over(on disk.FS) disk.FS {
	f.FS = on
	return f
}

// Struck is the operation that the fault hit, as "create /path"; "" when there
// were fewer operations.
func (f *Faulty) Struck() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.struck
}

// hit counts an operation, and gives the error of one that must fail.
func (f *Faulty) hit(operation, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.count != f.fault.N && !(f.fault.Lasting && f.count > f.fault.N) {
		return nil
	}
	if f.struck == "" {
		f.struck = operation + " " + path
	}
	return &os.PathError{Op: operation, Path: path, Err: f.fault.Err}
}

// Create makes a new file, whose writes and close are operations too.
func (f *Faulty) Create(path string) (io.WriteCloser, error) {
	if err := f.hit("create", path); err != nil {
		return nil, err
	}
	out, err := f.FS.Create(path)
	return &faultyFile{WriteCloser: out, disk: f, path: path}, err
}

// Adopt cuts the file in half when it fails partially.
func (f *Faulty) Adopt(path string) error {
	err := f.hit("adopt", path)
	if err == nil || !f.fault.Partial {
		return err
	}
	info, statErr := os.Stat(path)
	if statErr != nil {
		return errors.Join(err, statErr)
	}
	return errors.Join(err, os.Truncate(path, info.Size()/2))
}

// Open opens a file for reading.
func (f *Faulty) Open(path string) (*os.File, error) {
	if err := f.hit("open", path); err != nil {
		return nil, err
	}
	return f.FS.Open(path)
}

// Fetch fetches files.
func (f *Faulty) Fetch(ctx context.Context, paths []string) (func(), error) {
	if err := f.hit("fetch", fmt.Sprintf("%d files", len(paths))); err != nil {
		return nil, err
	}
	return f.FS.Fetch(ctx, paths)
}

// MkdirAll makes a folder.
func (f *Faulty) MkdirAll(path string) error {
	if err := f.hit("mkdir", path); err != nil {
		return err
	}
	return f.FS.MkdirAll(path)
}

// Sync syncs half of the files when it fails partially.
func (f *Faulty) Sync(ctx context.Context, paths []string) error {
	err := f.hit("sync", fmt.Sprintf("%d files", len(paths)))
	if err == nil {
		return f.FS.Sync(ctx, paths)
	}
	if f.fault.Partial {
		err = errors.Join(err, f.FS.Sync(ctx, paths[:len(paths)/2]))
	}
	return err
}

// Remove removes a file.
func (f *Faulty) Remove(path string) error {
	if err := f.hit("remove", path); err != nil {
		return err
	}
	return f.FS.Remove(path)
}

// Claim makes the file when it fails partially, and its answer is lost.
func (f *Faulty) Claim(ctx context.Context, path string, content []byte) error {
	err := f.hit("claim", path)
	if err == nil || f.fault.Partial {
		err = errors.Join(err, f.FS.Claim(ctx, path, content))
	}
	return err
}

// Commit fails before the transaction is done, or after it when partially.
func (f *Faulty) Commit(commit func() error) error {
	err := f.hit("commit", "catalog.db")
	if err == nil {
		return commit()
	}
	if f.fault.Partial {
		err = errors.Join(err, commit())
	}
	return err
}

type faultyFile struct {
	io.WriteCloser
	disk *Faulty
	path string
}

// Write writes half of the content when it fails partially.
func (f *faultyFile) Write(content []byte) (int, error) {
	err := f.disk.hit("write", f.path)
	if err == nil {
		return f.WriteCloser.Write(content)
	}
	if !f.disk.fault.Partial {
		return 0, err
	}
	n, writeErr := f.WriteCloser.Write(content[:len(content)/2])
	return n, errors.Join(err, writeErr)
}

// Close closes the file, whether it fails or not.
func (f *faultyFile) Close() error {
	return errors.Join(f.disk.hit("close", f.path), f.WriteCloser.Close())
}
