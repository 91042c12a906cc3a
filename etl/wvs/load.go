package wvs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// Load carries the plan out as one run of the lake: the source's respondents
// and answers are replaced, the core tables follow, and all of them are
// published together once the audits pass.
func (p *Plan) Load(ctx context.Context) (*etl.Report, error) {
	report := &etl.Report{Source: p.options.Source, Files: p.files, Steps: p.steps}
	for _, f := range p.files {
		report.Rejected += f.Rejected
	}
	o := p.options
	return etl.Load(ctx, p.lake, etl.LoadOptions{
		Info:  lake.RunInfo{Command: o.Command, Config: p.Config(), Source: o.Source, Version: o.Version},
		Steps: 9, Report: report, Memory: o.Memory, Engine: o.Engine,
	}, func(ctx context.Context, j *etl.Job) error {
		return (&loader{plan: p, job: j}).load(ctx)
	})
}

// Kind is the value of Config.Kind.
const Kind = "etl wvs"

// A Config is what decides the tables of a load, besides the bytes of its
// files: the configuration of its run, by which it can be run again.
type Config struct {
	Kind     string   `json:"kind"` // Kind
	Source   string   `json:"source"`
	Append   bool     `json:"append"`
	Licence  string   `json:"licence"`
	Files    []string `json:"files"`                       // sha256 of each
	Codebook string   `json:"codebook,omitempty"`          // sha256
	Language string   `json:"codebook_language,omitempty"` // see Options
	Reject   bool     `json:"reject,omitempty"`            // bad records were set aside
	Rows     Rows     `json:"rows,omitzero"`               // see Options

	Engine string `json:"engine,omitempty"` // that ran the transforms; empty: DuckDB
	Recipe any    `json:"recipe,omitempty"` // see Options
}

// Config is the configuration that the load's run records.
func (p *Plan) Config() Config {
	o := p.options
	c := Config{Kind: Kind, Source: o.Source, Append: o.Append, Licence: o.Licence, Rows: o.Rows,
		Reject: o.Rejects != nil, Engine: etl.Other(o.Engine), Recipe: o.Recipe}
	for _, f := range p.files {
		c.Files = append(c.Files, f.SHA256)
	}
	if p.codebook != nil {
		c.Codebook, c.Language = p.codebook.SHA256, o.CodebookLanguage
	}
	return c
}

// A loader is one run of a Plan.
type loader struct {
	plan  *Plan
	job   *etl.Job
	cells int64 // answers that the source's files have
}

func (w *loader) load(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"stage", w.stage},
		{respondentSpec().Name, w.respondents},
		{answerSpec().Name, w.answers},
	} {
		if err := w.job.Step(step.name, func() error { return step.do(ctx) }); err != nil {
			return err
		}
	}
	return w.core(ctx)
}

func (w *loader) exec(ctx context.Context, query string) error {
	return w.job.Run.Session().Exec(ctx, query)
}

// stage reads each file into a temporary table of its own, and records the
// codebook.
func (w *loader) stage(ctx context.Context) error {
	for i, f := range w.plan.files {
		if err := w.job.Stage(ctx, staged(i), f, w.plan.options.Licence); err != nil {
			return err
		}
	}
	if b := w.plan.codebook; b != nil {
		return w.job.Record(b.Path, w.plan.options.Licence, lake.RawFile{Name: b.Name(), SHA256: b.SHA256, Bytes: b.Bytes,
			Rows: int64(len(b.Texts) + len(b.Labels))})
	}
	return nil
}

func staged(file int) string { return fmt.Sprintf("wvs_staged_%d", file) }

// A kept is rows that the source has already: SELECTs as in Rows.
type kept struct {
	table string // temporary, with the respondents
	Rows
}

// kept lists what is loaded beside the files: those of the source's files that
// stay, and the rows that the options give.
func (w *loader) kept() (list []kept) {
	var files []string
	for _, h := range w.plan.held {
		if h.Stays(w.plan.files, w.plan.options.Append) {
			files = append(files, duck.Literal(h.FileID))
		}
	}
	if len(files) > 0 {
		source := duck.Literal(w.plan.options.Source)
		list = append(list, kept{"wvs_held", Rows{
			Respondents: fmt.Sprintf("select * from raw.wvs_respondent where source = %s and file_id in (%s)%s",
				source, strings.Join(files, ", "), w.unlessGiven()),
			Answers: "select * from raw.wvs_answer where source = " + source,
		}})
	}
	if w.plan.options.Rows.Respondents != "" {
		list = append(list, kept{"wvs_given", w.plan.options.Rows})
	}
	return list
}

