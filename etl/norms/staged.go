package norms

import (
	"fmt"
	"strconv"
	"strings"

	"alignctl/etl"
	"alignctl/lake/duck"
)

// A stagedQuery is the rows that a staged file gives raw.norm.
type stagedQuery struct {
	source string
	set    *Set
	file   *etl.Checked
	table  string
}

// sql is one SELECT a rating, over the file's words and norm_simple.
func (q stagedQuery) sql() string {
	var selects []string
	for _, r := range q.set.held(q.file) {
		selects = append(selects, q.rating(r))
	}
	return "(with norm_word as (select w.*, fold(coalesce(s.simplified, w.headword)) as folded from (" + q.words() +
		") w left join norm_simple s on s.headword = w.headword)\n" + strings.Join(selects, "\nunion all\n") + ")"
}

// words are the file's records with line, headword and sense.
func (q stagedQuery) words() string {
	return fmt.Sprintf("select *, %s from (select *, %s as line from %s)", q.headword(), q.file.Line(), q.table)
}

// senseInBrackets splits "bank (money)" into the word and its sense.
const senseInBrackets = `'^(.*[^\s\p{Z}])[\s\p{Z}]*\(([^()]*[^()\s\p{Z}][^()]*)\)$'`

// headword is the SQL of a cell's headword and sense.
func (q stagedQuery) headword() string {
	const text = `regexp_replace(word, '^[\s\p{Z}]+|[\s\p{Z}]+$', '', 'g')`
	if !q.set.Senses {
		return text + " as headword, null::varchar as sense"
	}
	return fmt.Sprintf("coalesce(nullif(regexp_extract(%[1]s, %[2]s, 1), ''), %[1]s) as headword, "+
		"nullif(trim(regexp_extract(%[1]s, %[2]s, 2)), '') as sense", text, senseInBrackets)
}

// rating is the SELECT of one group's ratings of a dimension.
func (q stagedQuery) rating(r rating) string {
	scale := q.set.Dimensions[r.dimension].Scale
	return fmt.Sprintf(`select %s as source, %s as language, %s as file_id, line, word, headword, sense, folded,
  %s as dimension, %s as "group", %s as mean, %s as sd, %s as n, %s as known,
  %s as scale_low, %s as scale_high, %t as reversed from norm_word`,
		duck.Literal(q.source), duck.Literal(q.set.Language), duck.Literal(q.file.FileID()),
		duck.Literal(r.dimension), duck.Literal(r.group),
		q.number(r, "mean", "double"), q.number(r, "sd", "double"), q.number(r, "n", "bigint"), q.number(r, "known", "double"),
		double(scale.Low), double(scale.High), scale.Reversed)
}

// double is a number in SQL, as it is: without an exponent DuckDB takes it for a
// decimal, which becomes another double.
func double(value float64) string { return strconv.FormatFloat(value, 'e', -1, 64) }

// number is one of a rating's numbers, where the file has it.
func (q stagedQuery) number(r rating, name, sqlType string) string {
	if column := r.column(name); has(q.file, column) {
		return duck.Name(column)
	}
	return "null::" + sqlType
}
