package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"alignctl/internal/disk"
	"alignctl/internal/progress"
)

// copyMode is the mode of a file that the bucket has, too.
const copyMode = 0o444

func isCopy(info fs.FileInfo) bool { return info.Mode().Perm()&0o222 == 0 }

// mark makes a file a copy, once its bytes are on the disk: other processes trust
// a copy by its size alone, which a power cut leaves right where the bytes are
// lost.
func mark(file *os.File) error {
	if err := file.Sync(); err != nil {
		return err
	}
	return file.Chmod(copyMode)
}

// partPrefix starts the name of a file that is on its way here.
const partPrefix = ".part-"

func isPart(path string) bool { return strings.HasPrefix(filepath.Base(path), partPrefix) }

// Open opens a file, fetched if it must be. The open file is locked, so that its
// copy stays for as long.
func (s *Store) Open(path string) (*os.File, error) {
	return s.acquire(context.Background(), path)
}

// Fetch fetches what is missing, several at once, and keeps all locked until
// release.
func (s *Store) Fetch(ctx context.Context, paths []string) (release func(), err error) {
	paths = slices.DeleteFunc(slices.Clone(paths), func(path string) bool { _, ours := s.key(path); return !ours })
	missing, err := s.fit(ctx, paths)
	if err != nil {
		return nil, err
	}
	shown := context.Background()
	if missing {
		shown = ctx
	}
	task := progress.Start(shown, "fetch", int64(len(paths)), "files")
	defer task.Done()
	return s.hold(ctx, paths, task)
}

