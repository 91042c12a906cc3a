package disktest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"alignctl/internal/disk"
)

// A Recorder is the operating system's disk, and a log of all that was done to
// it. From any prefix of the log it rebuilds what would be left, were the power
// cut there: the content of files that had been synced, names whose folder had,
// and the catalog as its last commit left it.
type Recorder struct {
	disk.OS
	root string
	base Image

	mu  sync.Mutex
	log []operation
}

var _ disk.FS = (*Recorder)(nil)

// operation is one step; exactly one field besides path is set.
type operation struct {
	path    string
	created bool
	written []byte // appended to the file at path
	synced  bool   // the content of the file at path
	named   bool   // the names in the folder at path
	removed bool
	folder  bool
	catalog Image // all of catalog.db's files after a commit
}

// An Image is the content of a folder's files, by path; a folder ends in a slash.
type Image map[string][]byte

// Record starts a log of the folder root, all of which is durable so far.
func Record(root string) (*Recorder, error) {
	base, err := ImageOf(root)
	return &Recorder{root: root, base: base}, err
}

// ImageOf reads a folder.
func ImageOf(root string) (Image, error) {
	image := Image{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			image[path+"/"] = nil
			return nil
		}
		image[path], err = os.ReadFile(path)
		return err
	})
	return image, err
}

// Restore makes the folder root hold the image, and nothing else.
func (i Image) Restore(root string) error {
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(i)) {
		if strings.HasSuffix(path, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, i[path], 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// Sum tells images apart.
func (i Image) Sum() [sha256.Size]byte {
	sum := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(i)) {
		io.WriteString(sum, path)
		content := sha256.Sum256(i[path])
		sum.Write(content[:])
	}
	return [sha256.Size]byte(sum.Sum(nil))
}

// Len is the length of the log: a moment.
func (r *Recorder) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.log)
}

func (r *Recorder) note(operations ...operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, operations...)
}

// Create makes a new file and notes what is written to it.
func (r *Recorder) Create(path string) (io.WriteCloser, error) {
	out, err := r.OS.Create(path)
	if err != nil {
		return nil, err
	}
	r.note(operation{path: path, created: true})
	return &recordedFile{WriteCloser: out, recorder: r, path: path}, nil
}

type recordedFile struct {
	io.WriteCloser
	recorder *Recorder
	path     string
}

// Write notes the content.
func (f *recordedFile) Write(content []byte) (int, error) {
	n, err := f.WriteCloser.Write(content)
	f.recorder.note(operation{path: f.path, written: bytes.Clone(content[:n])})
	return n, err
}

// Adopt notes a file as one that was written and not synced.
func (r *Recorder) Adopt(path string) error {
	content, err := os.ReadFile(path)
	r.note(operation{path: path, created: true}, operation{path: path, written: content})
	return err
}

// MkdirAll notes a folder, which is durable.
func (r *Recorder) MkdirAll(path string) error {
	err := r.OS.MkdirAll(path)
	r.note(operation{path: path, folder: true})
	return err
}

// Sync notes each file, then each folder, as a step of its own.
func (r *Recorder) Sync(_ context.Context, paths []string) error {
	folders := map[string]bool{}
	for _, path := range paths {
		r.note(operation{path: path, synced: true})
		folders[filepath.Dir(path)] = true
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		r.note(operation{path: folder, named: true})
	}
	return nil // nothing of this disk outlives the test
}

// Remove notes that a file goes.
func (r *Recorder) Remove(path string) error {
	err := r.OS.Remove(path)
	r.note(operation{path: path, removed: true})
	return err
}

// Commit keeps the catalog as the commit leaves it.
func (r *Recorder) Commit(commit func() error) error {
	if err := commit(); err != nil {
		return err
	}
	catalog := Image{}
	for _, name := range []string{"catalog.db", "catalog.db-wal"} {
		path := filepath.Join(r.root, name)
		content, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil {
			catalog[path] = content
		}
	}
	r.note(operation{catalog: catalog})
	return nil
}

// A Survival says what becomes of what wasn't synced.
type Survival int

// Names that weren't synced are absent; or they are there, and content that
// wasn't synced is empty, or of its full length with zeros in its second half.
const (
	Absent Survival = iota
	Empty
	Torn
)

// Survivals are all of them.
func Survivals() []Survival { return []Survival{Absent, Empty, Torn} }

// String names it.
func (s Survival) String() string { return [...]string{"absent", "empty", "torn"}[s] }

// After is what is left when the power is cut after n operations.
func (r *Recorder) After(n int, s Survival) Image {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := &volatile{files: map[string]*volatileFile{}}
	for path, content := range r.base {
		left.files[path] = &volatileFile{content: content, synced: true, named: true}
	}
	for _, step := range r.log[:n] {
		left.apply(step)
	}
	return left.settle(s)
}

// volatile is a folder as the operating system shows it, with what of it is on
// the disk.
type volatile struct{ files map[string]*volatileFile }

type volatileFile struct {
	content                []byte
	synced, named, removed bool
}

func (v *volatile) apply(step operation) {
	file := v.files[step.path]
	switch {
	case step.catalog != nil:
		v.commit(step.catalog)
	case step.folder:
		v.files[step.path+"/"] = &volatileFile{synced: true, named: true}
	case step.created:
		v.files[step.path] = &volatileFile{}
	case step.named:
		v.sync(step.path)
	case file == nil: // written or removed by someone past this disk
	case step.synced:
		file.synced = true
	case step.removed:
		file.removed = true
	default:
		file.content, file.synced = append(bytes.Clone(file.content), step.written...), false
	}
}

func (v *volatile) commit(catalog Image) {
	maps.DeleteFunc(v.files, func(path string, _ *volatileFile) bool {
		return strings.HasPrefix(filepath.Base(path), "catalog.db-") // of an older state
	})
	for path, content := range catalog {
		v.files[path] = &volatileFile{content: content, synced: true, named: true}
	}
}

// sync makes the names in a folder durable.
func (v *volatile) sync(folder string) {
	for path, file := range v.files {
		switch {
		case filepath.Dir(path) != folder:
		case file.removed:
			delete(v.files, path)
		default:
			file.named = true
		}
	}
}

func (v *volatile) settle(s Survival) Image {
	image := Image{}
	for path, file := range v.files {
		lost := file.removed || !file.named || !file.synced
		switch {
		case lost && s == Absent:
		case file.synced:
			image[path] = file.content
		case s == Empty:
			image[path] = nil
		default:
			torn := make([]byte, len(file.content))
			copy(torn, file.content[:len(torn)/2])
			image[path] = torn
		}
	}
	return image
}
