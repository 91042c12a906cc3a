package swow

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

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

// A cleaning makes the core tables of one language from its raw rows.
type cleaning struct {
	*loader
	session     etl.Session // DuckDB: makes what the transforms read
	engine      etl.Engine  // runs the transforms
	language    *Language
	steps       Steps
	self        SelfAnswers
	populations groups
	staged      map[string]*etl.Checked // the user's lists, by name
}

// cleaning is that of a language: the plan's own goes by its options, another
// one that the source held before by its own pack.
func (w *loader) cleaning(ctx context.Context, code string) (*cleaning, error) {
	c := &cleaning{loader: w, session: w.job.Run.Session(), engine: w.job.Engine, language: w.plan.language, steps: w.plan.options.Steps,
		self: w.plan.options.SelfAnswers, populations: w.plan.populations, staged: w.plan.lists}
	if code == c.language.Code {
		return c, nil
	}
	var err error
	if c.language, err = w.otherLanguage(ctx, code); err != nil {
		return nil, err
	}
	c.steps, c.self, c.staged = AutoSteps, c.language.SelfAnswers, nil
	c.populations, err = checkPopulations(ctx, c.session, c.language.Populations, w.plan.options.Engine)
	return c, err
}

// otherLanguage finds the pack of a language that the source held before. One
// that is a user's isn't at hand; where no record is left it doesn't matter.
func (w *loader) otherLanguage(ctx context.Context, code string) (*Language, error) {
	language, err := FindLanguage(code)
	if err == nil {
		return language, nil
	}
	left := false
	query := "select count(*) > 0 from raw.swow where language = " + duck.Literal(code)
	if err := etl.Scan(ctx, w.job.Run.Session(), query, &left); err != nil {
		return nil, err
	}
	if left {
		return nil, fmt.Errorf("clean language %q, which the source held before and others hold: %w: "+
			"load these files under a source name of their own", code, err)
	}
	return &Language{Code: code, SelfAnswers: KeepSelf, Populations: []Population{{Name: everybody}}}, nil
}

