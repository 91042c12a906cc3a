package iceberg

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"path/filepath"
	"sync"

	icebergio "github.com/apache/iceberg-go/io"

	"alignctl/internal/disk"
)

// A File is a file of the warehouse as it was written.
type File struct {
	Path   string // local
	Bytes  int64
	SHA256 string // hex
}

// staging is iceberg-go's view of the disk while it writes one staged version:
// it notes each file that is written, with its digest, and each that the
// version lets go. Nothing is synced before the publish, which syncs all of
// its files together; and nothing is removed: iceberg-go deletes metadata
// files that a commit pushed out of the log, which are, while the commit is
// only staged, what the published catalog still points at.
type staging struct {
	disk  disk.FS
	place Place

	mu      sync.Mutex
	written []File
	retired []string // paths
}

var _ icebergio.WriteFileIO = (*staging)(nil)
var _ icebergio.ReadFileIO = (*staging)(nil)

// Open opens the file at a location.
func (s *staging) Open(location string) (icebergio.File, error) {
	path, err := s.place.path(location)
	if err != nil {
		return nil, err
	}
	return s.disk.Open(path)
}

// ReadFile reads the file at a location.
func (s *staging) ReadFile(location string) ([]byte, error) {
	file, err := s.Open(location)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(file)
	return content, errors.Join(err, file.Close())
}

// Remove only notes the name: see staging.
func (s *staging) Remove(location string) error {
	path, err := s.place.path(location)
	if err != nil {
		return err
	}
	s.retire(path)
	return nil
}

func (s *staging) retire(paths ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retired = append(s.retired, paths...)
}

// Create opens a new file at a location.
func (s *staging) Create(location string) (icebergio.FileWriter, error) {
	path, err := s.place.path(location)
	if err != nil {
		return nil, err
	}
	return s.createPath(path)
}

func (s *staging) createPath(path string) (*stagedFile, error) {
	if err := s.disk.MkdirAll(filepath.Dir(path)); err != nil {
		return nil, err
	}
	file, err := s.disk.Create(path)
	if err != nil {
		return nil, err
	}
	return &stagedFile{out: file, note: s, file: File{Path: path}, sum: sha256.New()}, nil
}

// WriteFile writes a whole file.
func (s *staging) WriteFile(location string, content []byte) error {
	file, err := s.Create(location)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// A stagedFile is digested as it is written, and noted when it is closed.
type stagedFile struct {
	out    io.WriteCloser
	note   *staging
	file   File
	sum    hash.Hash
	closed bool
}

// Write writes and digests.
func (f *stagedFile) Write(content []byte) (int, error) {
	n, err := f.out.Write(content)
	f.sum.Write(content[:n])
	f.file.Bytes += int64(n)
	return n, err
}

// ReadFrom writes everything that r gives.
func (f *stagedFile) ReadFrom(r io.Reader) (int64, error) {
	var all bytes.Buffer
	if _, err := all.ReadFrom(r); err != nil {
		return 0, err
	}
	n, err := f.Write(all.Bytes())
	return int64(n), err
}

// Close closes the file and notes it; a second Close does nothing.
func (f *stagedFile) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	f.file.SHA256 = hex.EncodeToString(f.sum.Sum(nil))
	f.note.mu.Lock()
	f.note.written = append(f.note.written, f.file) // also when Close fails: it is to be removed then
	f.note.mu.Unlock()
	return f.out.Close()
}
