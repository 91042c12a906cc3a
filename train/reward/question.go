package reward

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// A Question is an example of a data set, to be answered.
type Question struct {
	Sample   // without prompt and completion
	Split    string
	Messages []Message // of the prompt
}

// A Message is one turn of a prompt.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Questions are examples of a data set, and the tables that they come from.
type Questions struct {
	All    []Question
	Tables []string
}

// A Selection says which examples of a data set to read.
type Selection struct {
	Dataset  string // table of the lake with its schema, with the columns example_id, split and messages
	Split    string // "": of all splits
	Language string // "": of all languages
	Limit    int    // so many, drawn by the md5 of their ids; 0: all
	// IDs and Cues, where either isn't nil, name the examples instead: by id, and
	// for each of the cues the first in each language, by its id.
	IDs, Cues []string
}

const strengthTable = "core.strength"

// Read reads the selected examples in the order of the md5 of their ids, which
// is the same everywhere, with their labels:
//
//   - the column label of the data set, a list of structs with response, n and
//     rank, or of words in people's order, each with n 1;
//   - where there is no such column, the responses of core.strength to the
//     example's language and cue, of the example's population ("all" where the
//     data set has none), without the cue itself.
func (s Selection) Read(ctx context.Context, session *lake.Session) (q Questions, err error) {
	r := &reader{session: session, selection: s, columns: map[string]string{}}
	if err = r.describe(ctx); err == nil {
		err = r.questions(ctx)
	}
	if err == nil && len(r.read) == 0 {
		err = r.nothing(ctx)
	}
	if err == nil && !r.has("label") {
		err = r.labels(ctx)
	}
	if err != nil {
		return q, fmt.Errorf("read questions of %s: %w", s.Dataset, err)
	}
	return Questions{r.read, r.tables}, nil
}

// A reader is the work of one Read.
type reader struct {
	session   *lake.Session
	selection Selection
	columns   map[string]string // of the data set: their types
	read      []Question
	asked     []asked // of each question: whose responses are its label
	tables    []string
}

// asked is what people were asked, and who they are.
type asked struct{ language, cue, population string }

func (r *reader) has(column string) bool { return r.columns[column] != "" }

// describe checks that the data set has questions.
func (r *reader) describe(ctx context.Context) error {
	columns, err := r.session.Describe(ctx, "from "+duck.Ident(r.selection.Dataset))
	if err != nil {
		return err
	}
	var names []string
	for _, c := range columns {
		r.columns[c.Name] = c.Type
		names = append(names, c.Name)
	}
	for _, needed := range []string{"example_id", "split", "messages"} {
		if !r.has(needed) {
			return fmt.Errorf("it has no column %s, which a question needs (it has %s)", needed, strings.Join(names, ", "))
		}
	}
	r.tables = []string{r.selection.Dataset}
	return nil
}

// text is a column in SQL, or a text that stands for it where there is none.
func (r *reader) text(column, instead string) string {
	if r.has(column) {
		return column + "::varchar"
	}
	return duck.Literal(instead)
}

// chosen is a query of the selected examples, and its arguments.
func (r *reader) chosen() (query string, args []any, err error) {
	s, from := r.selection, "from "+duck.Ident(r.selection.Dataset)
	if s.IDs == nil && s.Cues == nil {
		query = fmt.Sprintf("%s where $1 in ('', split) and $2 in ('', %s) order by md5(example_id), example_id", from,
			r.text("language", ""))
		if s.Limit > 0 {
			query += fmt.Sprintf(" limit %d", s.Limit)
		}
		return query, []any{s.Split, s.Language}, nil
	}
	ids, err := json.Marshal(s.IDs)
	cues, cuesErr := json.Marshal(s.Cues)
	named := `(%[1]s where example_id in (select unnest(from_json($1::varchar, '["VARCHAR"]'))))
		union (%[1]s where %[2]s in (select unnest(from_json($2::varchar, '["VARCHAR"]')))
			qualify row_number() over (partition by %[3]s, %[2]s order by example_id) = 1)`
	return fmt.Sprintf(named, from, r.text("cue", ""), r.text("language", "")), []any{string(ids), string(cues)},
		errors.Join(err, cuesErr)
}

