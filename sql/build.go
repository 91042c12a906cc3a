package sql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"alignctl/internal/progress"
	"alignctl/lake"
)

// BuildOptions say how to build a data set.
type BuildOptions struct {
	Set     map[string]string // parameters by name; the others have their defaults
	At      string            // the version of the lake to read, as in [lake.Lake.At]; "" is now
	Pins    lake.Pins         // the version to read, in place of At; nil: as At says
	Command string            // the command line and the version of alignctl, for meta.runs
	Version string
	Session lake.SessionOptions // threads and memory; any give the same rows
}

// A Built is a data set in the lake.
type Built struct {
	lake.Pin
	Recipe Recipe
	Run    string // the run that made the snapshot
	Reused bool   // the snapshot was there already: nothing was built
}

// Build makes the data set of a view: it runs the query at the pins, audits the
// rows and publishes them as the view's table. When the table's current
// snapshot has the same recipe, that snapshot is returned and nothing is built;
// an earlier snapshot is not brought back that way, so that the table's name
// always means what was asked for last. When an audit fails (*[lake.AuditError])
// or the view gives no rows, nothing is published.
func (c *Catalogue) Build(ctx context.Context, l *lake.Lake, name string, opts BuildOptions) (Built, error) {
	view, err := c.View(name)
	if err != nil {
		return Built{}, err
	}
	pins := opts.Pins
	if pins == nil {
		if pins, err = l.At(ctx, opts.At); err != nil {
			return Built{}, fmt.Errorf("build %s: %w", view.Name, err)
		}
	}
	recipe, run, err := c.plan(ctx, l, view, opts.Set, pins)
	if err != nil {
		return Built{}, fmt.Errorf("build %s: %w", view.Name, err)
	}
	built := Built{Recipe: recipe, Run: run, Reused: run != ""}
	if built.Reused {
		now, err := l.At(ctx, "")
		built.Pin = now[view.Name]
		return built, err
	}
	if built.Pin, built.Run, err = c.run(ctx, l, view, recipe, pins, opts); err != nil {
		return Built{}, fmt.Errorf("build %s: %w", view.Name, err)
	}
	return built, nil
}

// plan works out the recipe, and the run that made the table's current snapshot
// when that has the same recipe, else "".
func (c *Catalogue) plan(ctx context.Context, l *lake.Lake, v *View, set map[string]string, pins lake.Pins) (
	Recipe, string, error) {
	now, err := l.At(ctx, "")
	if err != nil {
		return Recipe{}, "", err
	}
	session, err := l.Session(ctx, lineage(now), lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return Recipe{}, "", err
	}
	defer session.Close()
	recipe, err := c.recipe(ctx, session, v, set, pins)
	if err != nil {
		return Recipe{}, "", err
	}
	pin, there := now[v.Name]
	if !there {
		return recipe, "", nil
	}
	maker, err := madeBy(ctx, session, pin)
	if err != nil || maker.recipe.Digest != recipe.Digest {
		return recipe, "", err
	}
	return recipe, maker.run, nil
}

// run builds, audits and publishes the data set.
func (c *Catalogue) run(ctx context.Context, l *lake.Lake, v *View, recipe Recipe, pins lake.Pins, opts BuildOptions,
) (lake.Pin, string, error) {
	run, err := l.Begin(ctx, lake.RunInfo{Command: opts.Command, Config: recipe, Version: opts.Version, Pins: pins,
		Options: opts.Session})
	if err != nil {
		return lake.Pin{}, "", err
	}
	defer run.Close()
	if err := c.prepare(ctx, run, recipe); err != nil {
		return lake.Pin{}, "", err
	}
	for _, p := range v.Params {
		if err := p.held(ctx, run.Session(), recipe.Params[p.Name]); err != nil {
			return lake.Pin{}, "", err
		}
	}
	if err := v.write(ctx, run); err != nil {
		return lake.Pin{}, "", err
	}
	if err := v.audit(ctx, run, recipe.Params); err != nil {
		return lake.Pin{}, "", err
	}
	published, err := run.Publish(ctx, lake.Done)
	if err != nil {
		return lake.Pin{}, "", err
	}
	for _, pin := range append(published.Outputs, published.Unchanged...) {
		if pin.Table == v.Name {
			return pin, run.ID(), nil
		}
	}
	return lake.Pin{}, "", fmt.Errorf("run %s published no %s", run.ID(), v.Name)
}

// prepare records what the run reads and gives its session the variables and
// templates that the view's statements use.
func (c *Catalogue) prepare(ctx context.Context, run *lake.Run, recipe Recipe) error {
	for _, table := range slices.Sorted(maps.Keys(recipe.Inputs)) {
		if _, err := run.Input(ctx, table); err != nil {
			return err
		}
	}
	if err := setVariables(ctx, run.Session(), recipe.Params); err != nil {
		return err
	}
	return c.loadTemplates(ctx, run.Session())
}

func setVariables(ctx context.Context, s *lake.Session, params map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if err := s.SetVariable(ctx, name, params[name]); err != nil {
			return fmt.Errorf("set parameter %q: %w", name, err)
		}
	}
	return nil
}

// write stages the view's rows as the whole table.
func (v *View) write(ctx context.Context, run *lake.Run) error {
	task := progress.Start(ctx, "build "+v.Name, 0, "rows")
	defer task.Done()
	spec, err := v.spec(ctx, run.Session())
	if err != nil {
		return err
	}
	pin, err := run.Write(ctx, spec, "", v.Query.SQL)
	if err != nil {
		return err
	}
	if pin.Rows == 0 {
		return errors.New("the view gives no rows with these parameters and inputs: nothing is published")
	}
	return nil
}

// audit asks the staged rows the view's audits and the standing ones.
func (v *View) audit(ctx context.Context, run *lake.Run, params map[string]any) error {
	asked, err := v.audits(ctx, run.Session())
	if err != nil {
		return err
	}
	task := progress.Start(ctx, "audit "+v.Name, int64(len(asked)), "audits")
	defer task.Done()
	for _, a := range asked {
		task.Add(1)
		if a.report || v.waived(a.Name, params) != "" {
			continue
		}
		if err := run.Audit(ctx, a.Name, a.Query.SQL); err != nil {
			return a.at(err)
		}
	}
	return nil
}
