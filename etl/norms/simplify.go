package norms

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/longbridgeapp/opencc"

	"alignctl/etl"
)

// simplify makes norm_simple(headword, simplified): those headwords of a staged
// file that simplified characters spell otherwise.
func (q stagedQuery) simplify(ctx context.Context, e etl.Session) error {
	err := e.Exec(ctx, "create or replace temp table norm_simple(headword varchar, simplified varchar)")
	if err != nil || !q.set.Simplify {
		return err
	}
	words, err := q.headwords(ctx, e)
	if err != nil {
		return err
	}
	converter, err := opencc.New("t2s")
	if err != nil {
		return fmt.Errorf("prepare simplified characters: %w", err)
	}
	var from, to []string
	for _, word := range words {
		simplified, err := converter.Convert(word)
		if err != nil {
			return fmt.Errorf("simplify %q: %w", word, err)
		}
		if simplified != word {
			from, to = append(from, word), append(to, simplified)
		}
	}
	if len(from) == 0 {
		return nil
	}
	// No word holds a line feed (the check refuses control characters), so that
	// the lists travel as two texts.
	return e.Exec(ctx, "insert into norm_simple select unnest(string_split(?, chr(10))), unnest(string_split(?, chr(10)))",
		strings.Join(from, "\n"), strings.Join(to, "\n"))
}

// headwords lists the file's headwords with Chinese characters.
func (q stagedQuery) headwords(ctx context.Context, e etl.Session) (words []string, err error) {
	rows, err := e.Query(ctx, "select distinct headword from ("+q.words()+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			return nil, err
		}
		if strings.ContainsFunc(word, han) {
			words = append(words, word)
		}
	}
	return words, rows.Err()
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }
