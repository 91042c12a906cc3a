package sql

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"alignctl/internal/nearest"
)

//go:embed views templates
var builtin embed.FS

// A Catalogue holds the known views and prompt templates.
type Catalogue struct {
	views     []*View // data sets, by name
	live      []*View // views that stand in each session, by name
	templates []Template
}

// LoadCatalogue reads the built-in views and templates and, when workspace is
// not "", those under its folders views and templates. A user's template may
// replace a built-in one; a view's name may be taken only once.
func LoadCatalogue(workspace string) (*Catalogue, error) {
	c := &Catalogue{}
	if err := c.add(builtin, "sql"); err != nil {
		return nil, err
	}
	if workspace == "" {
		return c, nil
	}
	if err := c.add(os.DirFS(workspace), workspace); err != nil {
		return nil, err
	}
	return c, nil
}

// add reads the folders views and templates of fsys, which need not exist; root
// stands before their paths in messages.
func (c *Catalogue) add(fsys fs.FS, root string) error {
	err := fs.WalkDir(fsys, "views", func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == "views":
			return nil
		case err != nil:
			return fmt.Errorf("read views: %w", err)
		case d.IsDir() || path.Ext(name) != ".sql":
			return nil
		}
		return c.addView(fsys, name, filepath.Join(root, filepath.FromSlash(name)))
	})
	if err != nil {
		return err
	}
	return c.addTemplates(fsys, root)
}

func (c *Catalogue) addView(fsys fs.FS, name, file string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("read view: %w", err)
	}
	view, err := ParseView(file, string(text))
	if err != nil {
		return err
	}
	if view.ours() && fsys != builtin {
		_, own, _ := strings.Cut(view.Name, ".")
		return &ParseError{File: file, Line: 1,
			Msg: fmt.Sprintf("view %q: views under core and eval come with alignctl; call a data set data.%s", view.Name, own)}
	}
	if view.live() {
		c.live = append(c.live, view)
		return nil
	}
	at, taken := slices.BinarySearchFunc(c.views, view.Name, byName)
	if taken {
		return &ParseError{File: file, Line: 1,
			Msg: fmt.Sprintf("view %q is already defined in %s: give it another name", view.Name, c.views[at].File)}
	}
	c.views = slices.Insert(c.views, at, view)
	return nil
}

// Live gives the views that stand in each session.
func (c *Catalogue) Live() []*View { return slices.Clone(c.live) }

func byName(v *View, name string) int { return strings.Compare(v.Name, name) }

// Views gives the data sets by name.
func (c *Catalogue) Views() []*View { return slices.Clone(c.views) }

// View finds a data set by name; "data." or "core." may be left out.
func (c *Catalogue) View(name string) (*View, error) {
	full := []string{name}
	if !strings.Contains(name, ".") {
		full = []string{"data." + name, "core." + name}
	}
	for _, name := range full {
		if at, found := slices.BinarySearchFunc(c.views, name, byName); found {
			return c.views[at], nil
		}
	}
	names := make([]string, len(c.views))
	for i, v := range c.views {
		names[i] = v.Name
	}
	return nil, fmt.Errorf("no data set %q%s", name, nearest.Hint(full[0], names))
}
