package eval

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"alignctl/lake"
	"alignctl/train/lm"
)

// An item is a cue to ask about, with the conversation that asks.
type item struct {
	id, language, cue, split string
	messages                 []lm.Message
}

func (it item) key() key { return key{it.language, it.cue} }

// itemsQuery gives one example a cue. The order mixes the cues by a hash, so
// that the first of them are a fair sample, and is the same everywhere.
// Parameters: split, language ("" for any), limit.
const itemsQuery = `
select example_id, language, cue, split, to_json(messages)::varchar
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
	var items []item
	query, args := fmt.Sprintf(itemsQuery, o.Dataset), []any{o.Split, o.Language, limit}
	err := eachRow(ctx, s, query, args, func(rows *sql.Rows) error {
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
	return items, nil
}

func scanItem(rows *sql.Rows) (item, error) {
	var it item
	var messages string
	if err := rows.Scan(&it.id, &it.language, &it.cue, &it.split, &messages); err != nil {
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