// unlessGiven leaves out the files of which the options give the rows.
func (w *loader) unlessGiven() string {
	if w.plan.options.Rows.Respondents == "" {
		return ""
	}
	return " and file_id not in (select file_id from (" + w.plan.options.Rows.Respondents + "))"
}

// respondents numbers the source's respondents (wvs_numbered) and replaces those
// that the table has.
func (w *loader) respondents(ctx context.Context) error {
	var parts []string
	for i := range w.plan.files {
		parts = append(parts, w.plan.stagedQuery(i))
	}
	for _, k := range w.kept() {
		if err := w.exec(ctx, "create or replace temp table "+k.table+" as "+k.Respondents); err != nil {
			return err
		}
		parts = append(parts,
			fmt.Sprintf("select '%s' as origin, respondent as old, * exclude (respondent) from %[1]s", k.table))
	}
	number := `create or replace temp table wvs_numbered as
		select cast(row_number() over (order by file_id, line) as integer) as respondent, * from (` +
		strings.Join(parts, "\nunion all by name\n") + ")"
	if err := w.exec(ctx, number); err != nil {
		return err
	}
	if err := w.twins(ctx); err != nil {
		return err
	}
	if err := w.readHeld(ctx); err != nil {
		return err
	}
	_, err := w.job.Run.Write(ctx, respondentSpec(), w.plan.options.Source,
		"select * exclude (origin, old) from wvs_numbered")
	return err
}

// readHeld records that the load reads what the source has.
func (w *loader) readHeld(ctx context.Context) error {
	if !w.plan.keepsFiles() {
		return nil
	}
	return w.readRaw(ctx)
}

func (w *loader) readRaw(ctx context.Context) error {
	for _, table := range []string{respondentSpec().Name, answerSpec().Name} {
		if _, err := w.job.Run.InputScope(ctx, table, w.plan.options.Source); err != nil {
			return err
		}
	}
	return nil
}

// twins refuses a respondent that stands in two files; one that stands twice in
// a file was refused by the check.
func (w *loader) twins(ctx context.Context) error {
	var country, first, second string
	var interview, line int64
	err := etl.Scan(ctx, w.job.Run.Session(), `select a.country, a.interview, a.file_id, b.file_id, b.line
		from wvs_numbered a join wvs_numbered b
		on a.country = b.country and a.interview = b.interview and a.respondent < b.respondent
		order by b.file_id, b.line limit 1`, &country, &interview, &first, &second, &line)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return &etl.ParseError{File: w.name(second), Line: line,
		Reason: fmt.Sprintf("respondent %d of %s stands in %s, too", interview, country, w.name(first)),
		Cure:   "load one of the files, or each as a source of its own by --source"}
}

// name is a file as people know it.
func (w *loader) name(fileID string) string {
	for _, f := range w.plan.files {
		if f.FileID() == fileID {
			return f.Path
		}
	}
	return "file " + fileID + " of the source"
}

// stagedQuery gives a staged file's respondents as rows of
// raw.wvs_respondent, without a number.
func (p *Plan) stagedQuery(i int) string {
	f := p.files[i]
	value := map[string]string{
		"source": duck.Literal(p.options.Source), "file_id": duck.Literal(f.FileID()), "line": f.Line(),
	}
	for _, c := range f.Columns {
		if c.Name != "" {
			value[c.Name] = duck.Name(c.Name)
		}
	}
	columns := []string{"null::varchar as origin", "null::integer as old"}
	for _, c := range respondentSpec().Columns {
		if c.Name == "respondent" {
			continue
		}
		v, given := value[c.Name]
		if !given {
			v = "null"
		}
		columns = append(columns, v+"::"+c.Type.SQL()+" as "+c.Name)
	}
	return "select " + strings.Join(columns, ", ") + " from " + staged(i)
}
