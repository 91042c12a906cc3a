package swow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"alignctl/etl"
	"alignctl/lake/duck"
)

// A rowset is a temporary table that gives the transforms their data.
type rowset struct {
	name    string
	columns string     // with their types
	rows    [][]string // SQL values
}

func (r rowset) create(ctx context.Context, e etl.Session) error {
	if err := e.Exec(ctx, fmt.Sprintf("create or replace temp table %s(%s)", r.name, r.columns)); err != nil || len(r.rows) == 0 {
		return err
	}
	tuples := make([]string, len(r.rows))
	for i, row := range r.rows {
		tuples[i] = "(" + strings.Join(row, ", ") + ")"
	}
	return e.Exec(ctx, "insert into "+r.name+" values "+strings.Join(tuples, ", "))
}

// prelude makes the temporary tables and views by which the transforms get the
// language's records, its pack and the user's lists. The transforms are the
// same text on every engine; this is DuckDB's part.
func (c *cleaning) prelude(ctx context.Context) error {
	err := c.engine.View(ctx, etl.View{Name: "swow_record", Table: rawSpec().Name,
		Columns: "*, " + c.populations.early().bits() + " as members", Where: "language = " + duck.PortableLiteral(c.language.Code)})
	if err != nil {
		return err
	}
	if err := c.session.Exec(ctx, "create or replace temp table swow_file as "+c.files()); err != nil {
		return err
	}
	raw := false
	if err := etl.Scan(ctx, c.session, "select coalesce(bool_or(raw), false) from swow_file", &raw); err != nil {
		return err
	}
	sets := append(append(c.packRows(), c.listRows()...), c.checkedRows())
	for _, set := range append(sets, c.stepRows(raw)) {
		if err := set.create(ctx, c.session); err != nil {
			return err
		}
	}
	if err := c.lists(ctx); err != nil {
		return err
	}
	return c.share(ctx, "file", "language", "kind", "native", "token", "mask", "rule", "sample", "setting", "step",
		"lexicon", "spelling", "cue_correction", "variant")
}

// files numbers the files of the language in the order of core.association, and
// says which of them nobody has cleaned.
func (c *cleaning) files() string {
	raw := "layout not in (" + strings.Join(literals(cleanedLayouts()), ", ") + ")"
	switch c.steps {
	case AllSteps:
		raw = "true"
	case NoSteps:
		raw = "false"
	}
	return `select cast(row_number() over (order by file_id, source) as bigint) as file, source, file_id, ` + raw + ` as raw
		from (select source, file_id, min(layout) as layout from swow_record group by source, file_id)`
}

// packRows are the tables of the language's pack.
func (c *cleaning) packRows() []rowset {
	l := c.language
	language := rowset{"swow_language", "language varchar", [][]string{{duck.Literal(l.Code)}}}
	kinds := rowset{name: "swow_kind", columns: "code tinyint, kind varchar"}
	for code, kind := range l.kinds() {
		kinds.rows = append(kinds.rows, []string{fmt.Sprint(code), duck.Literal(kind)})
	}
	native := rowset{name: "swow_native", columns: "label varchar, priority double"}
	for _, p := range l.Native {
		for _, label := range p.Labels {
			native.rows = append(native.rows, []string{duck.Literal(label), fmt.Sprint(p.Rank)})
		}
	}
	return []rowset{language, kinds, native, tokenRows(l), maskRow(l), ruleRows(l), sampleRows(l), c.settingRow()}
}

func tokenRows(l *Language) rowset {
	set := rowset{name: "swow_token", columns: "token varchar, kind tinyint"}
	kinds := l.kinds()
	for _, t := range l.tokens() {
		set.rows = append(set.rows, []string{duck.Literal(t.text), fmt.Sprint(slices.Index(kinds, t.kind))})
	}
	return set
}

func maskRow(l *Language) rowset {
	set := rowset{"swow_mask", "length int, alphabet varchar", [][]string{{"null", "null"}}}
	if l.Mask != nil {
		set.rows[0] = []string{fmt.Sprint(l.Mask.Length), duck.Literal(l.Mask.Alphabet)}
	}
	return set
}

