// Package disk is the file system as the lake uses it: immutable files, made
// once, synced together before something points at them, removed when nothing
// does. It is an interface because the files may be kept in object storage
// (package store), of which the paths are a cache; and so that a test can make
// any operation fail, or keep only what would survive a power cut.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

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
	// Open opens a file for reading. Its error is fs.ErrNotExist, ErrDamaged,
	// ErrUnreachable or ErrFull where that is the cause.
	Open(path string) (*os.File, error)
	// Fetch sees that files are at their paths, for a library that opens them
	// itself, and that they stay there until release.
	Fetch(ctx context.Context, paths []string) (release func(), err error)
	// Local says that files are at their paths always: Fetch does nothing.
	Local() bool
	// MkdirAll makes a folder and its parents, durably.
	MkdirAll(path string) error
	// Sync makes the content of files, then their names, survive a power cut, and
	// puts them where all others read them.
	Sync(ctx context.Context, paths []string) error
	// Remove removes a file; one that isn't there is no error.
	Remove(path string) error
	// Stat says how large a file is and how old, by where it is kept.
	Stat(path string) (Info, error)
	// List lists the files in a folder and below it, by path, as Stat does.
	List(folder string) ([]Info, error)
	// Unfinished lists what processes began to send before a time and didn't end:
	// it takes room, and is no file. With remove it goes.
	Unfinished(ctx context.Context, before time.Time, remove bool) ([]Info, error)
	// Stored reads a file from where it is kept, past any copy.
	Stored(path string) (io.ReadCloser, error)
	// Claim makes a small file, whole and durable, where all see it; fs.ErrExist
	// where anybody has made one of that name.
	Claim(ctx context.Context, path string, content []byte) error
	// Commit runs the commit of a database transaction: a moment of its own
	// for a test that cuts the power.
	Commit(commit func() error) error
}

// An Info is what a disk says about a file.
type Info struct {
	Path    string
	Bytes   int64
	Written time.Time
}

var (
	// ErrDamaged says that bytes aren't what was recorded, or can't be what was
	// written.
	ErrDamaged = errors.New("lake is damaged")
	// ErrUnreachable says that the storage doesn't answer, or not to us: nothing
	// is known about the files.
	ErrUnreachable = errors.New("warehouse can't be reached")
	// ErrFull says that the copies of files which are in use at once don't fit
	// into their cache.
	ErrFull = errors.New("cache full")
)

// OS is the operating system's file system.
type OS struct{}

var _ FS = OS{}

// Create makes a new file, for whom the umask says: a folder may be a group's.
func (OS) Create(path string) (io.WriteCloser, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
}

// Adopt does nothing: the file is there.
func (OS) Adopt(string) error { return nil }

// Open opens a file for reading.
func (OS) Open(path string) (*os.File, error) { return os.Open(path) }

// Fetch does nothing: the files are there, or missing.
func (OS) Fetch(context.Context, []string) (func(), error) { return func() {}, nil }

// Local is true.
func (OS) Local() bool { return true }

// Stat describes a file.
func (OS) Stat(path string) (Info, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Info{}, err
	}
	return Info{Path: path, Bytes: info.Size(), Written: info.ModTime()}, nil
}

// List walks a folder; what another process removes meanwhile isn't in it.
func (OS) List(folder string) (files []Info, err error) {
	err = Walk(folder, func(path string, info fs.FileInfo) {
		files = append(files, Info{Path: path, Bytes: info.Size(), Written: info.ModTime()})
	})
	return files, err
}

// Walk visits the files in a folder and below it, by path, but what another
// process removes meanwhile. The folder may be a symbolic link, to a larger disk,
// say, and so may a file; one in it to another folder isn't followed, nor taken
// for a file.
func Walk(folder string, visit func(path string, info fs.FileInfo)) error {
	through := folder + string(filepath.Separator) // which a link leads behind
	return filepath.WalkDir(through, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return ignoreGone(err)
		}
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() {
			visit(path, info)
		}
		return ignoreGone(err)
	})
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Unfinished finds nothing: files are made where they stay.
func (OS) Unfinished(context.Context, time.Time, bool) ([]Info, error) { return nil, nil }

// Stored opens a file.
func (OS) Stored(path string) (io.ReadCloser, error) { return os.Open(path) }

// MkdirAll makes a folder and its parents, durably.
func (OS) MkdirAll(path string) error { return atomicfile.MkdirAll(path) }

// syncs is how many files are synced at once: they wait for the same disk, and
// a journal writes many names in one go.
const syncs = 16

// Sync makes files and their names durable.
func (OS) Sync(_ context.Context, paths []string) error {
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

// Claim gives a file that is written already its name.
func (OS) Claim(_ context.Context, path string, content []byte) (err error) {
	folder := filepath.Dir(path)
	if err := atomicfile.MkdirAll(folder); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, ".claim-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = file.Write(content)
	if err := errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil {
		return err
	}
	return atomicfile.SyncDir(folder)
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
