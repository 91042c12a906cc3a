package wvs

import (
	"context"
	"embed"
	"fmt"
	"strings"

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

// core computes the source's core tables from its raw rows, and audits them.
func (w *loader) core(ctx context.Context) error {
	if err := w.readRaw(ctx); err != nil {
		return err
	}
	if err := w.readWords(ctx); err != nil {
		return err
	}
	if err := w.job.Step("count", func() error { return w.prelude(ctx) }); err != nil {
		return err
	}
	for _, table := range []struct {
		spec      lake.Spec
		transform string
	}{
		{questionSpec(), "question"}, {optionSpec(), "option"},
		{distributionSpec(), "distribution"}, {missingSpec(), "missing"},
	} {
		err := w.job.Step(table.spec.Name, func() error {
			query, err := transform(table.transform)
			if err != nil {
				return err
			}
			if _, err := w.job.Engine.Write(ctx, table.spec, w.plan.options.Source, query); err != nil {
				return fmt.Errorf("transform %s.sql: %w", table.transform, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return w.job.Step("audit", func() error { return w.audit(ctx) })
}

// prelude makes the temporary tables and views by which the transforms and
// audits get the source's rows and the facts. The transforms are the same text
// on every engine; this is DuckDB's part.
func (w *loader) prelude(ctx context.Context) error {
	for _, table := range []string{"respondent", "answer"} {
		err := w.job.Engine.View(ctx, etl.View{Name: "wvs_" + table, Table: "raw.wvs_" + table,
			Where: "source = " + duck.PortableLiteral(w.plan.options.Source)})
		if err != nil {
			return err
		}
	}
	for _, statement := range append([]string{
		"create or replace temp table wvs_source as select " + duck.Literal(w.plan.options.Source) + " as source",
		"create or replace temp table wvs_file as " + w.plan.fileRows(),
		fmt.Sprintf("create or replace temp table wvs_cell as select cast(%d as bigint) as cells", w.cells),
	}, append(factTables(), w.plan.wordTables()...)...) {
		if err := w.exec(ctx, statement); err != nil {
			return err
		}
	}
	return w.tally(ctx)
}

// tally shares what the transforms read, and counts the codes.
func (w *loader) tally(ctx context.Context) error {
	err := w.job.Engine.Share(ctx, "wvs_source", "wvs_fact", "wvs_code", "wvs_text", "wvs_label")
	if err != nil {
		return err
	}
	query, err := transform("tally")
	if err != nil {
		return err
	}
	if err := w.job.Engine.Make(ctx, "wvs_tally", query); err != nil {
		return fmt.Errorf("transform tally.sql: %w", err)
	}
	return nil
}

// view shows the source's rows of a core table as wvs_name.
func (w *loader) view(name string) string {
	return fmt.Sprintf("create or replace temp view wvs_%[1]s as select * from core.wvs_%[1]s where source = %[2]s",
		name, duck.Literal(w.plan.options.Source))
}

// fileRows are the files that are loaded, as the check counted them.
func (p *Plan) fileRows() string {
	var rows []string
	for _, f := range p.files {
		rows = append(rows, tuple(duck.Literal(f.FileID()), fmt.Sprint(f.Rows)))
	}
	return relation("file_id varchar, records bigint", rows)
}

// audit runs the audits, and gathers what the report tells.
func (w *loader) audit(ctx context.Context) error {
	for _, name := range []string{"distribution", "missing"} {
		if err := w.exec(ctx, w.view(name)); err != nil {
			return err
		}
	}
	if err := w.job.Audit(ctx, auditFiles, "audits", "wvs."+w.plan.options.Source); err != nil {
		return err
	}
	return w.tell(ctx)
}

// factTables make what the transforms read of wave 7.
func factTables() []string {
	var facts, codes []string
	for _, q := range Questions() {
		facts = append(facts, q.row())
		for _, o := range q.Options {
			codes = append(codes, tuple(duck.Literal(q.Name), fmt.Sprint(o.Code), orNull(o.Position)))
		}
	}
	return []string{
		"create or replace temp table wvs_fact as " + relation("question varchar, number integer, topic varchar, "+
			"kind varchar, role varchar, recodes varchar, options integer, lowest integer, highest integer", facts),
		"create or replace temp table wvs_code as " + relation("question varchar, code integer, place integer", codes),
	}
}

// keepsWords reports whether the source's words stay: a load that adds files,
// and no codebook.
func (p *Plan) keepsWords() bool { return p.codebook == nil && p.keepsFiles() }

// keepsFiles reports whether files that the source holds stay.
func (p *Plan) keepsFiles() bool {
	_, stay := etl.Replaced(p.held, p.files, p.options.Append)
	return stay > 0
}

// readWords records that the load reads the words that the source has.
func (w *loader) readWords(ctx context.Context) error {
	if !w.plan.keepsWords() {
		return nil
	}
	for _, table := range []string{questionSpec().Name, optionSpec().Name} {
		if _, err := w.job.Run.InputScope(ctx, table, w.plan.options.Source); err != nil {
			return err
		}
	}
	return nil
}

// wordTables make what the transforms read of the codebook, or of the rows in
// its place.
func (p *Plan) wordTables() []string {
	var texts, labels []string
	if b := p.codebook; b != nil {
		for _, t := range b.Texts {
			texts = append(texts, tuple(duck.Literal(t.Question), duck.Literal(t.Language), duck.Literal(t.Text)))
		}
		for _, l := range b.Labels {
			labels = append(labels, tuple(duck.Literal(l.Question), duck.Literal(l.Language), fmt.Sprint(l.Code),
				orNull(l.Position), duck.Literal(l.Label)))
		}
	}
	text := relation("question varchar, language varchar, text varchar", texts)
	label := relation("question varchar, language varchar, code integer, place integer, label varchar", labels)
	rows := p.options.Rows
	if source := duck.Literal(p.options.Source); p.keepsWords() && rows.Questions == "" {
		rows.Questions = "select * from core.wvs_question where source = " + source
		rows.Options = "select * from core.wvs_option where source = " + source
	}
	if rows.Questions != "" {
		text += " union all select question, language, text from (" + rows.Questions + ") where language <> ''"
	}
	if rows.Options != "" {
		label += ` union all select question, language, code, "position", label
			from (` + rows.Options + ") where language <> ''"
	}
	return []string{
		"create or replace temp table wvs_text as " + text,
		"create or replace temp table wvs_label as " + label,
	}
}

// row is the question as a row of wvs_fact.
func (q *Question) row() string {
	role, recodes, lowest, highest := "substantive", "null", int64(0), int64(maxCode)
	if q.Demographic() {
		role = "demographic"
	}
	if q.Recodes != "" {
		recodes = duck.Literal(q.Recodes)
	}
	if !q.Open {
		lowest, highest = q.Options[0].Code, q.Options[len(q.Options)-1].Code
	}
	return tuple(duck.Literal(q.Name), fmt.Sprint(numberOf(q.Name)), duck.Literal(q.Topic), duck.Literal(q.Kind),
		duck.Literal(role), recodes, orNull(len(q.Options)), fmt.Sprint(lowest), fmt.Sprint(highest))
}

// orNull is a number in SQL; 0 is none.
func orNull(n int) string {
	if n == 0 {
		return "null"
	}
	return fmt.Sprint(n)
}

func tuple(values ...string) string { return "(" + strings.Join(values, ", ") + ")" }

// relation is a SELECT of rows of constants, with columns as "name type, ...";
// there may be none.
func relation(columns string, rows []string) string {
	var names, casts []string
	for _, column := range strings.Split(columns, ", ") {
		name, kind, _ := strings.Cut(column, " ")
		names = append(names, name)
		casts = append(casts, fmt.Sprintf("cast(%s as %s) as %[1]s", name, kind))
	}
	limit := ""
	if len(rows) == 0 {
		rows, limit = []string{tuple(strings.Split(strings.Repeat("null ", len(names)-1)+"null", " ")...)}, " limit 0"
	}
	return fmt.Sprintf("(select %s from (values %s) as t(%s)%s)", strings.Join(casts, ", "), strings.Join(rows, ", "),
		strings.Join(names, ", "), limit)
}