func ruleRows(l *Language) rowset {
	set := rowset{name: "swow_rule", columns: "place int, status varchar, statistic varchar, above double, below double, " +
		"native_language varchar"}
	limit := func(v *float64) string {
		if v == nil {
			return "null"
		}
		return fmt.Sprint(*v)
	}
	for place, r := range l.Participants {
		start := []string{fmt.Sprint(place), duck.Literal(r.Status)}
		if r.Statistic != "" {
			set.rows = append(set.rows, append(start, duck.Literal(r.Statistic), limit(r.Above), limit(r.Below), "null"))
		}
		for _, label := range r.NativeLanguage {
			set.rows = append(set.rows, append(start[:2:2], "null", "null", "null", duck.Literal(label)))
		}
	}
	return set
}

// drawSeed decides, with cue and participant, which of equal records a sample
// without ties takes.
const drawSeed = 42

func sampleRows(l *Language) rowset {
	set := rowset{name: "swow_sample", columns: "size bigint, ties boolean, minimum bigint, native double, participant double, " +
		"given double, seed bigint"}
	if s := l.Sample; s != nil {
		set.rows = [][]string{{fmt.Sprint(s.Size), fmt.Sprint(s.Ties), fmt.Sprint(s.Minimum), fmt.Sprint(s.Key.Native),
			fmt.Sprint(s.Key.Participant), fmt.Sprint(s.Key.Given), fmt.Sprint(drawSeed)}}
	}
	return set
}

// settingRow is what the transforms ask by a yes or no.
func (c *cleaning) settingRow() rowset {
	longest := "null"
	if c.language.Shapes.Longest > 0 {
		longest = fmt.Sprint(c.language.Shapes.Longest)
	}
	return rowset{"swow_setting", "longest int, long_kind tinyint, has_lexicon boolean, has_shapes boolean, drop_self boolean",
		[][]string{{longest, "5", fmt.Sprint(c.has(lexiconList)), fmt.Sprint(c.language.needsShapes()),
			fmt.Sprint(c.self == DropSelf)}}}
}

// stepRows lists what can remove something, for core.removed: raw says whether
// any file is cleaned by us.
func (c *cleaning) stepRows(raw bool) rowset {
	set := rowset{name: "swow_step", columns: "unit varchar, step int, name varchar, reason varchar, applied boolean"}
	add := func(step int, name, reason string, applied bool, units ...string) {
		for _, unit := range units {
			set.rows = append(set.rows, []string{duck.Literal(unit), fmt.Sprint(step), duck.Literal(name),
				duck.Literal(reason), fmt.Sprint(applied)})
		}
	}
	add(1, "repeats", "repeat", true, "slot")
	for _, kind := range c.language.wordless() {
		add(3, "no word", kind, true, "slot")
	}
	for _, r := range c.language.Participants {
		add(7, "participants", r.Status, raw && (r.Statistic != "lexicon" || c.has(lexiconList)), "slot", "record", "participant")
	}
	sampled := raw && c.language.Sample != nil
	add(8, "sample", "few", sampled && c.language.Sample.Minimum > 0, "slot", "record")
	add(8, "sample", "sample", sampled, "slot", "record")
	add(9, "strengths", "variant", len(c.language.VariantCues) > 0 || c.has(variantList), "slot", "record")
	add(9, "strengths", "self", c.self == DropSelf, "slot")
	return set
}

// checkedRows are the files of the load and what the check counted in them.
func (c *cleaning) checkedRows() rowset {
	set := rowset{name: "swow_checked", columns: "source varchar, file_id varchar, records bigint"}
	for _, f := range c.plan.files {
		set.rows = append(set.rows, []string{duck.Literal(c.plan.options.Source), duck.Literal(f.FileID()), fmt.Sprint(f.Rows)})
	}
	return set
}

func literals(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = duck.Literal(text)
	}
	return out
}

// insertTexts inserts rows of texts into a table of as many columns. No text holds a
// line feed (a check refuses control characters), so that a column travels as
// one text.
func insertTexts(ctx context.Context, e etl.Session, table string, columns ...[]string) error {
	if len(columns[0]) == 0 {
		return nil
	}
	values, args := make([]string, len(columns)), make([]any, len(columns))
	for i, column := range columns {
		values[i], args[i] = "unnest(string_split(?, chr(10)))", strings.Join(column, "\n")
	}
	return e.Exec(ctx, "insert into "+table+" select "+strings.Join(values, ", "), args...)
}
