package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/etl/pipeline"
	"alignctl/eval"
	"alignctl/internal/disk"
	"alignctl/internal/machine"
	"alignctl/internal/workspace"
	"alignctl/lake"
	"alignctl/sql"
	"alignctl/train"
)

// addWorkspace looks at alignctl.yaml, and whether the files that it names are
// there.
func (t *terminal) addWorkspace(g *grid) {
	file, err := workspace.Find()
	switch {
	case err != nil:
		g.add("workspace", "failed", err.Error(), "alignctl config show (says so until the line is mended)")
		return
	case file == nil:
		g.add("workspace", "none", "no alignctl.yaml here or in a folder above: flags and defaults hold", "")
		return
	}
	config, err := pipeline.Read(file)
	if err != nil {
		g.add("workspace", "failed", err.Error(), "alignctl config show (says so until the line is mended)")
		return
	}
	g.add("workspace", "ok", file.Path, "")
	gaps, err := config.Gaps()
	for _, gap := range gaps {
		g.add("source "+gap.Source, "missing", fmt.Sprintf("%s: %v", gap.Place, gap.Err),
			"alignctl etl run "+gap.Source+" (once its files are there)")
	}
	if err != nil {
		g.add("sources", "failed", err.Error(), "")
	}
}

// addLake looks at the lake, and at what in it isn't done or up to date.
func (t *terminal) addLake(ctx context.Context, g *grid) {
	l, err := t.openLake(t.reporting(ctx))
	if err != nil {
		g.add("lake", lakeFault(err), err.Error(), lakeCure(err))
		return
	}
	defer l.Close()
	g.add("lake", "ok", l.Dir(), "")
	addElsewhere(ctx, g, l)
	if from, moved := l.Moved(); moved {
		g.add("lake", "moved", "it was at "+from+": other engines don't find its files", "alignctl lake relocate")
	}
	addDisk(g, l)
	for _, look := range []func(context.Context, *grid, *lake.Lake) error{addDataSets, addOldTables, addUnfinished} {
		if err := look(ctx, g, l); err != nil {
			g.add("lake", "failed", err.Error(), "alignctl lake check")
			return
		}
	}
}

// addElsewhere tells where catalog and files of a lake are that isn't all in its
// folder, and whether the files can be reached and are this catalog's.
func addElsewhere(ctx context.Context, g *grid, l *lake.Lake) {
	where := l.Location()
	if where.Catalog != "" {
		g.add("catalog", "ok", where.Catalog, "")
	}
	if where.Warehouse == "" {
		return
	}
	switch err := l.Current(ctx); {
	case err == nil:
		g.add("warehouse", "ok", where.Warehouse, "")
	case errors.Is(err, lake.ErrCopied):
		g.add("warehouse", "of another", err.Error(), "alignctl lake relocate (where the other copy is lost)")
	default:
		g.add("warehouse", "failed", err.Error(), "")
	}
}

// lakeFault sums up why a lake doesn't open.
func lakeFault(err error) string {
	switch {
	case errors.Is(err, lake.ErrNoLake):
		return "missing"
	case errors.Is(err, lake.ErrOld):
		return "old"
	}
	return "failed"
}

func lakeCure(err error) string {
	switch {
	case errors.Is(err, lake.ErrNoLake):
		return "alignctl init"
	case errors.Is(err, lake.ErrOld):
		return "alignctl init NEW; alignctl etl run --lake NEW"
	case errors.Is(err, disk.ErrUnreachable):
		return "mount the folder, or see that its server answers"
	case errors.Is(err, lake.ErrDamaged):
		return "alignctl lake verify (says which files to bring back)"
	}
	return ""
}

// addDisk says how much room the lake has to grow.
func addDisk(g *grid, l *lake.Lake) {
	free, known := machine.Free(l.Dir())
	switch {
	case !known:
	case free < lowDisk:
		g.add("disk", "low", mebibytes(free)+" free beside the lake", "alignctl lake gc (frees what no version needs)")
	default:
		g.add("disk", "ok", mebibytes(free)+" free beside the lake", "")
	}
}

// addDataSets tells of those that what they were built from has left behind.
func addDataSets(ctx context.Context, g *grid, l *lake.Lake) error {
	catalogue, err := openCatalogue()
	if err != nil {
		return err
	}
	list, err := catalogue.List(ctx, l)
	if err != nil {
		return err
	}
	for _, one := range list {
		if !one.Built {
			continue
		}
		d, err := catalogue.Detail(ctx, l, one.View.Name)
		if err != nil {
			return err
		}
		if d.State == sql.StateOutOfDate {
			g.add("data set "+one.View.Name, string(d.State), strings.Join(d.Held.Stale, "; "), buildCommand(d))
		}
	}
	return nil
}

// buildCommand builds a data set again with the parameters that it has.
func buildCommand(d sql.Detail) string {
	words := []string{"alignctl", "data", "build"}
	set := d.Held.Recipe.Set()
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if isOwn(d.View, name, set[name]) {
			words = append(words, "--set", quoted(name+"="+set[name]))
		}
	}
	return strings.Join(append(words, d.View.Name), " ")
}

// isOwn reports whether a parameter's value is another than its default.
func isOwn(v *sql.View, name, value string) bool {
	return slices.ContainsFunc(v.Params, func(p sql.Param) bool {
		return p.Name == name && p.Default != value
	})
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	special := func(c rune) bool { return !isNameCharacter(c) && !strings.ContainsRune("=-/:,@%+", c) }
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// addOldTables tells of tables of evaluation that can't be gone on with.
func addOldTables(ctx context.Context, g *grid, l *lake.Lake) error {
	pins, err := l.At(ctx, "")
	if err != nil {
		return err
	}
	maps.DeleteFunc(pins, func(table string, _ lake.Pin) bool { return !strings.HasPrefix(table, "eval.") })
	if len(pins) == 0 {
		return nil
	}
	s, err := l.Session(ctx, pins, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	old, err := eval.OldTables(ctx, s)
	for _, table := range old {
		g.add("table "+table, "old", "an older alignctl wrote it, with one scoring a run", "alignctl data rm -f "+table)
	}
	return errors.Join(err, s.Close())
}

// addUnfinished tells of training and evaluation that nobody goes on with.
func addUnfinished(ctx context.Context, g *grid, l *lake.Lake) error {
	runs, err := listRuns(ctx, l)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.measured() && !r.ended() && r.Status != runRunning {
			g.add("run "+r.ID, r.Status, r.about(), resumeCommand(ctx, l, r))
		}
	}
	return nil
}

// resumeCommand goes on with a run, or, where it left nothing to go on from,
// begins it again.
func resumeCommand(ctx context.Context, l *lake.Lake, r lakeRun) string {
	if r.Kind == "eval" {
		return strings.TrimSpace(eval.ResumeCommand(r.Name) + " " + r.ID)
	}
	resumption, err := train.FindResumption(ctx, l, r.ID)
	if err != nil {
		return r.Command
	}
	return fmt.Sprintf("alignctl train %s --resume %s", resumption.Method.Name(), r.ID)
}
