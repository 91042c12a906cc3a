package sql

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"
	"strings"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// A Group is what a data set holds of one language and split. A figure for
// which the data set has no column isn't Valid.
type Group struct {
	Language, Split string // "" when the data set has no such column
	Examples        int64
	Cues            stdsql.Null[int64] // distinct ones
	Answers         stdsql.Null[int64] // distinct completions, or pairs of chosen and rejected
	Items           stdsql.Null[int64] // sum of n_items: responses in the answers
	Characters      stdsql.Null[int64] // of prompts and answers
}

// Groups counts a data set, a group per language and split: languages by name,
// splits as train, dev, test, then others.
func (d *DataSet) Groups(ctx context.Context) ([]Group, error) {
	query := fmt.Sprintf(`SELECT %s AS language, %s AS split, count(*), %s, %s, %s, %s FROM %s
		GROUP BY language, split
		ORDER BY language NULLS LAST, list_position(['train', 'dev', 'test'], split) NULLS LAST, split NULLS LAST`,
		d.ifHas("language", "language::VARCHAR", "''"), d.ifHas("split", "split::VARCHAR", "''"),
		d.ifHas("cue", "count(DISTINCT cue)", "NULL"), d.distinctAnswers(), d.ifHas("n_items", "sum(n_items)::BIGINT", "NULL"),
		d.characters(), d.View.Name)
	var groups []Group
	err := d.each(ctx, query, nil, func(rows *stdsql.Rows) error {
		var g Group
		var language, split stdsql.Null[string]
		err := rows.Scan(&language, &split, &g.Examples, &g.Cues, &g.Answers, &g.Items, &g.Characters)
		g.Language, g.Split = language.V, split.V
		groups = append(groups, g)
		return err
	})
	return groups, err
}

// ifHas is an expression over a column, or another one when it isn't there.
func (d *DataSet) ifHas(column, then, otherwise string) string {
	if d.Has(column) {
		return then
	}
	return otherwise
}

// answerColumns are the columns of text that may follow a prompt.
func (d *DataSet) answerColumns() []string {
	var names []string
	for _, c := range d.Columns {
		if slices.Contains([]string{"completion", "chosen", "rejected"}, c.Name) && c.Type == "VARCHAR" {
			names = append(names, c.Name)
		}
	}
	return names
}

// distinctAnswers counts by digest: the answers themselves may fill the memory.
func (d *DataSet) distinctAnswers() string {
	columns := d.answerColumns()
	if columns == nil {
		return "NULL"
	}
	return fmt.Sprintf("count(DISTINCT md5_number(concat_ws(chr(31), %s)))", duck.Names(columns))
}

// characters counts code points.
func (d *DataSet) characters() string {
	var terms []string
	if d.HasPrompts() {
		terms = append(terms, "list_sum(list_transform(messages, lambda message: length(message.content)))")
	}
	for _, name := range d.answerColumns() {
		terms = append(terms, "length("+duck.Name(name)+")")
	}
	if terms == nil {
		return "NULL"
	}
	for i, term := range terms {
		terms[i] = "coalesce(" + term + ", 0)"
	}
	return "sum(" + strings.Join(terms, " + ") + ")::BIGINT"
}

// turns is the type of the column messages.
var turns = lake.List(lake.Struct(lake.Field{Name: "role", Type: lake.String}, lake.Field{Name: "content", Type: lake.String}))

// HasPrompts reports whether the column messages holds the turns of prompts.
func (d *DataSet) HasPrompts() bool {
	return slices.ContainsFunc(d.Columns, func(c duck.Column) bool {
		t, _, ok := parseType(c.Type)
		return c.Name == "messages" && ok && t.SQL() == turns.SQL()
	})
}
