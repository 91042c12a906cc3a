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
	View      string            `json:"view"`
	Digest    string            `json:"recipe"`    // of the recipe with the view's definition
	Params    map[string]any    `json:"params"`    // each parameter with its value
	Inputs    map[string]string `json:"inputs"`    // table -> content digest
	Templates map[string]string `json:"templates"` // id -> digest, of the styles that parameters name
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
	pins := lake.Pins{}
	for table, digest := range inputs {
		pins[table] = lake.Pin{Table: table, Digest: digest}
	}
	session, err := l.Session(ctx, nil, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return Recipe{}, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	return c.recipe(ctx, session, view, set, pins)
}

// recipe works out the recipe of a view for the parameters and the input pins.
func (c *Catalogue) recipe(ctx context.Context, s *lake.Session, v *View, set map[string]string, pins lake.Pins,
) (Recipe, error) {
	params, err := v.values(set)
	if err != nil {
		return Recipe{}, err
	}
	a, err := newAnalyser(ctx, s, v.File)
	if err != nil {
		return Recipe{}, err
	}
	query, err := a.statement(ctx, v.Query)
	if err != nil {
		return Recipe{}, err
	}
	audits, inputs, err := a.audits(ctx, v)
	if err != nil {
		return Recipe{}, err
	}
	inputs = slices.DeleteFunc(append(inputs, query.tables...), func(table string) bool { return table == v.Name })
	if slices.Contains(query.tables, v.Name) {
		return Recipe{}, &ParseError{File: v.File, Line: v.Query.Line, Msg: "the query reads the view itself"}
	}
	r := Recipe{View: v.Name, Params: params}
	if r.Inputs, err = c.inputDigests(v, inputs, pins); err != nil {
		return Recipe{}, err
	}
	if r.Templates, err = c.templateDigests(v, params); err != nil {
		return Recipe{}, err
	}
	r.Digest, err = digestJSON(definition{r, query.canonical, v.Key, v.Licence, v.Columns, audits, renderForm})
	return r, err
}

// audits gives the audits in canonical spelling by name, and their tables.
func (a *analyser) audits(ctx context.Context, v *View) (audits map[string]string, tables []string, err error) {
	audits = make(map[string]string, len(v.Audits))
	for _, audit := range v.Audits {
		found, err := a.statement(ctx, audit.Query)
		if err != nil {
			return nil, nil, err
		}
		audits[audit.Name] = found.canonical
		tables = append(tables, found.tables...)
	}
	all, err := standingAudits()
	for _, s := range all {
		if !s.report {
			audits[s.Name] = s.Query.SQL
		}
	}
	return audits, tables, err
}

// inputDigests finds the content digest of each input table in the pins.
func (c *Catalogue) inputDigests(v *View, tables []string, pins lake.Pins) (map[string]string, error) {
	digests := make(map[string]string, len(tables))
	for _, table := range tables {
		pin, found := pins[table]
		if !found {
			return nil, c.missingInput(v, table, pins)
		}
		digests[table] = pin.Digest
	}
	return digests, nil
}

// missingInput explains why a view can't be built: a data set it reads is not
// built, a table is not loaded, it reads a view, or its name is wrong.
func (c *Catalogue) missingInput(v *View, table string, pins lake.Pins) error {
	if _, err := c.View(table); err == nil {
		return fmt.Errorf("%s reads %s, which is not built: run alignctl data build %s", v.File, table, table)
	}
	if slices.ContainsFunc(c.live, func(l *View) bool { return l.Name == table }) {
		return fmt.Errorf("%s reads %s, a view of query sessions: read the tables under it, whose versions a recipe records",
			v.File, table)
	}
	return fmt.Errorf("%s reads table %q, which is not in the lake%s (alignctl etl loads tables)",
		v.File, table, nearest.Hint(table, slices.Sorted(maps.Keys(pins))))
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