// core recomputes the core tables of a language from all its raw rows, and
// audits them.
func (w *loader) core(ctx context.Context, code string) error {
	c, err := w.cleaning(ctx, code)
	if err != nil {
		return err
	}
	if err := c.prelude(ctx); err != nil {
		return fmt.Errorf("prepare transforms of language %q: %w", code, err)
	}
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"words", c.words}, {"participants", c.participants}, {"sample", c.sample},
		{"core.association", c.association}, {"core.participant", c.write(participantSpec())},
		{"counts", c.counts}, {"core.strength", c.strength}, {"core.cue_stats", c.write(cueSpec())},
		{"core.response_stats", c.write(responseSpec())}, {"core.removed", c.write(removedSpec())},
		{"audit", c.audit},
	} {
		if err := c.job.Step(part.name, func() error { return part.do(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

// coreSteps is how many steps core takes.
const coreSteps = 11

// make makes temporary tables by the transforms of their names.
func (c *cleaning) make(ctx context.Context, names ...string) error {
	for _, name := range names {
		query, err := transform(name)
		if err != nil {
			return err
		}
		if err := c.engine.Make(ctx, "swow_"+name, query); err != nil {
			return fmt.Errorf("transform %s.sql: %w", name, err)
		}
	}
	return nil
}

func (c *cleaning) drop(ctx context.Context, names ...string) error {
	return c.engine.Drop(ctx, tables(names)...)
}

// share gives the engine tables that the session has made.
func (c *cleaning) share(ctx context.Context, names ...string) error {
	return c.engine.Share(ctx, tables(names)...)
}

// tables are the names of temporary tables in full.
func tables(names []string) []string {
	full := make([]string, len(names))
	for i, name := range names {
		full[i] = "swow_" + name
	}
	return full
}

// words works out what each different text means.
func (c *cleaning) words(ctx context.Context) error {
	if err := c.make(ctx, "text"); err != nil {
		return err
	}
	if err := c.normalise(ctx); err != nil {
		return err
	}
	return c.make(ctx, "reading", "word", "slot", "shown")
}

// participants cleans the records and judges who gave them.
func (c *cleaning) participants(ctx context.Context) error {
	if err := c.make(ctx, "person", "trial"); err != nil {
		return c.populations.early().blame(ctx, c.engine, err)
	}
	if err := c.make(ctx, "judged"); err != nil {
		return err
	}
	return c.drop(ctx, "text", "reading", "slot", "shown", "fold", "shape", "spelling", "cue_correction", "lexicon")
}

// sample says of each record whether it is in the official sample.
func (c *cleaning) sample(ctx context.Context) error {
	if err := c.make(ctx, "surplus"); err != nil {
		return err
	}
	unranked, err := etl.Texts(ctx, c.engine, `select p.participant_id from swow_surplus s
		join swow_trial t on t.trial = s.trial join swow_person p on p.person = t.person
		where s.reason = 'unranked' order by p.participant_id limit 1`)
	if err != nil {
		return err
	}
	if len(unranked) > 0 {
		return fmt.Errorf("sample the records of a cue: participantID %q is not a number, which they are ranked by; "+
			"load with steps none, or with a pack whose sample has another key", unranked[0])
	}
	if err := c.make(ctx, "kept"); err != nil {
		return err
	}
	return c.drop(ctx, "trial")
}

// counts counts the responses of each population.
func (c *cleaning) counts(ctx context.Context) error {
	populations := 0
	for _, do := range []func() error{
		func() error { return c.engine.Define(ctx, "swow_member", c.populations.members()) },
		func() (err error) { populations, err = c.number(ctx); return err },
		func() error { return c.make(ctx, "edge", "asked", "tally") },
	} {
		if err := do(); err != nil {
			return c.populations.blame(ctx, c.engine, err)
		}
	}
	if err := c.logarithms(ctx); err != nil {
		return err
	}
	if err := c.components(ctx, populations); err != nil {
		return err
	}
	return c.share(ctx, "component", "logarithm")
}

// number makes swow_population: those that count, numbered in the order of their
// names; it gives how many they are.
func (c *cleaning) number(ctx context.Context) (int, error) {
	set := rowset{name: "swow_population", columns: "number int, population varchar, bit bigint"}
	for _, g := range c.populations.byName() {
		omit, err := c.omits(ctx, g)
		if err != nil {
			return 0, err
		}
		if !omit {
			set.rows = append(set.rows, []string{fmt.Sprint(len(set.rows) + 1), duck.Literal(g.Name), fmt.Sprint(g.bit)})
		}
	}
	if err := set.create(ctx, c.session); err != nil {
		return 0, err
	}
	return len(set.rows), c.share(ctx, "population")
}

// omits reports whether a population is left out because it is that of
// everybody.
func (c *cleaning) omits(ctx context.Context, g group) (bool, error) {
	if !g.OmitIfAll {
		return false, nil
	}
	query := fmt.Sprintf("select cast(count(*) as string) from swow_member where (members & %d) = 0", g.bit)
	without, err := etl.Texts(ctx, c.engine, query)
	return err == nil && without[0] == "0", err
}

// write makes a core table hold what its transform gives.
func (c *cleaning) write(spec lake.Spec) func(context.Context) error {
	return func(ctx context.Context) error {
		name := strings.TrimPrefix(spec.Name, "core.")
		query, err := transform(name)
		if err != nil {
			return err
		}
		if _, err := c.engine.Write(ctx, spec, c.language.Code, query); err != nil {
			return fmt.Errorf("transform %s.sql: %w", name, err)
		}
		return nil
	}
}

// audit runs the audits of a language, and counts what the report tells.
func (c *cleaning) audit(ctx context.Context) error {
	code := c.language.Code
	for _, table := range []string{"association", "participant", "strength", "cue_stats", "removed"} {
		view := fmt.Sprintf("create or replace temp view core_%s as select * from core.%[1]s where language = %s",
			table, duck.Literal(code))
		if err := c.session.Exec(ctx, view); err != nil {
			return err
		}
	}
	if err := c.job.Audit(ctx, auditFiles, "audits", "swow."+code); err != nil {
		return err
	}
	return c.report(ctx)
}

// report tells what the language's slots hold, what became of its participants
// and how many records the source has.
func (c *cleaning) report(ctx context.Context) error {
	for _, count := range []struct{ table, query string }{
		{"core.association", `select k.kind, cast(sum(t.n) as bigint) as n from swow_tally t
			join swow_kind k on k.code = t.kind where t.unit = 'slot' group by k.kind order by n desc, k.kind`},
		{"core.participant", `select status, count(*) as n from swow_judged where status is not null
			group by status order by n desc, status`},
	} {
		if err := c.count(ctx, count.table, count.query); err != nil {
			return err
		}
	}
	return etl.Scan(ctx, c.session,
		"select count(*) from raw.swow where source = "+duck.Literal(c.plan.options.Source), &c.job.Report.Rows)
}

// count puts the rows of a query, a kind and a number each, into the report.
func (c *cleaning) count(ctx context.Context, table, query string) error {
	columns := etl.Columns(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64)
	for rows, err := range etl.Typed(c.engine.Rows(ctx, query), columns...) {
		if err != nil {
			return err
		}
		kinds, counts := rows.Column(0).(*array.String), rows.Column(1).(*array.Int64)
		for i, n := range counts.Int64Values() {
			c.job.Report.Counts = append(c.job.Report.Counts, etl.Count{Table: table, Group: "language " + c.language.Code,
				Kind: strings.Clone(kinds.Value(i)), Rows: n})
		}
	}
	return nil
}
