package norms

import (
	"context"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/lake/duck"
)

//go:embed sql/*.sql
var transforms embed.FS

//go:embed audits/*.sql
var audits embed.FS

// Load carries the plan out as one run of the lake: the source's rows of
// raw.norm and core.norm are replaced, and published together once the audits
// pass.
func (p *Plan) Load(ctx context.Context) (*etl.Report, error) {
	o := p.options
	report := &etl.Report{Source: o.Source, Files: p.files, Steps: p.steps}
	for _, f := range p.files {
		report.Rejected += f.Rejected
	}
	return etl.Load(ctx, p.lake, etl.LoadOptions{
		Info:  lake.RunInfo{Command: o.Command, Config: p.Config(), Source: o.Source, Version: o.Version},
		Steps: 4, Report: report, Memory: o.Memory, Engine: o.Engine,
	}, func(ctx context.Context, j *etl.Job) error {
		return (&loader{plan: p, job: j}).load(ctx)
	})
}

// A loader is one run of a Plan.
type loader struct {
	plan *Plan
	job  *etl.Job
}

func (w *loader) load(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"stage", w.stage}, {rawSpec().Name, w.raw}, {coreSpec().Name, w.core}, {"audit", w.audit},
	} {
		if err := w.job.Step(step.name, func() error { return step.do(ctx) }); err != nil {
			return err
		}
	}
	return w.describe(ctx)
}

// stage reads each file into a temporary table of its own.
func (w *loader) stage(ctx context.Context) error {
	for i, f := range w.plan.files {
		if err := w.job.Stage(ctx, staged(i), f, w.plan.options.Licence); err != nil {
			return err
		}
	}
	return nil
}

func staged(file int) string { return fmt.Sprintf("norm_staged_%d", file) }

// raw replaces the source's rows of raw.norm.
func (w *loader) raw(ctx context.Context) error {
	o := w.plan.options
	var parts []string
	for i, f := range w.plan.files {
		parts = append(parts, "from "+staged(i)+"_rows")
		if err := w.rows(ctx, stagedQuery{o.Source, o.Set, f, staged(i)}); err != nil {
			return err
		}
	}
	for _, h := range w.plan.held {
		if !h.Stays(w.plan.files, w.plan.options.Append) {
			continue
		}
		if _, err := w.job.Run.InputScope(ctx, rawSpec().Name, o.Source); err != nil {
			return err
		}
		parts = append(parts, w.plan.heldQuery(h))
	}
	if o.Rows != "" {
		parts = append(parts, o.Rows)
	}
	if _, err := w.job.Run.Write(ctx, rawSpec(), o.Source, strings.Join(parts, "\nunion all by name\n")); err != nil {
		return err
	}
	_, err := w.job.Run.InputScope(ctx, rawSpec().Name, o.Source) // what core.norm is made from
	return err
}

// rows makes the rows that a staged file gives raw.norm, as a temporary table.
func (w *loader) rows(ctx context.Context, q stagedQuery) error {
	session := w.job.Run.Session()
	if err := q.simplify(ctx, session); err != nil {
		return err
	}
	if err := session.Exec(ctx, "create or replace temp table "+q.table+"_rows as "+q.sql()); err != nil {
		return fmt.Errorf("spread the ratings of %q: %w", q.file.Path, err)
	}
	return session.Exec(ctx, "drop table "+q.table)
}

// heldQuery gives the rows of a file that stays, unless Rows has them.
func (p *Plan) heldQuery(h etl.Held) string {
	query := fmt.Sprintf("select * from raw.norm where source = %s and file_id = %s",
		duck.Literal(p.options.Source), duck.Literal(h.FileID))
	if p.options.Rows != "" {
		query += " and file_id not in (select file_id from (" + p.options.Rows + "))"
	}
	return query
}

// core replaces the source's rows of core.norm by what its rows of raw.norm give.
func (w *loader) core(ctx context.Context) error {
	source := duck.Literal(w.plan.options.Source)
	session := w.job.Run.Session()
	if err := prelude(ctx, session, w.job.Engine, w.plan.options.Source); err != nil {
		return fmt.Errorf("prepare transform: %w", err)
	}
	query, err := transforms.ReadFile("sql/norm.sql")
	if err != nil {
		return err
	}
	if _, err := w.job.Engine.Write(ctx, coreSpec(), w.plan.options.Source, string(query)); err != nil {
		return fmt.Errorf("transform norm.sql: %w", err)
	}
	return session.Exec(ctx, "create or replace temp view norm_value as select * from core.norm where source = "+source)
}

// prelude makes what the transform reads: the source's records, and the scales.
func prelude(ctx context.Context, session etl.Session, engine etl.Engine, source string) error {
	err := engine.View(ctx, etl.View{Name: "norm_record", Table: rawSpec().Name, Where: "source = " + duck.PortableLiteral(source)})
	if err != nil {
		return err
	}
	if err := session.Exec(ctx, "create or replace temp table norm_scale as "+scaleRows()); err != nil {
		return err
	}
	return engine.Share(ctx, "norm_scale")
}

func scaleRows() string {
	var rows []string
	for _, dimension := range slices.Sorted(maps.Keys(common())) {
		s := common()[dimension]
		rows = append(rows, fmt.Sprintf("(%s, %s, %s)", duck.Literal(dimension), double(s.Low), double(s.High)))
	}
	return "select * from (values " + strings.Join(rows, ", ") + ") as t(dimension, low, high)"
}

// audit sees that every record arrived and every rated word has a value.
func (w *loader) audit(ctx context.Context) error {
	rows := []string{"(null, null, null::bigint, null::bigint)"}
	for _, f := range w.plan.files {
		rows = append(rows, fmt.Sprintf("(%s, %s, %d, %d)", duck.Literal(w.plan.options.Source), duck.Literal(f.FileID()),
			f.Rows, len(w.plan.options.Set.held(f))))
	}
	err := w.job.Run.Session().Exec(ctx, "create or replace temp table norm_file as select * from (values "+
		strings.Join(rows, ", ")+") as t(source, file_id, records, ratings) where source is not null")
	if err != nil {
		return err
	}
	return w.job.Audit(ctx, audits, "audits", "norms."+w.plan.options.Source)
}
