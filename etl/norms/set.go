package norms

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"alignctl/etl"
	"alignctl/internal/nearest"
	"alignctl/internal/strictyaml"
)

//go:embed sets/*.yaml
var setFiles embed.FS

// Whole is the group of all raters of a source; core.norm is made from it.
const Whole = "Sum"

// A Set says how the files of a set of norms are to be read. Columns are named
// by their header cells; where releases differ, a list gives the spellings.
type Set struct {
	Name     string `yaml:"name" json:"name"`         // also the name of the source, unless the user gives one
	Language string `yaml:"language" json:"language"` // ISO 639-1
	Licence  string `yaml:"licence" json:"licence,omitempty"`

	Delimiters   string   `yaml:"delimiters" json:"delimiters,omitempty"` // those that occur, one byte each; "": comma
	Unquoted     bool     `yaml:"unquoted" json:"unquoted,omitempty"`     // a " is a character like any other
	DecimalComma bool     `yaml:"decimal_comma" json:"decimal_comma,omitempty"`
	Encodings    []string `yaml:"encodings" json:"encodings,omitempty"` // tried in this order where the bytes aren't UTF-8
	Missing      []string `yaml:"missing" json:"missing,omitempty"`     // unquoted cells without a value, such as NA

	Word Header `yaml:"word" json:"word"`
	// Senses says that a word may end in a sense in brackets: bank (money).
	Senses bool `yaml:"senses" json:"senses,omitempty"`
	// Simplify says that words may be in traditional characters; they are looked
	// up by simplified ones.
	Simplify   bool                  `yaml:"simplify" json:"simplify,omitempty"`
	Dimensions map[string]*Dimension `yaml:"dimensions" json:"dimensions"`
	// Groups are groups of raters, by the text that stands for {group} in the
	// headers; one of them is Whole. None: the file has ratings of all raters only.
	Groups map[string]string `yaml:"groups" json:"groups,omitempty"`
	// Ignore are columns that are no norms; "*" stands for every other column.
	Ignore []string `yaml:"ignore" json:"ignore,omitempty"`
	// Headerless are the columns, in order, of files without a header line.
	Headerless []string `yaml:"headerless" json:"headerless,omitempty"`
	// Advice is added to an error in the header of a file.
	Advice string `yaml:"advice" json:"advice,omitempty"`
}

// A Dimension is one thing that words were rated on, and the columns of its
// ratings.
type Dimension struct {
	Scale `yaml:",inline"`

	Mean  Header `yaml:"mean" json:"mean"`
	SD    Header `yaml:"sd" json:"sd,omitempty"`
	N     Header `yaml:"n" json:"n,omitempty"`         // raters
	Known Header `yaml:"known" json:"known,omitempty"` // share of raters who knew the word
	// Optional says that there are files without the dimension.
	Optional bool `yaml:"optional" json:"optional,omitempty"`
}

// A Header is a column by its header cell, or by several spellings of it.
type Header []string

// UnmarshalYAML reads one text or a list of them.
func (h *Header) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if err := unmarshal(&one); err == nil {
		*h = Header{one}
		return nil
	}
	var many []string
	if err := unmarshal(&many); err != nil {
		return err
	}
	*h = many
	return nil
}

// Sets lists the names of the sets that FindSet knows.
func Sets() []string {
	files, err := setFiles.ReadDir("sets")
	if err != nil {
		return nil // the folder is embedded: it can't be absent
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".yaml")
	}
	return names
}

// FindSet gives the set of a name.
func FindSet(name string) (*Set, error) {
	if !slices.Contains(Sets(), name) {
		return nil, fmt.Errorf("find set of norms %q: not known%s", name, nearest.Hint(name, Sets()))
	}
	file := "sets/" + name + ".yaml"
	content, err := setFiles.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("find set of norms %q: %w", name, err)
	}
	return ParseSet(file, content)
}

// ReadSet reads a user's mapping.
func ReadSet(path string) (*Set, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read mapping: %w", err)
	}
	return ParseSet(path, content)
}

// ParseSet reads a set from YAML; without a name, it is called after the file.
func ParseSet(file string, content []byte) (*Set, error) {
	s := &Set{}
	if err := strictyaml.Decode(file, content, s); err != nil {
		return nil, fmt.Errorf("read mapping %w", err)
	}
	if s.Name == "" {
		s.Name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("read mapping %q: %w", file, err)
	}
	return s, nil
}

