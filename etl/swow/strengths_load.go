package swow

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/lake/duck"
)

//go:embed audits/published/*.sql
var publishedAudits embed.FS

// Load carries the plan out as one run of the lake: the source's rows of
// raw.strength are replaced, and core.strength of its language has them as a
// population beside the others.
func (p *StrengthPlan) Load(ctx context.Context) (*etl.Report, error) {
	report := &etl.Report{Source: p.options.Source, Files: p.files, Steps: p.steps}
	for _, f := range p.files {
		report.Rejected += f.Rejected
	}
	return etl.Load(ctx, p.lake, etl.LoadOptions{
		Info: lake.RunInfo{Command: p.options.Command, Config: p.Config(), Source: p.options.Source,
			Version: p.options.Version},
		Steps: 4, Report: report, Memory: p.options.Memory,
	}, func(ctx context.Context, j *etl.Job) error {
		return (&strengthLoader{plan: p, job: j}).load(ctx)
	})
}

// A strengthLoader is one run of a StrengthPlan.
type strengthLoader struct {
	plan *StrengthPlan
	job  *etl.Job
}

func (w *strengthLoader) load(ctx context.Context) error {
	if err := w.job.Step("stage", func() error { return w.stage(ctx) }); err != nil {
		return err
	}
	if err := w.job.Step(publishedSpec().Name, func() error { return w.raw(ctx) }); err != nil {
		return err
	}
	if err := w.job.Step(strengthSpec().Name, func() error { return w.core(ctx) }); err != nil {
		return err
	}
	return w.job.Step("audit", func() error {
		if err := w.job.Audit(ctx, publishedAudits, "audits/published", "strength"); err != nil {
			return err
		}
		return w.tell(ctx)
	})
}

// stage reads each file into a temporary table named by its measure.
func (w *strengthLoader) stage(ctx context.Context) error {
	for _, f := range w.plan.files {
		if err := w.job.Stage(ctx, "strength_"+measureOf(f), f, w.plan.options.Licence); err != nil {
			return err
		}
	}
	return nil
}

// raw replaces the source's rows of raw.strength.
func (w *strengthLoader) raw(ctx context.Context) error {
	var parts []string
	for _, f := range w.plan.files {
		parts = append(parts, fmt.Sprintf(`select %s as source, %s as language, %s as file_id, %s as line,
			%s as measure, cue, response, n, total, strength from strength_%s`,
			duck.Literal(w.plan.options.Source), duck.Literal(w.plan.language.Code), duck.Literal(f.FileID()),
			f.Line(), duck.Literal(measureOf(f)), measureOf(f)))
	}
	if w.plan.options.Rows != "" {
		parts = append(parts, w.plan.options.Rows)
	}
	_, err := w.job.Run.Write(ctx, publishedSpec(), w.plan.options.Source, strings.Join(parts, "\nunion all by name\n"))
	return err
}

// core writes the strengths of each language that moves: the populations that
// other loads made, as they are, and those of all ready-made tables.
func (w *strengthLoader) core(ctx context.Context) error {
	codes := w.plan.languages()
	others := make([]string, len(codes))
	for i, code := range codes { // before the first write: they are read as the run found them
		var err error
		if others[i], err = w.others(ctx, code); err != nil {
			return err
		}
	}
	for i, code := range codes {
		if err := w.language(ctx, code, others[i]); err != nil {
			return err
		}
	}
	return nil
}

// others selects the populations of a language that no ready-made table gives;
// "" when there are none.
func (w *strengthLoader) others(ctx context.Context, code string) (string, error) {
	condition := fmt.Sprintf(`language = %s and population <> %s
		and population not in (select source from raw.strength where language = %[1]s)`,
		duck.Literal(code), duck.Literal(w.plan.options.Source))
	scopes, err := w.job.Run.InputScopes(ctx, strengthSpec().Name, condition)
	if err != nil || len(scopes) == 0 {
		return "", err
	}
	return "select * from " + strengthSpec().Name + " where " + condition, nil
}

// language writes the strengths of one language; others selects those to keep.
func (w *strengthLoader) language(ctx context.Context, code, others string) error {
	language, err := FindLanguage(code)
	if err != nil {
		return err
	}
	for _, set := range []rowset{tokenRows(language), maskRow(language)} {
		if err := set.create(ctx, w.job.Run.Session()); err != nil {
			return err
		}
	}
	query, err := withPublished(ctx, w.job, code, others)
	if err != nil {
		return err
	}
	if query == "" { // the language's only table was this source's, and has moved to another language
		query = "select * from " + strengthSpec().Name + " limit 0"
	}
	_, err = w.job.Run.Write(ctx, strengthSpec(), code, query)
	return err
}

// withPublished adds to a SELECT of a language's rows of core.strength those that
// come from ready-made tables, and records what it reads. Either may be "". It
// needs swow_token and swow_mask.
func withPublished(ctx context.Context, j *etl.Job, code, query string) (string, error) {
	condition := "language = " + duck.PortableLiteral(code)
	scopes, err := j.Run.InputScopes(ctx, publishedSpec().Name, condition)
	if err != nil || len(scopes) == 0 {
		return query, err
	}
	err = j.Engine.View(ctx, etl.View{Name: "swow_published", Table: publishedSpec().Name, Where: condition})
	if err != nil {
		return "", err
	}
	text, err := transform("published")
	if query == "" {
		return text, err
	}
	columns := make([]string, len(strengthSpec().Columns))
	for i, c := range strengthSpec().Columns {
		columns[i] = c.Name
	}
	each := "select " + duck.Names(columns) + " from (\n"
	return each + query + "\n)\nunion all\n" + each + text + "\n)", err
}

// tell puts into the report what the source holds, and what of it doesn't
// reach core.strength.
func (w *strengthLoader) tell(ctx context.Context) error {
	report, source := w.job.Report, duck.Literal(w.plan.options.Source)
	for _, measure := range []string{"r1", "r123"} {
		t := told{measure: measure}
		err := etl.Scan(ctx, w.job.Run.Session(), toldQuery(source, measure), &t.rows, &t.short, &t.unlisted, &t.wordless)
		if err != nil {
			return err
		}
		if t.rows == 0 {
			continue
		}
		report.Rows += t.rows
		report.Counts = append(report.Counts, etl.Count{Table: publishedSpec().Name, Kind: measure, Rows: t.rows})
		report.Notes = append(report.Notes, t.notes()...)
	}
	return nil
}

// told is what people should know of a source's table of one measure.
type told struct {
	measure         string
	rows            int64
	short, unlisted int64 // cues whose total is more than their rows count, and by how much
	wordless        int64 // rows whose response stands for no word
}

func toldQuery(source, measure string) string {
	return fmt.Sprintf(`
with mine as (select * from raw.strength where source = %s and measure = %s),
cue as (select cue, max(total) - sum(n) as unlisted from mine group by cue),
core as (select cue, response from core.strength where population = %[1]s)
select (select count(*) from mine),
  (select count(*) from cue where unlisted > 0),
  (select coalesce(sum(unlisted), 0)::bigint from cue where unlisted > 0),
  (select count(*) from mine anti join core using (cue, response))`, source, duck.Literal(measure))
}

func (t told) notes() (notes []string) {
	if t.short > 0 {
		notes = append(notes, fmt.Sprintf("%s: the totals of %d cues count %d responses that the file doesn't list; "+
			"strengths are shares of these totals", t.measure, t.short, t.unlisted))
	}
	if t.wordless > 0 {
		notes = append(notes, fmt.Sprintf("%s: %d rows whose response stands for no word stay out of core.strength",
			t.measure, t.wordless))
	}
	return notes
}
