package pipeline

import (
	"context"
	"errors"

	"alignctl/etl/norms"
	"alignctl/lake"
)

// Norms is a source of lexical norms; see alignctl etl norms.
type Norms struct {
	Raw `yaml:",inline"`
	// Set names a set of norms that alignctl knows; Mapping is a file that
	// describes another one.
	Set     string `yaml:"set" json:"set,omitempty"`
	Mapping string `yaml:"mapping" json:"-"`
}

func (n Norms) check() (key string, err error) {
	switch {
	case n.Set != "" && n.Mapping != "":
		return "mapping", errors.New("give a set or a mapping, not both")
	case n.Mapping != "":
		return "", nil
	}
	_, err = norms.FindSet(n.Set)
	return "set", err
}

func (n Norms) others() map[string]string { return named{"mapping": n.Mapping}.given() }

func (Norms) portable() bool { return true }

func (Norms) rules() (string, error) { return norms.Rules() }

func (n Norms) prepare(ctx context.Context, l *lake.Lake, j job) (loading, error) {
	set, err := n.find(j)
	if err != nil {
		return nil, err
	}
	return norms.Prepare(ctx, l, norms.Options{Files: j.files, Set: set, Source: j.source, Licence: n.Licence,
		CheckOptions: j.check, Recipe: j.recipe, Memory: j.Memory, Engine: j.Engine, Command: j.Command, Version: j.Version})
}

// find gives the set by which the files are read.
func (n Norms) find(j job) (*norms.Set, error) {
	if path := j.others["mapping"]; path != "" {
		return norms.ReadSet(path)
	}
	return norms.FindSet(n.Set)
}
