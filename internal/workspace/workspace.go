// Package workspace reads alignctl.yaml, the file that makes a folder a
// workspace. It is strict: an unknown key is an error with its place and the
// nearest known one. Each top-level key is a section, whose type belongs to the
// package that acts on it; this package knows their names alone.
package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"alignctl/internal/strictyaml"
)

// FileName is the name of a workspace's file.
const FileName = "alignctl.yaml"

// sections has a field for each top-level key of the file; its package decodes
// what stands there.
type sections struct {
	Lake  any `yaml:"lake"`
	Etl   any `yaml:"etl"`
	Train any `yaml:"train"`
}

// A File is a file of settings, read and parsed.
type File struct {
	Path     string // absolute
	document *strictyaml.Document
}

// Find reads the nearest alignctl.yaml, upward from the working folder; nil
// when there is none.
func Find() (*File, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find workspace: %w", err)
	}
	return FindFrom(here)
}

// FindFrom reads the nearest alignctl.yaml, upward from a folder, whose path is
// absolute; nil when there is none.
func FindFrom(folder string) (*File, error) {
	for ; ; folder = filepath.Dir(folder) {
		file, err := Read(filepath.Join(folder, FileName))
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		if folder == filepath.Dir(folder) {
			return nil, nil
		}
	}
}

// Read reads a workspace's file. An empty one marks a workspace, too.
func Read(path string) (*File, error) { return ReadInto(path, &sections{}) }

// ReadInto reads another file as strictly, whole, into a pointer.
func ReadInto(path string, into any) (*File, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return ParseInto(path, content, into)
}

// ParseInto is ReadInto for what would stand in the file.
func ParseInto(path string, content []byte, into any) (*File, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	document, err := strictyaml.Parse(path, content)
	if err != nil {
		return nil, err
	}
	return &File{Path: path, document: document}, document.Decode(into)
}

// Folder is the workspace: relative paths in the file start here.
func (f *File) Folder() string { return filepath.Dir(f.Path) }

// Abs is a path of the file as an absolute one.
func (f *File) Abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(f.Folder(), path)
}

// Decode reads a section into a pointer. Without the section it leaves the
// value as it is.
func (f *File) Decode(section string, into any) error { return f.document.Decode(into, section) }

// Place names the place of a key below others, as path:line:column; where the
// file hasn't all of them, that of the last that it has.
func (f *File) Place(keys ...string) string {
	line, column := f.document.Place(keys...)
	if line == 0 {
		return f.Path
	}
	return fmt.Sprintf("%s:%d:%d", f.Path, line, column)
}

// Line is the line of a key below others, 1-based; where the file hasn't all of
// them, that of the last that it has, or 0.
func (f *File) Line(keys ...string) int {
	line, _ := f.document.Place(keys...)
	return line
}
