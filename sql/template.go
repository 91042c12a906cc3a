package sql

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"alignctl/internal/nearest"
	"alignctl/lake"
)

// A Template is the wording of a prompt, read from a YAML file of its fields:
//
//	id: ranked-en-1
//	style: ranked
//	language: en
//	separator: ", "
//	user: |
//	  List the words that come to mind.
//	  Cue: {cue}
//
// A name in braces is a slot. The cue stands last, so that the prompts of one
// template share their beginning.
type Template struct {
	ID        string `yaml:"id" json:"id"`
	Style     string `yaml:"style" json:"style"`         // a view's parameter names it; one template a language
	Language  string `yaml:"language" json:"language"`   // as in core tables: "en", "zh"
	System    string `yaml:"system" json:"system"`       // "": no system message
	User      string `yaml:"user" json:"user"`           // holds {cue}
	Separator string `yaml:"separator" json:"separator"` // between the items of a list in the answer

	file string
}

var (
	slot       = regexp.MustCompile(`\{([a-z_]+)\}`)
	templateID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
)

// slots are what a view can put into a template.
func slots() []string { return []string{"cue"} }

// parseTemplate reads one template file.
func parseTemplate(file string, text []byte) (Template, error) {
	t := Template{file: file}
	if err := yaml.UnmarshalWithOptions(text, &t, yaml.Strict()); err != nil {
		return Template{}, fmt.Errorf("read template %s: %s", file, strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	t.System, t.User = strings.TrimSpace(t.System), strings.TrimSpace(t.User)
	if err := t.check(); err != nil {
		return Template{}, fmt.Errorf("read template %s: %w", file, err)
	}
	return t, nil
}

func (t Template) check() error {
	if !templateID.MatchString(t.ID) || path.Base(t.file) != t.ID+".yaml" {
		return fmt.Errorf("id %q: want lower-case letters, digits and hyphens, and a file called ID.yaml", t.ID)
	}
	for _, f := range []struct{ name, value string }{
		{"style", t.Style}, {"language", t.Language}, {"user", t.User}, {"separator", t.Separator},
	} {
		if f.value == "" {
			return fmt.Errorf("%s is missing", f.name)
		}
	}
	for _, m := range slot.FindAllStringSubmatch(t.User, -1) {
		if !slices.Contains(slots(), m[1]) {
			return fmt.Errorf("unknown slot {%s}%s", m[1], nearest.Hint(m[1], slots()))
		}
	}
	if m := slot.FindString(t.System); m != "" {
		return fmt.Errorf("slot %s in system: only user has slots", m)
	}
	if !strings.Contains(t.User, "{cue}") {
		return fmt.Errorf("user has no slot {cue}")
	}
	return nil
}

// Digest is the content digest of the template, "sha256:<64 hex>".
func (t Template) Digest() (string, error) { return digestJSON(t) }

// digestJSON is the sha256 of the value's JSON, which Go writes one way only.
func digestJSON(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("digest %T: %w", value, err)
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(text)), nil
}

// addTemplates adds the templates of a folder's *.yaml files. A template whose
// id, or whose style and language, is known already replaces that one.
func (c *Catalogue) addTemplates(fsys fs.FS, root string) error {
	files, err := fs.Glob(fsys, "templates/*.yaml")
	if err != nil {
		return err
	}
	var added []Template
	for _, name := range files {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return fmt.Errorf("read template: %w", err)
		}
		t, err := parseTemplate(path.Join(root, name), text)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(added, t.replaces); i >= 0 {
			return fmt.Errorf("read template %s: %s has the same style and language", t.file, added[i].file)
		}
		added = append(added, t)
	}
	kept := slices.DeleteFunc(slices.Clone(c.templates), func(old Template) bool {
		return slices.ContainsFunc(added, func(t Template) bool { return t.replaces(old) })
	})
	c.templates = append(kept, added...)
	slices.SortFunc(c.templates, func(a, b Template) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

func (t Template) replaces(old Template) bool {
	return t.ID == old.ID || (t.Style == old.Style && t.Language == old.Language)
}

// ofStyle gives the templates of a style, one a language.
func (c *Catalogue) ofStyle(style string) ([]Template, error) {
	var found []Template
	var styles []string
	for _, t := range c.templates {
		if t.Style == style {
			found = append(found, t)
		}
		if !slices.Contains(styles, t.Style) {
			styles = append(styles, t.Style)
		}
	}
	if found == nil {
		return nil, fmt.Errorf("no template has the style %q%s", style, nearest.Hint(style, styles))
	}
	return found, nil
}

// loadTemplates makes the table templates in the session.
func (c *Catalogue) loadTemplates(ctx context.Context, s *lake.Session) error {
	const create = `CREATE TEMP TABLE templates
		(id VARCHAR, style VARCHAR, language VARCHAR, system VARCHAR, "user" VARCHAR, separator VARCHAR)`
	if err := s.Exec(ctx, create); err != nil {
		return fmt.Errorf("load templates: %w", err)
	}
	for _, t := range c.templates {
		err := s.Exec(ctx, "INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?)",
			t.ID, t.Style, t.Language, t.System, t.User, t.Separator)
		if err != nil {
			return fmt.Errorf("load template %q: %w", t.ID, err)
		}
	}
	return nil
}
