// Package store is a disk whose files are kept in S3-compatible object storage.
// A local folder is a cache of them, under the same relative paths: files are
// immutable, so a copy is right or absent. What is written here is local until
// Sync sends it. Several processes share one folder, and bound it together.
//
// A file in the folder that can be written to has not been sent, as
// far as anybody knows; a copy of an object is read-only (0444). Only copies
// count against the bound and are removed for it, those that were used longest
// ago first. Whoever reads a file holds it locked (flock, shared), and a locked
// one stays.
package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"alignctl/internal/disk"
	"alignctl/internal/progress"
)

// Options are the settings of a store.
type Options struct {
	// Expect says what files must be, by path, where that is recorded. Those that
	// another engine wrote aren't known.
	Expect func(ctx context.Context, paths []string) (map[string]Expected, error)
	// MaxBytes bounds the copies in the folder; 0: CacheSize.
	MaxBytes int64
	// Patience is for how long a request, or the next bytes of an answer, are
	// waited for; 0: a minute.
	Patience time.Duration
}

// An Expected is what a file must be.
type Expected struct {
	Bytes  int64
	SHA256 string // hex
}

// A Store is a disk.FS over a bucket. Paths outside its folder are the
// operating system's.
type Store struct {
	disk.OS
	remote  *bucket
	folder  string
	options Options
	flights singleflight.Group // of files on their way here

	mu    sync.Mutex
	fresh map[string]bool // written by this process and not sent
	sound map[string]bool // copies whose size this process has looked at
	room  room
}

var _ disk.FS = (*Store)(nil)

// Open is the store at "s3://BUCKET/PREFIX", with its cache in a folder that is
// there. It asks nothing of the server yet.
func Open(location, folder string, o Options) (*Store, error) {
	remote, err := newBucket(location, cmp.Or(o.Patience, time.Minute))
	if err != nil {
		return nil, err
	}
	if o.MaxBytes == 0 {
		if o.MaxBytes, err = CacheSize(); err != nil {
			return nil, err
		}
	}
	return &Store{remote: remote, folder: folder, options: o, fresh: map[string]bool{}, sound: map[string]bool{}}, nil
}

// key is the name of a path's object; ok is false outside the folder.
func (s *Store) key(path string) (key string, ok bool) {
	below, ok := strings.CutPrefix(path, s.folder+string(filepath.Separator))
	return filepath.ToSlash(below), ok
}

// path is the place of an object's copy; ok is false for a key that no path
// means.
func (s *Store) path(key string) (local string, ok bool) {
	return filepath.Join(s.folder, filepath.FromSlash(key)), key == path.Clean(key) && key != "." && filepath.IsLocal(key)
}

// Local is false: see Fetch.
func (s *Store) Local() bool { return false }

// Create makes a new file, which is local until Sync.
func (s *Store) Create(path string) (io.WriteCloser, error) {
	file, err := s.OS.Create(path)
	if err == nil {
		s.note(path)
	}
	return file, err
}

// Adopt takes up a file that another library has written.
func (s *Store) Adopt(path string) error {
	s.note(path)
	return nil
}

func (s *Store) note(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh[path] = true
}

func (s *Store) forget(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.fresh, path)
}

// isFresh says whether no other process can know of a file.
func (s *Store) isFresh(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fresh[path]
}

// MkdirAll makes a folder of the cache.
func (s *Store) MkdirAll(path string) error { return os.MkdirAll(path, 0o777) }

// transfers is how many files are sent or fetched at once.
const transfers = 8

// Sync sends files that aren't in the bucket yet. What it sent is durable.
func (s *Store) Sync(ctx context.Context, paths []string) error {
	task := progress.Start(ctx, "upload", int64(len(paths)), "files")
	defer task.Done()
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(transfers)
	for _, path := range paths {
		work.Go(func() error {
			defer task.Add(1)
			return s.send(ctx, path)
		})
	}
	return work.Wait()
}

