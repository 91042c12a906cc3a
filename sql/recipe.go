package sql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/lake"
)

// A Recipe is what decides the rows of a build. It is stored as the
// configuration of the run that made them.
type Recipe struct {
	View   string            `json:"view"`
	Digest string            `json:"recipe"` // of the recipe with the view's definition
	Params map[string]any    `json:"params"` // each parameter with its value
	Inputs map[string]string `json:"inputs"` // table -> content digest
	// Scopes are the inputs of which the view sees one scope, and Inputs has the
	// digest: data sets whose scope is a parameter of the view as well.
	Scopes    map[string]string `json:"scopes,omitempty"`
	Templates map[string]string `json:"templates"` // id -> digest, of the styles that parameters name
	Query     string            `json:"query"`     // of the view, in DuckDB's own spelling
}

// ParseRecipe reads the recipe that a build left as its run's configuration. The
// configuration of another run gives a recipe without a view.
func ParseRecipe(config string) (r Recipe, err error) {
	decoder := json.NewDecoder(strings.NewReader(config))
	decoder.UseNumber() // a seed may have more digits than a float64
	if err := decoder.Decode(&r); err != nil {
		return Recipe{}, fmt.Errorf("read recipe: %w", err)
	}
	return r, nil
}

// Set gives the parameters as texts, as [BuildOptions] takes them.
func (r Recipe) Set() map[string]string {
	set := make(map[string]string, len(r.Params))
	for name, value := range r.Params {
		set[name] = fmt.Sprint(value)
	}
	return set
}

// definition is the part of a view that a recipe's digest covers beside the
// recipe itself. Docs of view and parameters are not in it.
type definition struct {
	Recipe  Recipe
	Query   string
	Key     []string
	Licence lake.Licence
	Columns []Column
	Audits  map[string]string
	Render  string // how templates are filled
}

// Recipe works out what the recipe of a view is now, for parameters and inputs
// with these content digests, by table.
func (c *Catalogue) Recipe(ctx context.Context, l *lake.Lake, name string, set, inputs map[string]string) (
	_ Recipe, err error) {
	view, err := c.View(name)
	if err != nil {
		return Recipe{}, err
	}
	session, err := l.Session(ctx, nil, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return Recipe{}, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	return c.recipe(ctx, session, view, set, given(inputs))
}

// contents tell the content digest of a table, or of a scope of it, and which
// tables there are.
type contents interface {
	digest(ctx context.Context, table, scope string) (digest string, found bool, err error)
	tables() []string
}

// given are digests by table.
type given map[string]string

func (g given) digest(_ context.Context, table, _ string) (string, bool, error) {
	digest, found := g[table]
	return digest, found, nil
}

func (g given) tables() []string { return slices.Sorted(maps.Keys(g)) }

// pinned are the contents of a version of the lake.
type pinned struct {
	lake *lake.Lake
	pins lake.Pins
}

func (p pinned) digest(ctx context.Context, table, scope string) (string, bool, error) {
	if scope == "" {
		pin, found := p.pins[table]
		return pin.Digest, found, nil
	}
	held, found, err := p.scope(ctx, table, scope)
	return held.Digest, found, err
}

func (p pinned) tables() []string { return slices.Sorted(maps.Keys(p.pins)) }

// scope is what a scope of a table holds ("": a table without scopes); found is
// false when that is nothing.
func (p pinned) scope(ctx context.Context, table, scope string) (held lake.TableNode, found bool, err error) {
	scopes, err := p.scopes(ctx, table)
	at := slices.IndexFunc(scopes, func(n lake.TableNode) bool { return n.Scope == scope })
	if err != nil || at < 0 {
		return held, false, err
	}
	return scopes[at], true, nil
}

// scopes is what each scope of a table holds.
func (p pinned) scopes(ctx context.Context, table string) ([]lake.TableNode, error) {
	if p.pins[table].Snapshot == 0 {
		return nil, nil
	}
	return p.lake.Scopes(ctx, table, p.pins[table].Snapshot)
}

// recipe works out the recipe of a view for the parameters and the inputs.
func (c *Catalogue) recipe(ctx context.Context, s *lake.Session, v *View, set map[string]string, inputs contents) (
	Recipe, error) {
	params, err := v.values(set)
	if err != nil {
		return Recipe{}, err
	}
	read, err := v.read(ctx, s)
	if err != nil {
		return Recipe{}, err
	}
	r := Recipe{View: v.Name, Params: params, Scopes: c.scopes(read.tables, params)}
	if r.Inputs, err = c.inputDigests(ctx, v, read.tables, r.Scopes, inputs); err != nil {
		return Recipe{}, err
	}
	if r.Templates, err = c.templateDigests(v, params); err != nil {
		return Recipe{}, err
	}
	r.Digest, err = digestJSON(definition{r, read.canonical, v.Key, v.Licence, v.Columns, read.audits, renderForm})
	r.Query = read.canonical
	return r, err
}

// A reading is what DuckDB's parser finds in a view's query, and in its audits.
type reading struct {
	analysis                   // of the query; tables and lines are those of the audits as well, without the view itself
	audits   map[string]string // in canonical spelling, by name
}

// read analyses the statements of a view.
func (v *View) read(ctx context.Context, s *lake.Session) (reading, error) {
	a, err := newAnalyser(ctx, s, v.File)
	if err != nil {
		return reading{}, err
	}
	query, err := a.statement(ctx, v.Query)
	if err != nil {
		return reading{}, err
	}
	if line, found := query.lines[v.Name]; found {
		return reading{}, &ParseError{File: v.File, Line: line, Msg: "the query reads the view itself"}
	}
	r := reading{query, make(map[string]string, len(v.Audits))}
	for _, audit := range v.Audits {
		found, err := a.statement(ctx, audit.Query)
		if err != nil {
			return reading{}, err
		}
		r.audits[audit.Name] = found.canonical
		r.add(found)
	}
	all, err := standingAudits()
	for _, s := range all {
		if !s.report {
			r.audits[s.Name] = s.Query.SQL
		}
	}
	delete(r.lines, v.Name)
	r.tables = slices.Sorted(maps.Keys(r.lines))
	return r, err
}

// add takes over the tables that another statement names, at their first lines.
func (r *reading) add(other analysis) {
	for table, line := range other.lines {
		if _, known := r.lines[table]; !known {
			r.lines[table] = line
		}
	}
}

// scopes says of which tables a view with these parameters sees one scope.
func (c *Catalogue) scopes(tables []string, params map[string]any) map[string]string {
	var scopes map[string]string
	for _, table := range tables {
		input, err := c.View(table)
		if err != nil || input.scopeIn(params) == "" {
			continue
		}
		if scopes == nil {
			scopes = map[string]string{}
		}
		scopes[table] = input.scopeIn(params)
	}
	return scopes
}

// inputDigests finds the content digest of each input.
func (c *Catalogue) inputDigests(ctx context.Context, v *View, tables []string, scopes map[string]string,
	inputs contents) (map[string]string, error) {
	digests := make(map[string]string, len(tables))
	for _, table := range tables {
		digest, found, err := inputs.digest(ctx, table, scopes[table])
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, c.missingInput(v, table, scopes[table], inputs.tables())
		}
		digests[table] = digest
	}
	return digests, nil
}

