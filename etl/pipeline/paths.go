package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"alignctl/internal/workspace"
)

// Paths are files as the configuration names them: a path, a pattern such as
// raw/*.csv, or a list of these. Relative ones start at the workspace.
type Paths []string

// UnmarshalYAML takes one path as a list of it.
func (p *Paths) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if unmarshal(&one) == nil {
		*p = Paths{one}
		return nil
	}
	return unmarshal((*[]string)(p))
}

// expand gives the absolute paths of the files: those of a pattern in the order
// of their names, each file once. A pattern that no file matches is an error.
func (p Paths) expand(file *workspace.File) (paths []string, err error) {
	for _, name := range p {
		found, err := matches(file.Abs(name))
		if err != nil {
			return nil, fmt.Errorf("find files %q: %w", name, err)
		}
		for _, path := range found {
			if !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths, nil
}

// present gives an error where a file isn't there.
func (p Paths) present(file *workspace.File) error {
	paths, err := p.expand(file)
	for _, path := range paths {
		if _, statErr := os.Stat(path); err == nil {
			err = statErr
		}
	}
	return err
}

func matches(path string) ([]string, error) {
	if !strings.ContainsAny(path, "*?[") {
		return []string{path}, nil
	}
	found, err := filepath.Glob(path)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no file matches")
	}
	slices.Sort(found)
	return found, err
}