// hold acquires files.
func (s *Store) hold(ctx context.Context, paths []string, task progress.Task) (release func(), err error) {
	files := make([]*os.File, len(paths))
	release = func() {
		for _, file := range files {
			if file != nil {
				file.Close()
			}
		}
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(transfers)
	for i, path := range paths {
		work.Go(func() (err error) {
			files[i], err = s.acquire(ctx, path)
			task.Add(1)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// acquire opens and locks a file of the folder, and fetches it where it isn't
// there. Another process may remove a copy between the two, so it tries again.
func (s *Store) acquire(ctx context.Context, path string) (*os.File, error) {
	key, ours := s.key(path)
	if !ours {
		return os.Open(path)
	}
	for {
		file, err := s.open(ctx, path)
		if file != nil || err != nil {
			return file, err
		}
		_, err, _ = s.flights.Do(path, func() (any, error) { return nil, s.fetch(ctx, path, key) })
		if err == nil || errors.Is(err, context.Canceled) && ctx.Err() == nil { // another's, whose turn it was
			continue
		}
		return nil, err
	}
}

// open opens and locks a file that is in the folder and sound; nil without an
// error says that it isn't.
func (s *Store) open(ctx context.Context, path string) (*os.File, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	sound, err := s.isSound(ctx, file)
	if err == nil && sound {
		return file, nil
	}
	return nil, errors.Join(err, file.Close())
}

// isSound locks a file and says whether its path still means it and it can be
// what it must be. The first time in this process its size is looked at; of one
// that isn't marked as a copy though it is recorded, so that a process ended
// between sending and marking it, all of its bytes.
func (s *Store) isSound(ctx context.Context, file *os.File) (bool, error) {
	if err := lock(file, syscall.LOCK_SH); err != nil {
		return false, err
	}
	path := file.Name()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Stat(path)
	if err != nil || !os.SameFile(info, now) {
		return false, nil
	}
	if isCopy(info) {
		touch(path)
	}
	if s.isSeen(path) {
		return true, nil
	}
	sound, err := s.isExpected(ctx, file, info)
	if err != nil || !sound {
		return false, err
	}
	s.mu.Lock()
	s.sound[path] = true
	s.mu.Unlock()
	return true, nil
}

// isSeen says whether this process wrote a file, or has looked at it.
func (s *Store) isSeen(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sound[path] || s.fresh[path]
}

// touch says that a copy is in use; that of another user is as it is.
func touch(path string) {
	now := time.Now()
	_ = os.Chtimes(path, now, now)
}

func (s *Store) isExpected(ctx context.Context, file *os.File, info fs.FileInfo) (bool, error) {
	want, known, err := s.expect(ctx, file.Name())
	switch {
	case err != nil || !known:
		return err == nil, err
	case info.Size() != want.Bytes:
		return false, nil
	case isCopy(info):
		return true, nil
	}
	_, got, err := digest(io.Discard, io.NewSectionReader(file, 0, want.Bytes))
	if err != nil || got != want.SHA256 {
		return false, err
	}
	_ = mark(file) // another user's stays unmarked
	return true, nil
}

func (s *Store) expect(ctx context.Context, path string) (want Expected, known bool, err error) {
	all, err := s.expectAll(ctx, []string{path})
	want, known = all[path]
	return want, known, err
}

func (s *Store) expectAll(ctx context.Context, paths []string) (map[string]Expected, error) {
	if s.options.Expect == nil {
		return nil, nil
	}
	return s.options.Expect(ctx, paths)
}

// digest copies, and gives size and sha256 of what came.
func digest(to io.Writer, from io.Reader) (int64, string, error) {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), from)
	return n, hex.EncodeToString(sum.Sum(nil)), err
}

func lock(file *os.File, how int) error {
	for {
		if err := syscall.Flock(int(file.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// fetches is how often a body is asked for that comes cut or changed.
const fetches = 4

// fetch brings an object's copy into the folder, whole or not at all: it has
// another name until it is checked.
func (s *Store) fetch(ctx context.Context, path, key string) error {
	if err := s.MkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), partPrefix+"*")
	if err != nil {
		return fmt.Errorf("fetch file: %w", err)
	}
	err = lock(part, syscall.LOCK_EX)
	for try := 1; err == nil; try++ {
		if err = s.fill(ctx, part, path, key); err == nil || try == fetches || !again(err) {
			break
		}
		err = wait(ctx, try)
	}
	if err == nil {
		err = mark(part)
	}
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		return errors.Join(err, s.OS.Remove(part.Name()), part.Close())
	}
	s.mu.Lock()
	s.sound[path] = true
	s.mu.Unlock()
	return part.Close()
}

// errCut says that a body didn't come whole.
var errCut = errors.New("the answer was cut off")

// again says whether asking once more may help.
func again(err error) bool { return errors.Is(err, errCut) || errors.Is(err, disk.ErrDamaged) }

func wait(ctx context.Context, try int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(try*try) * 100 * time.Millisecond):
		return nil
	}
}

// fill writes an object into a file and compares it with its record.
func (s *Store) fill(ctx context.Context, part *os.File, path, key string) error {
	want, known, err := s.expect(ctx, path)
	if err != nil {
		return err
	}
	body, size, err := s.remote.get(ctx, key)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := s.reserve(size); err != nil {
		return err
	}
	_, seekErr := part.Seek(0, io.SeekStart)
	if err := errors.Join(seekErr, part.Truncate(0)); err != nil {
		return err
	}
	n, got, err := digest(part, body)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("fetch file %q of %s: %w: no space left on the disk of %q: make some, or lower ALIGNCTL_CACHE_SIZE",
			path, bytesText(size), disk.ErrFull, s.folder)
	case err != nil && n == size: // all came, and the server's checksum is of something else
		return fmt.Errorf("fetch file %q: %w: in the bucket: %w", path, disk.ErrDamaged, err)
	case err != nil, n != size:
		return s.remote.explain("read", key, fmt.Errorf("%w: %w", errCut, cmp.Or(err, io.ErrUnexpectedEOF)))
	case known && n != want.Bytes:
		return fmt.Errorf("fetch file %q: %w: the bucket's has %d bytes, %d were recorded", path, disk.ErrDamaged, n, want.Bytes)
	case known && got != want.SHA256:
		return fmt.Errorf("fetch file %q: %w: the bucket's bytes have sha256 %s, recorded is %s", path, disk.ErrDamaged, got,
			want.SHA256)
	}
	return nil
}