var (
	languageCode = regexp.MustCompile(`^[a-z]{2,3}$`)
	plainName    = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
)

// check sees that a set says all that is needed, and nothing twice.
func (s *Set) check() error {
	switch {
	case !languageCode.MatchString(s.Language):
		return fmt.Errorf("language %q: give a code of ISO 639, such as en", s.Language)
	case len(s.Word) == 0:
		return errors.New("no word: name the column that holds the words")
	case len(s.Dimensions) == 0:
		return errors.New("no dimensions: name at least one, such as valence")
	case len(s.Groups) > 0 && s.Groups[Whole] == "":
		return fmt.Errorf("groups: name the group of all raters %s", Whole)
	}
	for _, name := range s.dimensions() {
		if err := s.checkDimension(name); err != nil {
			return fmt.Errorf("dimension %q: %w", name, err)
		}
	}
	if err := s.checkForm(); err != nil {
		return err
	}
	return s.checkHeaders()
}

// maxEnd bounds a scale's ends, so that sums of ratings stay exact.
const maxEnd = 100_000

func (s *Set) checkDimension(name string) error {
	d := s.Dimensions[name]
	switch {
	case !plainName.MatchString(name):
		return errors.New("want a lower-case name")
	case d == nil || len(d.Mean) == 0:
		return errors.New("no mean: name the column that holds it")
	case !(d.Low < d.High) || d.Low < -maxEnd || d.High > maxEnd:
		return fmt.Errorf("scale from %v to %v: low must be below high, both within %d; say reversed: true "+
			"where the lowest number stands for the most", d.Low, d.High, maxEnd)
	}
	for _, h := range [][]string{d.Mean, d.SD, d.N, d.Known} {
		for _, cell := range h {
			if strings.Contains(cell, "{group}") != (len(s.Groups) > 0) {
				return fmt.Errorf("column %q: {group} stands in each column of ratings when there are groups, "+
					"and in none otherwise", cell)
			}
		}
	}
	return nil
}

// checkForm looks at what is said of the file's form.
func (s *Set) checkForm() error {
	for _, e := range s.Encodings {
		if !slices.Contains(etl.Encodings(), e) {
			return fmt.Errorf("encoding %q: not known%s", e, nearest.Hint(e, etl.Encodings()))
		}
	}
	for i := range len(s.Delimiters) {
		if d := s.Delimiters[i]; d >= 0x7f || d == '"' || d == '\n' || d == '\r' || d == 0 {
			return fmt.Errorf("delimiters %q: want single ASCII characters, such as %q", s.Delimiters, ",;\t")
		}
	}
	return nil
}

// checkHeaders sees that no header cell has two meanings, and that a file
// without header has known columns.
func (s *Set) checkHeaders() error {
	seen := map[string]bool{}
	for _, c := range s.columns() {
		for _, cell := range append([]string{c.Header}, c.Aliases...) {
			if seen[cell] {
				return fmt.Errorf("column %q has two meanings", cell)
			}
			seen[cell] = true
		}
	}
	if len(s.Headerless) == 0 {
		return nil
	}
	for i, cell := range s.Headerless {
		if !seen[cell] {
			return fmt.Errorf("headerless: column %q isn't among those of the set%s", cell,
				nearest.Hint(cell, slices.Sorted(maps.Keys(seen))))
		}
		if slices.Contains(s.Headerless[:i], cell) {
			return fmt.Errorf("headerless: column %q stands there twice", cell)
		}
	}
	return s.checkHeaderless()
}

// checkHeaderless sees that a file without header has what a set needs.
func (s *Set) checkHeaderless() error {
	for _, c := range s.columns() {
		there := slices.ContainsFunc(s.Headerless, func(cell string) bool {
			return cell == c.Header || slices.Contains(c.Aliases, cell)
		})
		if !c.Optional && !there {
			return fmt.Errorf("headerless: column %q is missing", c.Header)
		}
	}
	return nil
}

// dimensions lists the names of the dimensions, sorted.
func (s *Set) dimensions() []string { return slices.Sorted(maps.Keys(s.Dimensions)) }

// groups lists the groups of raters, sorted.
func (s *Set) groups() []string {
	if len(s.Groups) == 0 {
		return []string{Whole}
	}
	return slices.Sorted(maps.Keys(s.Groups))
}
