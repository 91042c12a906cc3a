package eval

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"alignctl/lake"
	"alignctl/train/lm"
)

// An item is a cue to ask about, with the conversation that asks.
type item struct {
	id, language, cue, split string
	template                 string // id of the prompt template; "" where the data set doesn't say
	messages                 []lm.Message
}

func (it item) key() key { return key{it.language, it.cue} }

// itemsQuery gives one example a cue. The order mixes the cues by a hash, so
// that the first of them are a fair sample, and is the same everywhere.
// Parameters: split, language ("" for any), limit.
const itemsQuery = `
select example_id, language, cue, split, %s, to_json(messages)::varchar
from %s
where split = $1 and $2 in ('', language)
qualify row_number() over (partition by language, cue order by example_id) = 1
order by md5(cue), cue, language
limit $3`

// noLimit is above the number of cues in any language.
const noLimit = 1 << 31

// readItems reads the items of a split as the session has them. They must all
// be of one language, since a metric over several means nothing.
func readItems(ctx context.Context, s *lake.Session, o GenerateOptions) ([]item, error) {
	limit := o.Limit
	if limit == 0 {
		limit = noLimit
	}
	template, err := columnOr(ctx, s, o.Dataset, "template", "''")
	if err != nil {
		return nil, err
	}
	var items []item
	query, args := fmt.Sprintf(itemsQuery, template, o.Dataset), []any{o.Split, o.Language, limit}
	err = s.Each(ctx, query, args, func(rows *sql.Rows) error {
		it, err := scanItem(rows)
		if err == nil && len(items) > 0 && it.language != items[0].language {
			err = fmt.Errorf("split %q holds %s and %s: choose a language", o.Split, items[0].language, it.language)
		}
		items = append(items, it)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read items of %q: %w", o.Dataset, err)
	}
	if len(items) == 0 {
		return nil, noItems(ctx, s, o)
	}
	return items, addShots(ctx, s, o, items)
}

func scanItem(rows *sql.Rows) (item, error) {
	var it item
	var messages string
	if err := rows.Scan(&it.id, &it.language, &it.cue, &it.split, &it.template, &messages); err != nil {
		return it, err
	}
	if err := json.Unmarshal([]byte(messages), &it.messages); err != nil {
		return it, fmt.Errorf("messages of example %q: %w", it.id, err)
	}
	return it, nil
}

// noItems says which splits and languages there are instead.
func noItems(ctx context.Context, s *lake.Session, o GenerateOptions) error {
	held, err := texts(ctx, s, fmt.Sprintf(
		"select distinct concat(split, ' (', language, ')') from %s order by all", o.Dataset))
	if err != nil {
		return fmt.Errorf("read items of %q: %w", o.Dataset, err)
	}
	asked := "split " + o.Split
	if o.Language != "" {
		asked += ", language " + o.Language
	}
	return fmt.Errorf("read items of %q: no example of %s (it holds: %s)", o.Dataset, asked, strings.Join(held, ", "))
}

// columnOr is a column of a table, or where it has none of that name, another
// expression; a null is that, too.
func columnOr(ctx context.Context, s *lake.Session, table, column, other string) (string, error) {
	schema, name, _ := strings.Cut(table, ".")
	found, err := texts(ctx, s, "select column_name from information_schema.columns "+
		"where table_schema = $1 and table_name = $2 and column_name = $3", schema, name, column)
	if err != nil {
		return "", fmt.Errorf("find column %s of %s: %w", column, table, err)
	}
	if len(found) == 0 {
		return other, nil
	}
	return fmt.Sprintf("coalesce(%s, %s)", column, other), nil
}

// templateOf names the prompt template of all items, and what else makes prompts
// of them; nil where they don't have one in common.
func templateOf(items []item, o GenerateOptions) *string {
	id := items[0].template
	if slices.ContainsFunc(items, func(it item) bool { return it.template != id }) || id == "" {
		return nil
	}
	if o.Shots > 0 {
		id += fmt.Sprintf(" with %d examples", o.Shots)
	}
	for _, d := range o.AsPublished {
		id += "; as published: " + string(d)
	}
	return &id
}
