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
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"alignctl/internal/nearest"
)

// FileName is the name of a workspace's file.
const FileName = "alignctl.yaml"

// Sections lists the top-level keys of the file.
func Sections() []string { return []string{"lake", "etl"} }

// A File is a workspace's file, read and parsed.
type File struct {
	Path     string // absolute
	sections map[string]*ast.MappingValueNode
}

// Find reads the nearest alignctl.yaml, upward from the working folder; nil
// when there is none.
func Find() (*File, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find workspace: %w", err)
	}
	for folder := here; ; folder = filepath.Dir(folder) {
		file, err := Read(filepath.Join(folder, FileName))
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		if folder == filepath.Dir(folder) {
			return nil, nil
		}
	}
}

// Read reads a workspace's file.
func Read(path string) (*File, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("read workspace: %w", err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read workspace: %w", err)
	}
	f := &File{Path: path, sections: map[string]*ast.MappingValueNode{}}
	return f, f.parse(content)
}

func (f *File) parse(content []byte) error {
	parsed, err := parser.ParseBytes(content, 0)
	if err != nil {
		return f.located(err)
	}
	if len(parsed.Docs) > 1 {
		return fmt.Errorf("%s: want one YAML document, found %d", f.Path, len(parsed.Docs))
	}
	if len(parsed.Docs) == 0 || parsed.Docs[0].Body == nil || parsed.Docs[0].Body.Type() == ast.NullType {
		return nil // an empty file marks a workspace, too
	}
	pairs, ok := mapping(parsed.Docs[0].Body)
	if !ok {
		return f.errorAt(parsed.Docs[0].Body, "want keys with values")
	}
	for _, pair := range pairs {
		name := keyName(pair)
		if !slices.Contains(Sections(), name) {
			return f.errorAt(pair.Key, "unknown key %q%s", name, nearest.Hint(name, Sections()))
		}
		f.sections[name] = pair
	}
	return nil
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
func (f *File) Decode(section string, into any) error {
	pair, ok := f.sections[section]
	if !ok {
		return nil
	}
	if err := f.strict(pair.Value, typeOf(into)); err != nil {
		return err
	}
	if err := yaml.NodeToValue(pair.Value, into, yaml.Strict()); err != nil {
		return f.located(err)
	}
	return nil
}

// located gives an error of the YAML library the form of ours.
func (f *File) located(err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	p := at.GetToken().Position
	return fmt.Errorf("%s:%d:%d: %s", f.Path, p.Line, p.Column, at.GetMessage())
}

// errorAt is an error about a place in the file.
func (f *File) errorAt(node ast.Node, format string, args ...any) error {
	p := node.GetToken().Position
	return fmt.Errorf("%s:%d:%d: %s", f.Path, p.Line, p.Column, fmt.Sprintf(format, args...))
}

// Place names the place of a key below others, as path:line:column; where the
// file hasn't all of them, that of the last that it has.
func (f *File) Place(keys ...string) string {
	path := f.follow(keys)
	if len(path) == 0 {
		return f.Path
	}
	p := path[len(path)-1].Key.GetToken().Position
	return fmt.Sprintf("%s:%d:%d", f.Path, p.Line, p.Column)
}
