package reward

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"alignctl/internal/ranking"
	"alignctl/internal/reply"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// A query is a part that is SQL.
type query struct {
	session *lake.Session
	user    string   // the SQL as the user wrote it
	all     string   // what runs; $1 is the samples as JSON
	tables  []string // of the lake, that it reads
}

// sampleColumns is the table samples, as from_json takes it.
const sampleColumns = `[{"sample": "BIGINT", "example_id": "VARCHAR", "language": "VARCHAR", "cue": "VARCHAR",
	"prompt": "VARCHAR", "completion": "VARCHAR",
	"label": [{"response": "VARCHAR", "n": "BIGINT", "rank": "DOUBLE"}], "words": ["VARCHAR"], "ranked": ["VARCHAR"]}]`

// A sampleRow is a row of the table samples.
type sampleRow struct {
	Number int `json:"sample"`
	Sample
	Words  []string `json:"words"`  // never nil
	Ranked []string `json:"ranked"` // nil, which is NULL: no final ranking
}

// newSampleRow reads a sample for SQL, which has no words like those of replies.
func newSampleRow(i int, s Sample) sampleRow {
	row := sampleRow{Number: i, Sample: s, Words: []string{}}
	row.Words = append(row.Words, reply.Parse(s.Completion, s.Cue).Words...)
	row.Ranked, _ = ranking.Words(s.Completion)
	row.Label = slices.Clone(s.Label)
	for i, a := range row.Label {
		row.Label[i].Response = reply.Word(a.Response)
	}
	return row
}

// withSamples is a statement that sees the table samples; from is its JSON, in
// SQL.
func withSamples(from, statement string) string {
	return "with samples as materialized (select unnest(from_json(" + from + "::varchar, '" + sampleColumns +
		"'), max_depth := 2))\n" + statement
}

// openSQL checks a reward in SQL against the tables of a session.
func openSQL(ctx context.Context, session *lake.Session, text string) (*query, error) {
	q := &query{session: session, user: strings.TrimRight(text, "; \t\r\n")}
	rewards := "(\n" + q.user + "\n)"
	if !isQuery(q.user) {
		rewards = "(select sample, (\n" + q.user + "\n) as reward from samples)"
	}
	columns, err := session.Describe(ctx, withSamples("'[]'", "select * from "+rewards))
	if err != nil {
		return nil, duck.Within(q.user, err)
	}
	failed, err := checkColumns(columns)
	if err != nil {
		return nil, err
	}
	q.all = withSamples("$1", "select sample::bigint, reward::double, "+failed+"::varchar from "+rewards+" order by 1")
	q.tables, err = tablesOf(ctx, session, q.all)
	return q, err
}

// tablesOf gives the tables that a query names with their schema, sorted, from
// DuckDB's own parse tree.
func tablesOf(ctx context.Context, session *lake.Session, query string) (tables []string, err error) {
	rows, err := session.Query(ctx, `
		select distinct lower(concat_ws('.', (value ->> 'schema_name'), (value ->> 'table_name'))) as name
		from json_tree(json_serialize_sql($1::varchar))
		where (value ->> 'type') = 'BASE_TABLE' and (value ->> 'schema_name') <> ''
		order by name`, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		tables = append(tables, name)
	}
	return tables, rows.Err()
}

var (
	sqlComment = regexp.MustCompile(`(?s)--[^\n]*(\n|$)|/\*.*?\*/`)
	queryStart = regexp.MustCompile(`(?i)^\s*(select|with|from|values)\b`)
)

// isQuery tells a whole query from an expression.
func isQuery(text string) bool { return queryStart.MatchString(sqlComment.ReplaceAllString(text, " ")) }

// checkColumns checks the columns of a query and gives the one that says why an
// answer can't be read, NULL where there is none.
func checkColumns(columns []duck.Column) (failed string, err error) {
	types := map[string]string{}
	var names []string
	for _, c := range columns {
		names = append(names, strings.ToLower(c.Name))
		types[strings.ToLower(c.Name)] = c.Type
	}
	const want = "want sample, reward, and failed where answers may be unreadable"
	for _, name := range names {
		if !slices.Contains([]string{"sample", "reward", "failed"}, name) {
			return "", fmt.Errorf("it has a column %q: %s", name, want)
		}
	}
	if types["sample"] == "" || types["reward"] == "" {
		return "", fmt.Errorf("its columns are %s: %s", strings.Join(names, ", "), want)
	}
	if !isNumeric(types["reward"]) {
		return "", fmt.Errorf("the reward is %s: want a number", types["reward"])
	}
	if types["failed"] == "" {
		return "null", nil
	}
	return "failed", nil
}

func isNumeric(columnType string) bool {
	name, _, _ := strings.Cut(columnType, "(")
	return slices.Contains([]string{"DOUBLE", "FLOAT", "DECIMAL", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT",
		"HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}, name)
}

func (q *query) values(ctx context.Context, samples []Sample) ([]value, error) {
	table := make([]sampleRow, len(samples))
	for i, s := range samples {
		table[i] = newSampleRow(i, s)
	}
	rows, err := q.run(ctx, table)
	switch {
	case err == nil:
		return valuesOf(samples, rows)
	case ctx.Err() != nil:
		return nil, err
	}
	// DuckDB doesn't say which row it was.
	for i := range table {
		if _, alone := q.run(ctx, table[i:i+1]); alone != nil {
			return nil, fmt.Errorf("%s: %w", samples[i].name(), alone)
		}
	}
	return nil, err
}

// run gives what the SQL says of the samples of a table.
func (q *query) run(ctx context.Context, table []sampleRow) (results []resultRow, err error) {
	text, err := json.Marshal(table)
	if err != nil {
		return nil, fmt.Errorf("write samples: %w", err)
	}
	rows, err := q.session.Query(ctx, q.all, string(text))
	if err != nil {
		return nil, duck.Within(q.user, err)
	}
	defer rows.Close()
	for rows.Next() {
		var row resultRow
		if err := rows.Scan(&row.sample, &row.reward, &row.failed); err != nil {
			return nil, err
		}
		results = append(results, row)
	}
	return results, rows.Err()
}

// A resultRow is what the SQL says of a sample.
type resultRow struct {
	sample sql.NullInt64
	reward sql.NullFloat64
	failed sql.NullString
}
