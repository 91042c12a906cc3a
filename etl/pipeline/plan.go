package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/etl"
	"alignctl/internal/nearest"
	"alignctl/lake"
)

// Options say how to bring the sources of a Config into a lake.
type Options struct {
	Sources []string     // which; none: all
	Rejects *etl.Rejects // takes the bad records; nil: the first refuses its file
	Memory  string       // "": the configuration's
	Engine  etl.Opener   // runs the transforms of sources whose kind allows it; nil: DuckDB
	Command string       // the command line, for the lake's history
	Version string       // of alignctl
}

// A State says what a Plan has for a source.
type State string

// The states of a source.
const (
	New      State = "new"        // it was never loaded
	Changed  State = "changed"    // it is to be loaded again
	UpToDate State = "up to date" // the lake holds what a load would give
	Failed   State = "failed"     // its files can't be loaded
	Loaded   State = "loaded"     // it was loaded, and tables moved
	Same     State = "same rows"  // it was loaded, and gave the rows that were there
)

// A Plan says for each source whether it will be loaded, and why.
type Plan struct {
	Steps []*Step
	// Orphans are sources that the lake holds and the configuration doesn't name.
	// They stay.
	Orphans []string
}

// A Step is what a Plan has for one source.
type Step struct {
	Source string
	Kind   string // as in Config, such as swow
	State  State
	Why    []string // what has changed
	Engine string   // that runs the transforms; "": DuckDB
	Moves  string   // what the load will move; once it is done, the tables that it moved
	Err    error    // why it failed

	load loading // nil: there is nothing to do
}

// Prepare compares the sources with what the lake was made from, and checks the
// files of those that are to be loaded. A source that fails is a Step that says
// so.
func (c *Config) Prepare(ctx context.Context, l *lake.Lake, o Options) (*Plan, error) {
	all, err := c.sources()
	if err != nil {
		return nil, err
	}
	chosen, err := choose(all, o.Sources)
	if err != nil {
		return nil, err
	}
	if o.Memory == "" {
		o.Memory = c.Memory
	}
	last, err := lastRuns(ctx, l)
	if err != nil {
		return nil, err
	}
	p := &Plan{Orphans: orphans(last, all)}
	for _, s := range chosen {
		step := &Step{Source: s.name, Kind: s.kind}
		if s.entry.portable() {
			step.Engine = etl.Other(o.Engine)
		}
		if err := c.prepare(ctx, l, s, step, last, o); err != nil {
			step.State, step.Err = Failed, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p.Steps = append(p.Steps, step)
	}
	return p, nil
}

// choose gives the named sources, or all.
func choose(all []source, names []string) ([]source, error) {
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	for _, s := range all {
		known = append(known, s.name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("find source %q: alignctl.yaml doesn't name it%s", name, nearest.Hint(name, known))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(s source) bool { return !slices.Contains(names, s.name) }), nil
}

func orphans(last map[string]lastRun, all []source) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(last)) {
		if !slices.ContainsFunc(all, func(s source) bool { return s.name == name }) {
			names = append(names, name)
		}
	}
	return names
}

// prepare fills in the step of one source.
func (c *Config) prepare(ctx context.Context, l *lake.Lake, s source, step *Step, last map[string]lastRun,
	o Options) error {
	w, err := s.want(ctx, c.file)
	if err != nil {
		return err
	}
	step.State = New
	if run, loaded := last[s.name]; loaded {
		step.State, step.Why = run.compare(w.recipe, o)
	}
	if step.State == UpToDate {
		return nil
	}
	j := job{Options: o, source: s.name, files: w.files, others: w.others, recipe: w.recipe,
		check: etl.CheckOptions{Encoding: s.entry.raw().Encoding, Rejects: o.Rejects}}
	before := j.rejected()
	if step.load, err = s.entry.prepare(ctx, l, j); err != nil {
		return err
	}
	w.recipe.Rejected = j.rejected() - before
	_, step.Moves, _ = strings.Cut(step.load.String(), ": ")
	return nil
}

// rejected is how many bad records were set aside so far.
func (j job) rejected() int64 {
	if j.Rejects == nil {
		return 0
	}
	return j.Rejects.Count()
}

// compare says whether a load by a recipe would give what the run gave, and
// what is to be known of it.
func (r lastRun) compare(now *recipe, o Options) (State, []string) {
	if r.recipe == nil {
		return Changed, []string{"run " + r.id + " loaded it by hand"}
	}
	why := now.changes(r.recipe)
	if r.version != o.Version {
		why = append(why, fmt.Sprintf("alignctl is %s, was %s", o.Version, r.version))
	}
	aside := fmt.Sprintf("%d bad records are set aside", r.recipe.Rejected)
	switch {
	case r.recipe.Rejected > 0 && o.Rejects == nil:
		return Changed, append(why, aside+" no longer")
	case len(why) > 0:
		return Changed, why
	case r.recipe.Rejected > 0:
		return UpToDate, []string{aside}
	}
	return UpToDate, nil
}

// Pending reports whether there is something to load.
func (p *Plan) Pending() bool { return slices.ContainsFunc(p.Steps, (*Step).Pending) }

// Pending reports whether there is something to load.
func (s *Step) Pending() bool { return s.load != nil && s.State != Failed }

// Load loads the step's source, as one run of the lake.
func (s *Step) Load(ctx context.Context) (*etl.Report, error) {
	report, err := s.load.Load(ctx)
	if err != nil {
		s.State, s.Moves, s.Err = Failed, "", err
		return nil, err
	}
	s.State = Same
	var moved []string
	for _, table := range report.Tables {
		if !table.Unchanged {
			s.State = Loaded
			moved = append(moved, table.Table)
		}
	}
	s.Moves = strings.Join(moved, ", ")
	return report, nil
}
