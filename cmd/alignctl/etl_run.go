package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/etl"
	"alignctl/etl/pipeline"
	"alignctl/internal/workspace"
	"alignctl/lake"
)

type etlRunOptions struct {
	rawOptions
	engineOptions
	config string
	dryRun bool
	format string
}

func etlRunCommand(t *terminal) *cli.Command {
	var o etlRunOptions
	return checked(&cli.Command{
		Name:  "run",
		Usage: "bring the sources that alignctl.yaml names into the lake, as far as they changed",
		Description: "A source is loaded again when its files, its settings, or alignctl itself changed since it was\n" +
			"loaded last; files count by their bytes, not by their times. A source that fails leaves the others\n" +
			"done, and the exit code is 3. A source of the lake that alignctl.yaml doesn't name stays.\n" +
			"For an example with its files: alignctl demo --export FOLDER.\n\n" +
			"With --engine spark the transforms of swow, norms and wvs run on a Spark server, and their rows come back:\n" +
			"tables and digests are those that DuckDB gives. Raw files are checked and loaded here. The server reads\n" +
			"the lake's files by their paths. A token that it asks for stands in SPARK_CONNECT_AUTHENTICATE_TOKEN.",
		Flags: t.flags(append(append(o.rawOptions.flags(), o.engineOptions.flags("the transforms")...),
			&cli.StringFlag{Name: "config", Usage: "`FILE` that names the sources (default: the nearest alignctl.yaml)",
				Destination: &o.config},
			&cli.BoolFlag{Name: "dry-run", Usage: "only check the files and say what would be loaded, and why",
				Destination: &o.dryRun},
			outputFlag(&o.format))...),
		Action: func(c *cli.Context) error {
			file, err := t.findWorkspace(o.config)
			if err != nil {
				return err
			}
			config, err := pipeline.Read(file)
			if err != nil {
				return err
			}
			if err := o.check("etl run"); err != nil {
				return err
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				engine, err := o.find(ctx, t, l)
				if err != nil {
					return err
				}
				return runEtlRun(ctx, t, l, config, pipeline.Options{Sources: c.Args().Slice(), Memory: o.memory,
					Engine: engine, Command: t.command, Version: version()}, o)
			})
		},
	}, arguments{0, -1, "[SOURCE...]"})
}

// findWorkspace reads a named alignctl.yaml, whose lake is then meant where
// nothing else names one, or the nearest one.
func (t *terminal) findWorkspace(path string) (*workspace.File, error) {
	if path == "" {
		file, err := workspace.Find()
		if err == nil && file == nil {
			err = fmt.Errorf("find alignctl.yaml: there is none here or in a folder above " +
				"(write one; for an example: alignctl demo --export FOLDER)")
		}
		return file, err
	}
	file, err := workspace.Read(path)
	if err != nil {
		return nil, err
	}
	if t.lakeDir = firstOf(t.lakeDir, os.Getenv(lake.Variable)); t.lakeDir == "" {
		t.lakeDir, err = lake.Named(file)
	}
	return file, err
}

func runEtlRun(ctx context.Context, t *terminal, l *lake.Lake, config *pipeline.Config, with pipeline.Options,
	o etlRunOptions) (err error) {
	if o.reject != "" {
		if with.Rejects, err = etl.CreateRejects(o.reject); err != nil {
			return err
		}
	}
	plan, err := config.Prepare(ctx, l, with)
	switch {
	case err == nil && o.dryRun, err == nil && !plan.Pending(): // an earlier file of bad records is still true
		err = t.showPlan(plan, o)
		return errors.Join(err, discard(with.Rejects))
	case err == nil:
		err = t.carryOut(ctx, plan, o)
	}
	if with.Rejects == nil {
		return err
	}
	return t.settle(o.reject, with.Rejects, err)
}

func discard(r *etl.Rejects) error {
	if r == nil {
		return nil
	}
	return r.Discard()
}

// carryOut loads the sources of a plan one by one.
func (t *terminal) carryOut(ctx context.Context, plan *pipeline.Plan, o etlRunOptions) error {
	for _, s := range plan.Steps {
		if s.Pending() {
			t.loadStep(ctx, s)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return t.showPlan(plan, o)
}

// showPlan tells what will become, or became, of each source.
func (t *terminal) showPlan(plan *pipeline.Plan, o etlRunOptions) error {
	for _, name := range plan.Orphans {
		t.remark("%s: the lake holds it, alignctl.yaml doesn't name it: it stays", name)
	}
	if len(plan.Steps) == 0 {
		t.remark("alignctl.yaml names no source (for an example with its files: alignctl demo --export FOLDER)")
	}
	for _, s := range plan.Steps {
		if s.Err != nil {
			fmt.Fprintf(t.err, "alignctl: source %s failed: %s\n", s.Source, message(s.Err))
		}
	}
	return errors.Join(t.printRows(o.format, stepGrid(plan)), stepFailures(plan))
}

// loadStep loads a source and tells of it; a failure stays in the step.
func (t *terminal) loadStep(ctx context.Context, s *pipeline.Step) {
	on := ""
	if s.Engine != "" {
		on = " on " + s.Engine
	}
	t.remark("%s: %s: %s%s", s.Source, firstOf(strings.Join(s.Why, "; "), string(s.State)), s.Moves, on)
	if report, err := s.Load(ctx); err == nil {
		t.remarkLoad(report)
	}
}

// stepGrid shows a plan; the engine of each source where one isn't DuckDB.
func stepGrid(p *pipeline.Plan) *grid {
	columns := []string{"source", "kind", "state", "why", "moves"}
	engines := slices.ContainsFunc(p.Steps, func(s *pipeline.Step) bool { return s.Engine != "" })
	if engines {
		columns = append(columns, "engine")
	}
	g := newGrid(columns...)
	for _, s := range p.Steps {
		row := []any{s.Source, s.Kind, string(s.State), strings.Join(s.Why, "; "), s.Moves}
		if engines {
			row = append(row, firstOf(s.Engine, onDuckDB))
		}
		g.add(row...)
	}
	return g
}

// stepFailures is the error of a plan in which sources failed: it is done in
// part where others didn't.
func stepFailures(p *pipeline.Plan) error {
	var failed []string
	for _, s := range p.Steps {
		if s.Err != nil {
			failed = append(failed, s.Source)
		}
	}
	switch len(failed) {
	case 0:
		return nil
	case len(p.Steps):
		return fmt.Errorf("every source failed: %s", strings.Join(failed, ", "))
	}
	return fmt.Errorf("%w: %d of %d sources failed: %s", errPartial, len(failed), len(p.Steps), strings.Join(failed, ", "))
}
