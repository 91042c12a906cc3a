package pipeline

import (
	"fmt"
	"maps"
	"slices"

	"alignctl/internal/workspace"
)

// Section is the name of Config in alignctl.yaml.
const Section = "etl"

// Config is the section etl of alignctl.yaml. Under each kind stand the sources
// of that kind by their names; a source has the settings that the flags of
// alignctl etl KIND have, and its files.
type Config struct {
	// Memory is DuckDB's share of a load, such as 2GiB; empty: etl.DefaultMemory.
	Memory   string              `yaml:"memory"`
	SWOW     map[string]SWOW     `yaml:"swow"`
	Strength map[string]Strength `yaml:"strength"`
	Norms    map[string]Norms    `yaml:"norms"`
	Lemma    map[string]Lemma    `yaml:"lemma"`
	WVS      map[string]WVS      `yaml:"wvs"`

	file *workspace.File
}

// Raw is what every kind of source has: its files.
type Raw struct {
	Files    Paths  `yaml:"files" json:"-"`
	Encoding string `yaml:"encoding" json:"encoding,omitempty"` // empty: what the files' layout says
	Licence  string `yaml:"licence" json:"licence,omitempty"`   // empty: that of the published files
}

// raw gives the part that all kinds share.
func (r Raw) raw() Raw { return r }

// Read reads the section of a workspace's file.
func Read(file *workspace.File) (*Config, error) {
	c := &Config{file: file}
	if err := file.Decode(Section, c); err != nil {
		return nil, err
	}
	_, err := c.sources()
	return c, err
}

// A source is an entry of the configuration under its name.
type source struct {
	name, kind string
	entry      entry
}

// sources lists the sources of all kinds, by kind as in Config and then by name.
func (c *Config) sources() ([]source, error) {
	list := listed(nil, "swow", c.SWOW)
	list = listed(list, "strength", c.Strength)
	list = listed(list, "norms", c.Norms)
	list = listed(list, "lemma", c.Lemma)
	list = listed(list, "wvs", c.WVS)
	kinds := map[string]string{}
	for _, s := range list {
		if other, twice := kinds[s.name]; twice {
			return nil, c.errorf(s, "", "there is a source of this name under %s", other)
		}
		kinds[s.name] = s.kind
		if len(s.entry.raw().Files) == 0 {
			return nil, c.errorf(s, "", "it has no files")
		}
		if key, err := s.entry.check(); err != nil {
			return nil, c.errorf(s, key, "%w", err)
		}
	}
	return list, nil
}

func listed[E entry](list []source, kind string, entries map[string]E) []source {
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		list = append(list, source{name, kind, entries[name]})
	}
	return list
}

// errorf is an error about a source, at its key in the file.
func (c *Config) errorf(s source, key, format string, args ...any) error {
	return fmt.Errorf("%s: source %q: %w", c.file.Place(Section, s.kind, s.name, key), s.name, fmt.Errorf(format, args...))
}

// A Gap is a source whose files aren't all there.
type Gap struct {
	Source string
	Place  string // of the source's files in the configuration: path:line:column
	Err    error  // names the first that is missing
}

// Gaps looks for the files of all sources, without reading them.
func (c *Config) Gaps() (gaps []Gap, err error) {
	all, err := c.sources()
	for _, s := range all {
		if err := s.entry.raw().Files.present(c.file); err != nil {
			gaps = append(gaps, Gap{s.name, c.file.Place(Section, s.kind, s.name, "files"), err})
		}
	}
	return gaps, err
}

// Names are the names of all sources.
func (c *Config) Names() (names []string) {
	all, err := c.sources()
	if err != nil {
		return nil
	}
	for _, s := range all {
		names = append(names, s.name)
	}
	return names
}
