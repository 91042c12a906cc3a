package swow

import (
	"context"
	"embed"
	"fmt"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/lake/duck"
)

//go:embed sql/*.sql
var transforms embed.FS

//go:embed audits/*.sql
var auditFiles embed.FS

// transform is the text of one of the SQL files, a single SELECT.
func transform(name string) (string, error) {
	text, err := transforms.ReadFile("sql/" + name + ".sql")
	return string(text), err
}

// core recomputes the core tables of a language from all its raw rows, and
// audits them.
func (w *loader) core(ctx context.Context, code string) error {
	language, err := FindLanguage(code)
	if err != nil {
		return err
	}
	if err := prelude(ctx, w.job.Run.Session(), language, w.plan); err != nil {
		return fmt.Errorf("prepare transforms of language %q: %w", code, err)
	}
	association, err := w.associationSpec(ctx)
	if err != nil {
		return err
	}
	for _, table := range []struct {
		spec      lake.Spec
		transform string
	}{
		{association, "association"}, {strengthSpec(), "strength"}, {splitSpec(), "split"},
	} {
		err := w.job.Step(table.spec.Name, func() error {
			query, err := transform(table.transform)
			if err == nil && table.transform == "strength" {
				query, err = withPublished(ctx, w.job.Run, code, query)
			}
			if err == nil {
				_, err = w.job.Run.Write(ctx, table.spec, code, query)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return w.job.Step("audit", func() error { return w.audit(ctx, code) })
}

// associationSpec is the table's spec, without a sort by file where the
// language has one.
func (w *loader) associationSpec(ctx context.Context) (lake.Spec, error) {
	spec := associationSpec()
	var files int64
	err := etl.Scan(ctx, w.job.Run.Session(), "select count(distinct file_id) from swow_record", &files)
	if err == nil && files == 1 {
		spec.Order = []string{"line", "position"}
	}
	return spec, err
}

// audit runs the audits of a language, and counts what the report tells.
func (w *loader) audit(ctx context.Context, code string) error {
	for _, table := range []string{"association", "strength", "split"} {
		view := fmt.Sprintf("create or replace temp view swow_%s as select * from core.%[1]s where language = %s",
			table, duck.Literal(code))
		if err := w.job.Run.Session().Exec(ctx, view); err != nil {
			return err
		}
	}
	if err := w.job.Audit(ctx, auditFiles, "audits", "swow."+code); err != nil {
		return err
	}
	return w.count(ctx, code)
}

// count puts the source's rows and the language's kinds into the report.
func (w *loader) count(ctx context.Context, code string) error {
	session := w.job.Run.Session()
	rows, err := session.Query(ctx, `select kind, count(*) from swow_association
		group by kind order by count(*) desc, kind`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		c := etl.Count{Table: "core.association", Group: "language " + code}
		if err := rows.Scan(&c.Kind, &c.Rows); err != nil {
			return err
		}
		w.job.Report.Counts = append(w.job.Report.Counts, c)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	return etl.Scan(ctx, session,
		"select count(*) from raw.swow where source = "+duck.Literal(w.plan.options.Source), &w.job.Report.Rows)
}
