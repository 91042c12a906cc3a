package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"alignctl/lake"
)

// A builder builds one data set, and those that it reads before it.
type builder struct {
	*Catalogue
	lake   *lake.Lake
	record *lake.Session // of the runs until now; views are analysed there, too
	opts   BuildOptions
	path   []*View         // from the data set asked for to the one at hand, each read by the one before
	known  map[string]bool // inputs that are seen to, by table and scope
	inputs []Built
}

// asked builds the data set that was asked for, at the version that was.
func (b *builder) asked(ctx context.Context, v *View) (Built, error) {
	params, err := v.values(b.opts.Set)
	if err != nil {
		return Built{}, err
	}
	pins := b.opts.Pins
	switch {
	case pins == nil && b.opts.At == "":
		return b.build(ctx, v, b.opts.Set, params)
	case pins == nil:
		if pins, err = b.lake.At(ctx, b.opts.At); err != nil {
			return Built{}, err
		}
	}
	return b.buildAt(ctx, v, b.opts.Set, pins)
}

// build builds a data set of the lake as it is now, after its inputs.
func (b *builder) build(ctx context.Context, v *View, set map[string]string, params map[string]any) (Built, error) {
	b.path = append(b.path, v)
	defer func() { b.path = b.path[:len(b.path)-1] }()
	read, err := v.read(ctx, b.record)
	if err != nil {
		return Built{}, err
	}
	for _, table := range read.tables {
		input, err := b.View(table)
		if err != nil {
			continue // no data set
		}
		if at := slices.Index(b.path, input); at >= 0 {
			return Built{}, &ParseError{File: v.File, Line: read.lines[table], Msg: "data sets read each other: " + circle(b.path[at:])}
		}
		if err := b.input(ctx, input, input.scopeIn(params)); err != nil {
			return Built{}, fmt.Errorf("%s:%d: build %s: %w", v.File, read.lines[table], table, err)
		}
	}
	pins, err := b.lake.At(ctx, "")
	if err != nil {
		return Built{}, err
	}
	return b.buildAt(ctx, v, set, pins)
}

func circle(path []*View) string {
	var b strings.Builder
	for _, v := range path {
		b.WriteString(v.Name + " reads ")
	}
	return b.String() + path[0].Name
}

// input builds what the lake lacks of an input, or of a scope of it ("": of
// all), and what is out of date.
func (b *builder) input(ctx context.Context, v *View, scope string) error {
	now, err := b.lake.At(ctx, "")
	if err != nil {
		return err
	}
	made, err := pinned{b.lake, now}.made(ctx, b.record, v, scope)
	if err != nil {
		return err
	}
	if len(made) == 0 {
		if v.Scope != "" && scope != "" && scope != v.param(v.Scope).Default {
			return fmt.Errorf("the lake has no %s %q: run %s", v.Scope, scope, v.command(scope))
		}
		made = []maker{{recipe: Recipe{View: v.Name}}}
	}
	for _, m := range made {
		if key := named(v.Name, v.scopeIn(m.recipe.Params)); m.recipe.View != "" && !b.known[key] {
			b.known[key] = true
			if err := b.again(ctx, v, m.recipe.Set()); err != nil {
				return err
			}
		}
	}
	return nil
}

// again builds an input with these parameters.
func (b *builder) again(ctx context.Context, v *View, set map[string]string) error {
	params, err := v.values(set)
	if err != nil {
		return fmt.Errorf("the parameters of its last build don't fit any more: %w: run %s", err, v.command(""))
	}
	built, err := b.build(ctx, v, set, params)
	if err == nil {
		b.inputs = append(b.inputs, built)
	}
	return err
}

// buildAt builds a data set of a version of the lake, unless what its table
// holds has the same recipe.
func (b *builder) buildAt(ctx context.Context, v *View, set map[string]string, pins lake.Pins) (Built, error) {
	recipe, err := b.recipe(ctx, b.record, v, set, pinned{b.lake, pins})
	if err != nil {
		return Built{}, err
	}
	built := Built{Scope: v.scopeIn(recipe.Params), Recipe: recipe}
	if v.Scope != "" && built.Scope == "" {
		return Built{}, fmt.Errorf("parameter %q is empty: it names the rows that are built", v.Scope)
	}
	now, err := b.lake.At(ctx, "")
	if err != nil {
		return Built{}, err
	}
	made, err := pinned{b.lake, now}.made(ctx, b.record, v, built.Scope)
	if err != nil {
		return Built{}, err
	}
	if len(made) == 1 && made[0].recipe.Digest == recipe.Digest {
		built.Run, built.Reused = made[0].run, true
		if b.proves() {
			err = b.provePublished(ctx, proof{view: v, recipe: recipe, pins: pins}, now[v.Name])
		}
	} else {
		built.Run, err = b.run(ctx, v, recipe, pins)
	}
	if err != nil {
		return Built{}, err
	}
	built.Pin, err = b.pin(ctx, v, built.Scope)
	return built, err
}

// pin is the table of a data set, as it is now, with what a scope of it holds.
func (b *builder) pin(ctx context.Context, v *View, scope string) (lake.Pin, error) {
	now, err := b.lake.At(ctx, "")
	pin := now[v.Name]
	if err != nil || scope == "" {
		return pin, err
	}
	held, _, err := pinned{b.lake, now}.scope(ctx, v.Name, scope)
	pin.Rows, pin.Digest = held.Rows, held.Digest
	return pin, err
}