func (r *reader) questions(ctx context.Context) error {
	chosen, args, err := r.chosen()
	if err != nil {
		return err
	}
	label := "null"
	if r.has("label") {
		label = "to_json(label)::varchar"
	}
	query := fmt.Sprintf(`select example_id::varchar, %s, %s, split, to_json(messages)::varchar, %s, %s
		from (%s) order by md5(example_id), example_id`, r.text("language", ""), r.text("cue", ""), label,
		r.text("population", "all"), chosen)
	return r.each(ctx, query, args, func(rows *sql.Rows) error {
		var q Question
		var messages string
		var label sql.NullString
		var population string
		if err := rows.Scan(&q.ExampleID, &q.Language, &q.Cue, &q.Split, &messages, &label, &population); err != nil {
			return err
		}
		r.read = append(r.read, q)
		r.asked = append(r.asked, asked{q.Language, q.Cue, population})
		return r.read[len(r.read)-1].parse(messages, label.String)
	})
}

// parse reads what comes as JSON.
func (q *Question) parse(messages, label string) (err error) {
	if err := json.Unmarshal([]byte(messages), &q.Messages); err != nil || len(q.Messages) == 0 {
		return fmt.Errorf("example %q: messages %s: want a list of {role, content}", q.ExampleID, messages)
	}
	if label == "" {
		return nil
	}
	if q.Label, err = parseLabel(label); err != nil {
		return fmt.Errorf("example %q: %w", q.ExampleID, err)
	}
	return nil
}

// parseLabel reads a label: structs, or words in people's order.
func parseLabel(text string) ([]Associate, error) {
	var label []Associate
	if json.Unmarshal([]byte(text), &label) == nil {
		return label, nil
	}
	var words []string
	if err := json.Unmarshal([]byte(text), &words); err != nil {
		return nil, fmt.Errorf("label %s: want a list of words, or of structs with response, n and rank", text)
	}
	label = nil
	for i, word := range words {
		label = append(label, Associate{Response: word, N: 1, Rank: float64(i + 1)})
	}
	return label, nil
}

// labelQuery gives people's responses to what the chosen examples ask.
const labelQuery = `
with asked as (select distinct %s as language, %s as cue, %s as population from (%s)),
given as (
	select language, cue, population, response, coalesce(n123, n1) as n
	from core.strength semi join asked using (language, cue, population)
	where response <> cue and coalesce(n123, n1) is not null
)
select language, cue, population, response, n,
	rank() over (partition by language, cue, population order by n desc)
		+ (count(*) over (partition by language, cue, population, n) - 1) / 2 as rank
from given order by language, cue, population, n desc, response`

// labels gives each question people's responses to its cue. Questions of one cue
// share them.
func (r *reader) labels(ctx context.Context) error {
	chosen, args, err := r.chosen()
	if err != nil || !r.has("cue") || !r.has("language") || !r.strengths(ctx) {
		return err
	}
	given := map[asked][]Associate{}
	query := fmt.Sprintf(labelQuery, r.text("language", ""), r.text("cue", ""), r.text("population", "all"), chosen)
	err = r.each(ctx, query, args, func(rows *sql.Rows) error {
		var by asked
		var a Associate
		err := rows.Scan(&by.language, &by.cue, &by.population, &a.Response, &a.N, &a.Rank)
		given[by] = append(given[by], a)
		return err
	})
	for i := range r.read {
		r.read[i].Label = given[r.asked[i]]
	}
	r.tables = append(r.tables, strengthTable)
	return err
}

// strengths reports whether the session has people's responses.
func (r *reader) strengths(ctx context.Context) bool {
	_, err := r.session.Describe(ctx, "from "+strengthTable)
	return err == nil
}

func (r *reader) each(ctx context.Context, query string, args []any, visit func(*sql.Rows) error) error {
	rows, err := r.session.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// nothing says what the data set holds instead of what was asked for.
func (r *reader) nothing(ctx context.Context) error {
	held := "nothing"
	err := r.each(ctx, fmt.Sprintf(`select coalesce(string_agg(held, ', ' order by held), 'nothing')
		from (select distinct concat(split, ' (', %s, ')') as held from %s)`, r.text("language", "all"), duck.Ident(r.selection.Dataset)), nil,
		func(rows *sql.Rows) error { return rows.Scan(&held) })
	if err != nil {
		return err
	}
	wanted := slices.DeleteFunc([]string{"split " + r.selection.Split, "language " + r.selection.Language}, func(s string) bool {
		return strings.HasSuffix(s, " ")
	})
	return fmt.Errorf("no example of %s (it holds %s)", strings.Join(wanted, ", "), held)
}
