package swow

import (
	"context"
	"fmt"
	"strings"

	"alignctl/etl"
	"alignctl/lake/duck"
)

// prelude makes the temporary tables and views by which the transforms and
// audits get the language's rows and data. The transforms are the same text
// on every engine; this is DuckDB's part.
func prelude(ctx context.Context, e etl.Engine, l *Language, p *Plan) error {
	clean, err := transform("clean")
	if err != nil {
		return err
	}
	code := duck.Literal(l.Code)
	for _, statement := range []string{
		"create or replace temp view swow_record as select * from raw.swow where language = " + code,
		"create or replace temp table swow_language as select " + code + " as language",
		"create or replace temp table swow_token as " + tokenRows(l),
		"create or replace temp table swow_mask as " + maskRow(l),
		"create or replace temp table swow_population as " + populationRows(l),
		"create or replace temp table swow_file as " + fileRows(p),
		"create or replace temp view swow_clean as " + clean,
	} {
		if err := e.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return groupCues(ctx, e, l.Code)
}

func tokenRows(l *Language) string {
	var rows []string
	for _, t := range l.tokens() {
		rows = append(rows, tuple(duck.Literal(t.text), duck.Literal(t.kind)))
	}
	return values(rows, "token", "kind")
}

func maskRow(l *Language) string {
	if l.Mask == nil {
		return "select null::integer as length, null::varchar as alphabet"
	}
	return values([]string{tuple(fmt.Sprint(l.Mask.Length), duck.Literal(l.Mask.Alphabet))}, "length", "alphabet")
}

func populationRows(l *Language) string {
	condition := func(text string) string {
		if text == "" {
			return "null::varchar"
		}
		return duck.Literal(text)
	}
	var rows []string
	for _, p := range l.Populations {
		rows = append(rows, tuple(duck.Literal(p.Name), condition(p.Country), condition(p.NativeLanguage)))
	}
	return values(rows, "population", "country", "native_language")
}

func fileRows(p *Plan) string {
	if len(p.files) == 0 {
		return "select null::varchar as source, null::varchar as file_id, null::bigint as records limit 0"
	}
	var rows []string
	for _, f := range p.files {
		rows = append(rows, tuple(duck.Literal(p.options.Source), duck.Literal(f.FileID()), fmt.Sprint(f.Rows)))
	}
	return values(rows, "source", "file_id", "records")
}

func tuple(values ...string) string { return "(" + strings.Join(values, ", ") + ")" }

func values(rows []string, columns ...string) string {
	return "select * from (values " + strings.Join(rows, ", ") + ") as t(" + strings.Join(columns, ", ") + ")"
}

// groupCues makes swow_cue and swow_cut. The groups are computed in Go: case
// folding in SQL differs between engines.
func groupCues(ctx context.Context, e etl.Engine, code string) error {
	cues, err := distinctCues(ctx, e)
	if err != nil {
		return err
	}
	groups, distinct := make([]string, len(cues)), make(map[string]bool, len(cues))
	for i, cue := range cues {
		groups[i] = cueGroup(cue)
		distinct[groups[i]] = true
	}
	r := cue702010()
	var cuts []string
	for _, c := range r.cuts(len(distinct)) {
		cuts = append(cuts, tuple(duck.Literal(r.name), fmt.Sprintf("%d::bigint", r.seed),
			duck.Literal(c.split), fmt.Sprint(c.first), fmt.Sprint(c.last)))
	}
	for _, statement := range []string{
		"create or replace temp table swow_cut as " + values(cuts, "recipe", "seed", "split", "first", "last"),
		"create or replace temp table swow_cue(language varchar, cue varchar, cue_group varchar)",
	} {
		if err := e.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if len(cues) == 0 {
		return nil
	}
	// A cue holds no line feed (the check refuses control characters), so
	// that the lists travel as two texts.
	return e.Exec(ctx, `insert into swow_cue select ?, unnest(string_split(?, chr(10))), unnest(string_split(?, chr(10)))`,
		code, strings.Join(cues, "\n"), strings.Join(groups, "\n"))
}

func distinctCues(ctx context.Context, e etl.Engine) (cues []string, err error) {
	rows, err := e.Query(ctx, "select distinct cue from swow_record order by cue")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var cue string
		if err := rows.Scan(&cue); err != nil {
			return nil, err
		}
		cues = append(cues, cue)
	}
	return cues, rows.Err()
}