// missingInput explains why a view can't be built: a data set it reads is not
// built, a table is not loaded, it reads a view, or its name is wrong.
func (c *Catalogue) missingInput(v *View, table, scope string, tables []string) error {
	if input, err := c.View(table); err == nil {
		return fmt.Errorf("%s reads %s, which is not built: run %s", v.File, named(table, scope), input.command(scope))
	}
	if slices.ContainsFunc(c.live, func(l *View) bool { return l.Name == table }) {
		return fmt.Errorf("%s reads %s, a view of query sessions: read the tables under it, whose versions a recipe records",
			v.File, table)
	}
	return fmt.Errorf("%s reads table %q, which is not in the lake%s (alignctl etl loads tables)",
		v.File, table, nearest.Hint(table, tables))
}

// named is a table, or a scope of it, in a message.
func named(table, scope string) string {
	if scope == "" {
		return table
	}
	return table + " [" + scope + "]"
}

// command builds the view, or a scope of it that isn't the default.
func (v *View) command(scope string) string {
	if scope == "" || scope == v.param(v.Scope).Default {
		return "alignctl data build " + v.Name
	}
	others := ""
	if len(v.Params) > 1 {
		others = " ..."
	}
	return fmt.Sprintf("alignctl data build --set %s=%s%s %s", v.Scope, scope, others, v.Name)
}

// templateDigests covers the templates of each style that a parameter names.
func (c *Catalogue) templateDigests(v *View, params map[string]any) (map[string]string, error) {
	digests := map[string]string{}
	for _, p := range v.Params {
		style, isText := params[p.Name].(string)
		if p.Type != ParamStyle || !isText {
			continue
		}
		templates, err := c.ofStyle(style)
		if err != nil {
			return nil, fmt.Errorf("parameter %q: %w", p.Name, err)
		}
		for _, t := range templates {
			if err := t.checkSlots(p.slots()); err != nil {
				return nil, fmt.Errorf("parameter %q: %w", p.Name, err)
			}
			if digests[t.ID], err = t.Digest(); err != nil {
				return nil, err
			}
		}
	}
	return digests, nil
}
