package wvs

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"

	"alignctl/lake"
)

// tableName is a schema-qualified name that SQL takes without quotes.
var tableName = regexp.MustCompile(`^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$`)

// The pieces of SQL that find words in questions.
const (
	// questionWords gives the words of questions, each between blanks, in a
	// language ($1), from one source or all ($2).
	questionWords = `
	select question, source, ' ' || regexp_replace(fold(text), '[^\p{L}\p{N}]+', ' ', 'g') || ' ' as words
	from core.wvs_question where language = $1 and text is not null and $2 in ('', source)`
	// standsIn says whether a word stands among words. Chinese has no blanks
	// between its words.
	standsIn = `contains(words, case when word similar to '\p{Han}+' then word else ' ' || word || ' ' end)`
)

// leakQuery gives the questions in whose words a training cue of two characters
// or more stands.
const leakQuery = `
with cue as (
	select distinct fold(cue) as word from %s
	where language = $1 and split = 'train' and length(fold(cue)) > 1
),
question as (` + questionWords + `)
select distinct question
from question join cue on ` + standsIn + `
order by question`

// leaked finds the questions that a model trained on a data set may know words
// of: what it says there may come from an association that it learnt, not from
// what it thinks.
func leaked(ctx context.Context, s *lake.Session, dataset, language, texts string) (map[string]bool, error) {
	if !tableName.MatchString(dataset) {
		return nil, fmt.Errorf("filter leaks: the data set's name %q needs quotes in SQL", dataset)
	}
	found := map[string]bool{}
	err := s.Each(ctx, fmt.Sprintf(leakQuery, dataset), []any{language, texts}, func(rows *sql.Rows) error {
		var question string
		err := rows.Scan(&question)
		found[question] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("filter leaks of %s: %w", dataset, err)
	}
	return found, nil
}
