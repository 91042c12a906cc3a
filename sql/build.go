package sql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// BuildOptions say how to build a data set.
type BuildOptions struct {
	Set     map[string]string // parameters by name; the others have their defaults
	At      string            // the version of the lake to read, as in [lake.Lake.At]; "" is now
	Pins    lake.Pins         // the version to read, in place of At; nil: as At says
	Command string            // the command line and the version of alignctl, for meta.runs
	Version string
	Session lake.SessionOptions // threads and memory; any give the same rows
	// Prove builds the rows a second time, in another way, before anything is
	// published; when they differ nothing is. What is there already is proved too.
	Prove bool
	// Engine runs the queries of the views whose headers name it; nil is DuckDB.
	// Everything else is DuckDB's in any case, and so is a proof.
	Engine Opener
}

// A configuration is what a build leaves as its run's: the recipe, and what ran
// the query, on which the rows don't depend.
type configuration struct {
	Recipe
	Engine string `json:"engine,omitempty"` // empty: DuckDB
}

// runInfo says what a run is that builds on an engine; nil is DuckDB.
func (o BuildOptions) runInfo(recipe Recipe, pins lake.Pins, engine Opener) lake.RunInfo {
	config := configuration{Recipe: recipe}
	if engine != nil {
		config.Engine = engine.Name()
	}
	return lake.RunInfo{Command: o.Command, Config: config, Version: o.Version, Pins: pins, Options: o.Session}
}

// A Built is a data set in the lake.
type Built struct {
	lake.Pin        // of its table; Rows and Digest are those of the scope
	Scope    string // that the build replaces; "": the whole table
	Recipe   Recipe
	Run      string  // the run that made the rows
	Reused   bool    // they were there already: nothing was built
	Inputs   []Built // the data sets that it reads, and those that they read, in the order of their builds
}

// Build makes the data set of a view: it runs the query at the pins, audits the
// rows and publishes them as the view's table, or as one scope of it. When what
// the table holds has the same recipe, that is returned and nothing is built; an
// earlier snapshot is not brought back that way, so that the table's name always
// means what was asked for last. When an audit fails (*[lake.AuditError]) or the
// view gives no rows, nothing is published.
//
// Without At and Pins, the data sets that the view reads are built first: those
// that the lake lacks, with their defaults, and those whose inputs have moved,
// with the parameters of their last build. Each is published by a run of its own,
// so they are in Inputs also when the build fails. What no build made is read as
// it is.
func (c *Catalogue) Build(ctx context.Context, l *lake.Lake, name string, opts BuildOptions) (_ Built, err error) {
	view, err := c.View(name)
	if err != nil {
		return Built{}, err
	}
	if err := view.RunsOn(engineOf(opts.Engine)); err != nil {
		return Built{}, fmt.Errorf("build %s: %w", view.Name, err)
	}
	b := &builder{Catalogue: c, lake: l, opts: opts, known: map[string]bool{}}
	if b.record, err = recordOf(ctx, l); err != nil {
		return Built{}, fmt.Errorf("build %s: %w", view.Name, err)
	}
	defer func() { err = errors.Join(err, b.record.Close()) }()
	built, err := b.asked(ctx, view)
	if built.Inputs = b.inputs; err != nil {
		return built, fmt.Errorf("build %s: %w", view.Name, err)
	}
	return built, nil
}

// run builds, audits and publishes the data set, and gives the run's id.
func (b *builder) run(ctx context.Context, v *View, recipe Recipe, pins lake.Pins) (string, error) {
	run, err := b.lake.Begin(ctx, b.opts.runInfo(recipe, pins, b.elsewhere(v)))
	if err != nil {
		return "", err
	}
	defer run.Close()
	if err := b.prepare(ctx, run, recipe, pins); err != nil {
		return "", err
	}
	staged, err := b.write(ctx, run, v, recipe)
	if err != nil {
		return "", err
	}
	if b.proves() {
		if err := b.proveStaged(ctx, proof{view: v, recipe: recipe, pins: pins, digest: staged.Digest}, run); err != nil {
			return "", err
		}
	}
	_, err = run.Publish(ctx, lake.Done)
	return run.ID(), err
}

// prepare records what the run reads and gives its session the variables and
// templates that the view's statements use.
func (b *builder) prepare(ctx context.Context, run *lake.Run, recipe Recipe, pins lake.Pins) error {
	for _, table := range slices.Sorted(maps.Keys(recipe.Inputs)) {
		var err error
		if scope, ok := recipe.Scopes[table]; ok {
			_, err = run.InputScope(ctx, table, scope)
		} else {
			_, err = run.Input(ctx, table)
		}
		if err != nil {
			return err
		}
	}
	return b.equip(ctx, b.lake, run.Session(), recipe, pins)
}

// equip gives a session at these pins what a recipe's statements see: of some
// tables one scope, the parameters, the templates.
func (c *Catalogue) equip(ctx context.Context, l *lake.Lake, s *lake.Session, recipe Recipe, pins lake.Pins) error {
	if err := narrow(ctx, l, s, recipe.Scopes, pins); err != nil {
		return err
	}
	if err := setVariables(ctx, s, recipe.Params); err != nil {
		return err
	}
	return c.loadTemplates(ctx, s)
}

// narrow makes a session at these pins show of some tables one scope only: what
// a recipe doesn't tell can't decide the rows.
func narrow(ctx context.Context, l *lake.Lake, s *lake.Session, scopes map[string]string, pins lake.Pins) error {
	for _, table := range slices.Sorted(maps.Keys(scopes)) {
		query, err := l.ScopeQuery(ctx, table, pins[table].Snapshot, scopes[table])
		if err != nil {
			return err
		}
		if err := s.Exec(ctx, "create or replace view "+duck.Ident(table)+" as "+query); err != nil {
			return err
		}
	}
	return nil
}

func setVariables(ctx context.Context, s *lake.Session, params map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if err := s.SetVariable(ctx, name, params[name]); err != nil {
			return fmt.Errorf("set parameter %q: %w", name, err)
		}
	}
	return nil
}

// write stages and audits the view's rows as the whole table, or as the scope, and
// gives the pin of the whole table.
func (b *builder) write(ctx context.Context, run *lake.Run, v *View, recipe Recipe) (lake.Pin, error) {
	params := recipe.Params
	for _, p := range v.Params {
		if err := p.held(ctx, run.Session(), params[p.Name]); err != nil {
			return lake.Pin{}, err
		}
	}
	task := progress.Start(ctx, "build "+v.Name, 0, "rows")
	pin, err := b.stage(ctx, run, v, recipe)
	task.Done()
	if err != nil {
		return pin, err
	}
	if err := v.audit(ctx, run, params); err != nil {
		return pin, err
	}
	return pin, v.some(ctx, run, v.scopeIn(params))
}

// some is an error when the staged rows are none. It is asked after the audits,
// which may tell why.
func (v *View) some(ctx context.Context, run *lake.Run, scope string) error {
	some, err := scalar(ctx, run.Session(), "select (count(*) > 0)::varchar from ("+v.rows(scope)+" limit 1)")
	if err == nil && some != "true" {
		err = errors.New("the view gives no rows with these parameters and inputs: nothing is published")
	}
	return err
}

// stage writes the view's rows by DuckDB.
func (v *View) stage(ctx context.Context, run *lake.Run, scope string) (lake.Pin, error) {
	spec, err := v.spec(ctx, run.Session())
	if err != nil {
		return lake.Pin{}, err
	}
	return run.Write(ctx, spec, scope, v.Query.SQL)
}

// rows selects the rows of the table, or of a scope of it.
func (v *View) rows(scope string) string {
	query := "from " + duck.Ident(v.Name)
	if scope != "" {
		query += " where " + duck.Name(v.Scope) + " = " + duck.Literal(scope)
	}
	return query
}

// audit asks the staged rows the view's audits and the standing ones.
func (v *View) audit(ctx context.Context, run *lake.Run, params map[string]any) error {
	asked, err := v.audits(ctx, run.Session(), params)
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