// send sends a file, unless that was done: its copy is read-only then, or gone.
func (s *Store) send(ctx context.Context, path string) error {
	key, ok := s.key(path)
	if !ok {
		return s.OS.Sync(ctx, []string{path})
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = s.remote.stat(ctx, key)
		return err
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || isCopy(info) {
		return err
	}
	err = s.remote.put(ctx, key, file, info.Size())
	if errors.Is(err, fs.ErrExist) { // an earlier try may have been done, and its answer lost
		err = s.compare(ctx, key, file)
	}
	if err != nil { // an object that is there all the same is named by nothing: gc removes it
		return err
	}
	s.forget(path)
	return mark(file)
}

// compare sees that an object is a file, byte by byte.
func (s *Store) compare(ctx context.Context, key string, file *os.File) error {
	body, _, err := s.remote.get(ctx, key)
	if err != nil {
		return err
	}
	defer body.Close()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errA := io.ReadFull(file, a)
		m, errB := io.ReadFull(body, b)
		switch {
		case !bytes.Equal(a[:n], b[:m]):
			return fmt.Errorf("write object %q: the bucket has another one of that name", key)
		case errA == nil && errB == nil:
			continue
		case ended(errA) && ended(errB):
			return nil
		}
		return errors.Join(errA, errB)
	}
}

// Claim makes an object, of which no copy is kept here.
func (s *Store) Claim(ctx context.Context, path string, content []byte) error {
	key, ok := s.key(path)
	if !ok {
		return s.OS.Claim(ctx, path, content)
	}
	return s.remote.put(ctx, key, bytes.NewReader(content), int64(len(content)))
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// Remove removes the object, and the copy.
func (s *Store) Remove(path string) error {
	key, ok := s.key(path)
	if ok && !s.isFresh(path) {
		if err := s.remote.remove(context.Background(), key); err != nil {
			return err
		}
	}
	s.forget(path)
	return s.OS.Remove(path)
}

// Stat describes a file: the object or, where none was made of it yet, what is
// in the folder.
func (s *Store) Stat(path string) (disk.Info, error) {
	key, ok := s.key(path)
	if !ok || s.isFresh(path) {
		return s.OS.Stat(path)
	}
	info, err := s.remote.stat(context.Background(), key)
	info.Path = path
	if errors.Is(err, fs.ErrNotExist) && unsent(path) {
		return s.OS.Stat(path)
	}
	return info, err
}

// unsent says whether a file is in the folder that nobody has sent.
func unsent(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !isCopy(info)
}

// List lists the objects below a folder, and the files there that nobody has
// sent: what processes of this machine write, or left.
func (s *Store) List(folder string) ([]disk.Info, error) {
	start, ok := s.key(folder + string(filepath.Separator))
	if !ok {
		return s.OS.List(folder)
	}
	files := map[string]disk.Info{}
	if err := s.listUnsent(folder, files); err != nil {
		return nil, err
	}
	err := s.remote.list(context.Background(), start, func(key string, info disk.Info) {
		if path, ok := s.path(key); ok { // another's key, which no table can name
			info.Path = path
			files[path] = info
		}
	})
	return sorted(files), err
}

// Unfinished lists uploads in parts. A server may not tell how large the parts
// are, so that isn't asked.
func (s *Store) Unfinished(ctx context.Context, before time.Time, remove bool) (cut []disk.Info, err error) {
	uploads, err := s.remote.uploads(ctx)
	for _, u := range uploads {
		path, ok := s.path(u.key)
		if !ok || !u.begun.Before(before) {
			continue
		}
		if remove {
			if err := s.remote.abort(ctx, u); err != nil {
				return cut, err
			}
		}
		cut = append(cut, disk.Info{Path: path, Written: u.begun})
	}
	return cut, err
}

func sorted(files map[string]disk.Info) []disk.Info {
	list := make([]disk.Info, 0, len(files))
	for _, info := range files {
		list = append(list, info)
	}
	slices.SortFunc(list, func(a, b disk.Info) int { return strings.Compare(a.Path, b.Path) })
	return list
}

func (s *Store) listUnsent(folder string, files map[string]disk.Info) error {
	local, err := s.OS.List(folder)
	for _, info := range local {
		if !isPart(info.Path) && unsent(info.Path) {
			files[info.Path] = info
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Stored reads the object itself.
func (s *Store) Stored(path string) (io.ReadCloser, error) {
	key, ok := s.key(path)
	if !ok || s.isFresh(path) {
		return s.OS.Stored(path)
	}
	body, _, err := s.remote.get(context.Background(), key)
	return body, err
}
