package sql

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/lake"
	"alignctl/lake/duck"
)

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

// loadTemplates makes the table templates and the macro render in the session.
func (c *Catalogue) loadTemplates(ctx context.Context, s *lake.Session) error {
	const create = `CREATE TEMP TABLE templates (id VARCHAR, style VARCHAR, language VARCHAR, separator VARCHAR,
		no_more VARCHAR, messages STRUCT("role" VARCHAR, "content" VARCHAR)[])`
	if err := s.Exec(ctx, create); err != nil {
		return fmt.Errorf("load templates: %w", err)
	}
	var slots []string
	for _, t := range c.templates {
		values := []string{t.ID, t.Style, t.Language, t.Separator, t.NoMore}
		for i, value := range values {
			values[i] = duck.Literal(value)
		}
		row := strings.Join(append(values, messagesLiteral(t.Messages)), ", ")
		if err := s.Exec(ctx, "INSERT INTO templates VALUES ("+row+")"); err != nil {
			return fmt.Errorf("load template %q: %w", t.ID, err)
		}
		slots = append(slots, t.slots()...)
	}
	slices.Sort(slots)
	if err := s.Exec(ctx, renderMacro(slices.Compact(slots))); err != nil {
		return fmt.Errorf("load templates: %w", err)
	}
	return nil
}

// messagesLiteral is a list of messages in SQL.
func messagesLiteral(messages []Message) string {
	texts := make([]string, len(messages))
	for i, m := range messages {
		texts[i] = "{'role': " + duck.Literal(m.Role) + ", 'content': " + duck.Literal(m.Content) + "}"
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// renderForm is the macro that fills the slots of a list of messages:
//
//	render(messages, cue := 'ocean', least := 5)
//
// Slots are parameters by name. A text is cut into slots, text without braces,
// and single braces, so that a slot's value is never read for slots itself.
const renderForm = `CREATE TEMP MACRO render(messages, %s) AS list_transform(messages, lambda message: {
	'role': message.role,
	'content': array_to_string(list_transform(regexp_extract_all(message.content, '\{[a-z_]+\}|[^{]+|\{'),
		lambda piece: coalesce(CASE piece %s END, piece)), '')})`

// renderMacro makes the macro for slots of these names.
func renderMacro(slots []string) string {
	parameters, cases := make([]string, len(slots)), make([]string, len(slots))
	for i, name := range slots {
		parameters[i] = duck.Name(name) + " := NULL"
		cases[i] = "WHEN '{" + name + "}' THEN " + duck.Name(name) + "::VARCHAR"
	}
	return fmt.Sprintf(renderForm, strings.Join(parameters, ", "), strings.Join(cases, " "))
}
