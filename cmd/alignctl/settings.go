package main

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/nearest"
	"alignctl/internal/workspace"
)

// A setting is a flag's value in force, and what set it: flag, FILE:LINE,
// preset NAME or default.
type setting struct {
	Name   string `json:"name"`
	Value  any    `json:"value"`
	Origin string `json:"origin"`
}

// fromFile reports whether something else than a flag set the value.
func (s setting) fromFile() bool { return s.Origin != "flag" && s.Origin != "default" }

// flagSettings are the flags of a command whose values may also come from a
// section of alignctl.yaml or from a preset. Flags are the only list of what
// can be set: a new one is a key of the file at once.
type flagSettings struct {
	context *cli.Context
	flags   []cli.Flag
	origins map[string]string
}

// newFlagSettings starts from the flags that the command line gives.
func newFlagSettings(c *cli.Context, flags []cli.Flag) *flagSettings {
	s := &flagSettings{context: c, flags: flags, origins: map[string]string{}}
	for _, name := range s.names() {
		if c.IsSet(name) {
			s.origins[name] = "flag"
		}
	}
	return s
}

// parsedNone is the context of a command line without flags.
func parsedNone(flags []cli.Flag) (*cli.Context, error) {
	set := flag.NewFlagSet("settings", flag.ContinueOnError)
	for _, f := range flags {
		if err := f.Apply(set); err != nil {
			return nil, err
		}
	}
	return cli.NewContext(cli.NewApp(), set, nil), nil
}

func (s *flagSettings) names() []string {
	names := make([]string, len(s.flags))
	for i, f := range s.flags {
		names[i] = f.Names()[0]
	}
	return names
}

// take gives a flag a value, unless something before has set it. place is where
// the value stands, for an error.
func (s *flagSettings) take(name, value, origin, place string) error {
	if s.origins[name] != "" {
		return nil
	}
	if err := s.context.Set(name, value); err != nil {
		return fmt.Errorf("%s: set %s to %q: %w", place, name, value, err)
	}
	s.origins[name] = origin
	return nil
}

// takeFile takes what a section of alignctl.yaml, or another file, says. Its paths
// start at the file's folder.
func (s *flagSettings) takeFile(file *workspace.File, keys []string, values map[string]words) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at := append(slices.Clone(keys), name)
		place := file.Place(at...)
		index := slices.Index(s.names(), name)
		if index < 0 {
			return fmt.Errorf("%s: unknown key %q%s", place, name, nearest.Hint(name, s.names()))
		}
		value := string(values[name])
		if _, isPath := s.flags[index].(*cli.PathFlag); isPath && value != "" {
			value = file.Abs(value)
		}
		origin := fmt.Sprintf("%s:%d", shortPath(file.Path), file.Line(at...))
		if err := s.take(name, value, origin, place); err != nil {
			return err
		}
	}
	return nil
}

// list is every setting, in the order of the flags.
func (s *flagSettings) list() []setting {
	list := make([]setting, len(s.flags))
	for i, name := range s.names() {
		list[i] = setting{name, s.context.Value(name), firstOf(s.origins[name], "default")}
	}
	return list
}

// words is a value as a flag takes it: a scalar of the file, or a list, whose
// items are put together by commas.
type words string

// UnmarshalYAML reads a scalar or a list of them.
func (w *words) UnmarshalYAML(unmarshal func(any) error) error {
	var list []string
	if unmarshal(&list) == nil {
		*w = words(strings.Join(list, ","))
		return nil
	}
	return unmarshal((*string)(w))
}
