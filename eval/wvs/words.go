package wvs

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"alignctl/lake"
)

// A wordsOf is a question's in one language, from one codebook.
type wordsOf struct {
	source   string
	question string
	labels   map[int64]string

	associates []string // of the question's words, where they were retrieved
}

// has says whether the options all have a label.
func (w wordsOf) has(options []Option) bool {
	return w.question != "" && !slices.ContainsFunc(options, func(o Option) bool { return w.labels[o.Code] == "" })
}

// wordsQuery gives the words of each question by the sources that have them, a
// row a label.
const wordsQuery = `
select question, source, coalesce(q.text, ''), o.code, o.label
from core.wvs_question q join core.wvs_option o using (source, question, language)
where language = $1 and $2 in ('', source) and o.label is not null
order by question, source, o.code`

// readWords reads the words of questions in a language, from one source or ("")
// all that have some: several codebooks may word a question, and more or less of
// it.
func readWords(ctx context.Context, s *lake.Session, language, source string) (map[string][]wordsOf, error) {
	found := map[string][]wordsOf{}
	err := s.Each(ctx, wordsQuery, []any{language, source}, func(rows *sql.Rows) error {
		var question, label string
		var w wordsOf
		var code int64
		if err := rows.Scan(&question, &w.source, &w.question, &code, &label); err != nil {
			return err
		}
		known := found[question]
		if len(known) == 0 || known[len(known)-1].source != w.source {
			w.labels = map[int64]string{}
			found[question] = append(known, w)
		}
		last := found[question]
		last[len(last)-1].labels[code] = label
		return nil
	})
	if err == nil && len(found) == 0 {
		err = noWords(ctx, s, language)
	}
	if err != nil {
		return nil, fmt.Errorf("read words of language %q: %w", language, err)
	}
	return found, nil
}

// noWords says which languages there are instead.
func noWords(ctx context.Context, s *lake.Session, language string) error {
	var held []string
	err := s.Each(ctx, "select distinct source || ' (' || language || ')' from core.wvs_question where language <> '' order by all",
		nil, func(rows *sql.Rows) error {
			var one string
			err := rows.Scan(&one)
			held = append(held, one)
			return err
		})
	switch {
	case err != nil:
		return err
	case len(held) == 0:
		return fmt.Errorf("the lake has no words at all: load a codebook of yours by alignctl etl wvs --codebook FILE "+
			"--codebook-lang %s ... (see docs/wvs.md)", language)
	}
	return fmt.Errorf("these sources have words: %s", strings.Join(held, ", "))
}
