package wvs

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"alignctl/lake"
)

// strengthTable holds people's associations.
const strengthTable = "core.strength"

// retrieved is how many associates a prompt may hold.
const retrieved = 10

// retrievalQuery gives the associates of each question's content words, the first
// of every word before the second of any. A content word is a cue that stands in
// the question, and in at most a tenth of the questions: "the" says nothing of
// any. Parameters: language, source of the words, population, limit.
const retrievalQuery = `
with question as (` + questionWords + `),
cue as (
	select distinct cue, fold(cue) as word from core.strength
	where language = $1 and population = $3 and length(fold(cue)) > 1
),
found as (select question, source, cue from question join cue on ` + standsIn + `),
content as (
	select cue from found group by cue
	having count(distinct question) <= greatest(1, (select count(distinct question) // 10 from question))
)
select question, source, response
from found
semi join content using (cue)
join (select cue, response, rank, strength123 from core.strength where language = $1 and population = $3) using (cue)
group by question, source, response
window place as (partition by question, source order by min(rank), max(strength123) desc nulls last, response)
qualify row_number() over place <= $4
order by question, source, row_number() over place`

// retrieve gives questions the associates that people of a population have with
// their words.
func retrieve(ctx context.Context, run *lake.Run, words map[string][]wordsOf, o AskOptions, language string) error {
	scopes, err := run.InputScopes(ctx, strengthTable, "language = ? and population = ?", language, o.Associates)
	if err != nil {
		return err
	}
	if len(scopes) == 0 {
		return fmt.Errorf("read associates: %s has none of population %q in language %q (alignctl etl swow)",
			strengthTable, o.Associates, language)
	}
	args := []any{language, o.Texts, o.Associates, retrieved}
	err = run.Session().Each(ctx, retrievalQuery, args, func(rows *sql.Rows) error {
		var question, source, response string
		if err := rows.Scan(&question, &source, &response); err != nil {
			return err
		}
		for i := range words[question] {
			if w := &words[question][i]; w.source == source {
				w.associates = append(w.associates, response)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read associates: %w", err)
	}
	return nil
}

// inLine writes associates as a language writes lists.
func inLine(associates []string, language string) string {
	if language == "zh" {
		return strings.Join(associates, "、")
	}
	return strings.Join(associates, ", ")
}
