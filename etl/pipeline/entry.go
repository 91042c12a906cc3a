package pipeline

import (
	"context"
	"maps"

	"alignctl/etl"
	"alignctl/lake"
)

// An entry is the settings of a source, of whatever kind. Its JSON without the
// names of files is what a recipe keeps of it.
type entry interface {
	raw() Raw
	// check says what is wrong with the settings, and under which key.
	check() (key string, err error)
	// others lists the files beside the raw ones, by the key that names each.
	others() map[string]string
	// portable says whether another engine than DuckDB can run the transforms.
	portable() bool
	// rules is the digest of what alignctl itself brings to a load.
	rules() (string, error)
	// prepare checks the files.
	prepare(ctx context.Context, l *lake.Lake, j job) (loading, error)
}

// named are files by the keys that name them.
type named map[string]string

// given leaves out those that aren't named.
func (n named) given() map[string]string {
	maps.DeleteFunc(n, func(_, path string) bool { return path == "" })
	return n
}

// A loading is a load whose files have been checked: the Plan of a source's
// package.
type loading interface {
	String() string // what will move
	Load(context.Context) (*etl.Report, error)
}

// A job is what an entry needs to prepare a load.
type job struct {
	Options
	source string
	files  []string          // absolute
	others map[string]string // absolute paths, by key
	recipe *recipe
	check  etl.CheckOptions
}
