package swow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// Load carries the plan out as one run of the lake: the source's rows of
// raw.swow are replaced, the core tables of the affected languages follow,
// and all of them are published together once the audits pass.
func (p *Plan) Load(ctx context.Context) (*etl.Report, error) {
	report := &etl.Report{Source: p.options.Source, Files: p.files, Steps: p.steps}
	return etl.Load(ctx, p.lake, etl.LoadOptions{
		Info:  lake.RunInfo{Command: p.options.Command, Config: p.Config(), Source: p.options.Source, Version: p.options.Version},
		Steps: 2 + coreSteps*len(p.languages()), Report: report, Memory: p.options.Memory, Engine: p.options.Engine,
	}, func(ctx context.Context, j *etl.Job) error {
		return (&loader{plan: p, job: j}).load(ctx)
	})
}

// Kind is the value of Config.Kind.
const Kind = "etl swow"

// A Config is what decides the tables of a load, besides the bytes of its
// files: the configuration of its run, by which it can be run again.
type Config struct {
	Kind     string   `json:"kind"` // Kind
	Source   string   `json:"source"`
	Language string   `json:"language"`
	Append   bool     `json:"append"`
	Licence  string   `json:"licence"`
	Files    []string `json:"files"`          // sha256 of each
	Rows     string   `json:"rows,omitempty"` // see Options
	Encoding string   `json:"encoding,omitempty"`
	Reject   bool     `json:"reject,omitempty"` // bad records were set aside
	Pack     string   `json:"pack,omitempty"`   // text of the user's pack
	// Lists are the sha256 of the user's lists by name; their paths are those of
	// the run's files with these digests.
	Lists       map[string]string `json:"lists,omitempty"`
	Steps       Steps             `json:"steps,omitempty"`
	SelfAnswers SelfAnswers       `json:"self_answers,omitempty"`
	Populations []Population      `json:"populations,omitempty"` // all of them

	Engine string `json:"engine,omitempty"` // that ran the transforms; empty: DuckDB
	Recipe any    `json:"recipe,omitempty"` // see Options
}

// Config is the configuration that the load's run records.
func (p *Plan) Config() Config {
	o := p.options
	c := Config{Kind: Kind, Source: o.Source, Language: p.language.Code, Append: o.Append, Licence: o.Licence, Rows: o.Rows,
		Pack: p.language.text, Lists: map[string]string{}, Steps: o.Steps, SelfAnswers: o.SelfAnswers,
		Populations: o.Populations, Encoding: o.Encoding, Reject: o.Rejects != nil,
		Engine: etl.Other(o.Engine), Recipe: o.Recipe}
	for name, f := range p.lists {
		c.Lists[name] = f.SHA256
	}
	for _, f := range p.files {
		c.Files = append(c.Files, f.SHA256)
	}
	return c
}

// A loader is one run of a Plan.
type loader struct {
	plan *Plan
	job  *etl.Job
}

func (w *loader) load(ctx context.Context) error {
	if err := w.job.Step("stage", func() error { return w.stage(ctx) }); err != nil {
		return err
	}
	if err := w.job.Step(rawSpec().Name, func() error { return w.raw(ctx) }); err != nil {
		return err
	}
	for _, code := range w.plan.languages() {
		if err := w.core(ctx, code); err != nil {
			return err
		}
	}
	return nil
}

// stage reads each file into a temporary table of its own.
func (w *loader) stage(ctx context.Context) error {
	for i, f := range w.plan.files {
		if err := w.job.Stage(ctx, staged(i), f, w.plan.options.Licence); err != nil {
			return err
		}
	}
	return w.stageLists(ctx)
}

// stageLists reads the user's lists, and notes what they are for.
func (w *loader) stageLists(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(w.plan.lists)) {
		f := w.plan.lists[name]
		if err := w.job.Stage(ctx, stagedList(name), f, "not stated"); err != nil {
			return err
		}
		w.job.Report.Notes = append(w.job.Report.Notes,
			fmt.Sprintf("%s: %d entries of %s", strings.ReplaceAll(name, "_", " "), f.Rows, f.Path))
	}
	return nil
}

func staged(file int) string { return fmt.Sprintf("swow_staged_%d", file) }

// raw replaces the source's rows of raw.swow and lets go of the staged ones.
func (w *loader) raw(ctx context.Context) error {
	var parts []string
	for i := range w.plan.files {
		parts = append(parts, w.plan.stagedQuery(i))
	}
	for _, h := range w.plan.held {
		if !h.Stays(w.plan.files, w.plan.options.Append) {
			continue
		}
		if _, err := w.job.Run.InputScope(ctx, rawSpec().Name, w.plan.options.Source); err != nil {
			return err
		}
		parts = append(parts, w.plan.heldQuery(h))
	}
	if w.plan.options.Rows != "" {
		parts = append(parts, w.plan.options.Rows)
	}
	spec := rawSpec()
	if len(parts) == 1 && len(w.plan.files) == 1 {
		spec.Order, spec.Presorted = []string{"line"}, true
	}
	query := strings.Join(parts, "\nunion all by name\n")
	if _, err := w.job.Run.Write(ctx, spec, w.plan.options.Source, query); err != nil {
		return err
	}
	for i := range w.plan.files {
		if err := w.job.Run.Session().Exec(ctx, "drop table "+staged(i)); err != nil {
			return err
		}
	}
	return w.readRaw(ctx)
}

// heldQuery gives the rows of a file that stays, unless Rows has them.
func (p *Plan) heldQuery(h etl.Held) string {
	query := fmt.Sprintf("select * from raw.swow where source = %s and file_id = %s",
		duck.Literal(p.options.Source), duck.Literal(h.FileID))
	if p.options.Rows != "" {
		query += " and file_id not in (select file_id from (" + p.options.Rows + "))"
	}
	return query
}

// readRaw records what the core tables are made from: every source that has
// rows of the languages that move.
func (w *loader) readRaw(ctx context.Context) error {
	var codes []string
	for _, code := range w.plan.languages() {
		codes = append(codes, duck.Literal(code))
	}
	_, err := w.job.Run.InputScopes(ctx, rawSpec().Name, "language in ("+strings.Join(codes, ", ")+")")
	return err
}

// stagedQuery gives a staged file's rows as rows of raw.swow.
func (p *Plan) stagedQuery(i int) string {
	f := p.files[i]
	value := map[string]string{
		"source": duck.Literal(p.options.Source), "language": duck.Literal(p.language.Code),
		"file_id": duck.Literal(f.FileID()), "layout": duck.Literal(f.Layout), "line": f.Line(),
	}
	for _, c := range f.Columns {
		if c.Name != "" {
			value[c.Name] = c.Name
		}
	}
	var columns []string
	for _, c := range rawSpec().Columns {
		v, given := value[c.Name]
		if !given {
			v = "null::" + c.Type.SQL()
		}
		columns = append(columns, v+" as "+c.Name)
	}
	return "select " + strings.Join(columns, ", ") + " from " + staged(i)
}
