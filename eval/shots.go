package eval

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"alignctl/lake"
	"alignctl/train/lm"
)

// A shot is an example that precedes a question: what was asked about a cue, and
// the answer.
type shot struct {
	cue   string
	turns []lm.Message
}

// shotsQuery gives examples of split train, one a cue, drawn by hash. Parameters:
// language, seed, limit.
const shotsQuery = `
select cue, to_json(messages)::varchar, %s
from %s
where split = 'train' and language = $1
qualify row_number() over (partition by cue order by example_id) = 1
order by md5(concat_ws('|', $2::bigint, cue)), cue
limit $3`

// addShots puts examples of the data set's split train before each question, as
// turns of the conversation, so that the model's chat template renders them as
// it does any other turn.
func addShots(ctx context.Context, s *lake.Session, o GenerateOptions, items []item) error {
	if o.Shots == 0 {
		return nil
	}
	// One more, for an item that is among them.
	shots, err := readShots(ctx, s, o, items[0].language)
	if err != nil {
		return fmt.Errorf("read examples of %q: %w", o.Dataset, err)
	}
	for i, it := range items {
		others := slices.DeleteFunc(slices.Clone(shots), func(s shot) bool { return s.cue == it.cue })
		if len(others) < o.Shots {
			return fmt.Errorf("read examples of %q: split train has %d of language %s: want %d", o.Dataset,
				len(others), it.language, o.Shots)
		}
		items[i].messages = withShots(it.messages, others[:o.Shots])
	}
	return nil
}

func readShots(ctx context.Context, s *lake.Session, o GenerateOptions, language string) ([]shot, error) {
	completion, err := columnOr(ctx, s, o.Dataset, "completion", "''")
	if err != nil {
		return nil, err
	}
	var shots []shot
	query := fmt.Sprintf(shotsQuery, completion, o.Dataset)
	err = s.Each(ctx, query, []any{language, o.Seed, o.Shots + 1}, func(rows *sql.Rows) error {
		example, err := scanShot(rows)
		shots = append(shots, example)
		return err
	})
	return shots, err
}

func scanShot(rows *sql.Rows) (shot, error) {
	var s shot
	var messages, completion string
	if err := rows.Scan(&s.cue, &messages, &completion); err != nil {
		return s, err
	}
	if completion == "" {
		return s, fmt.Errorf("that on cue %q has no completion: take a data set for supervised training", s.cue)
	}
	var asked []lm.Message
	if err := json.Unmarshal([]byte(messages), &asked); err != nil {
		return s, fmt.Errorf("messages of that on cue %q: %w", s.cue, err)
	}
	_, s.turns = splitSystem(asked)
	s.turns = append(s.turns, lm.Message{Role: "assistant", Content: completion})
	return s, nil
}

// splitSystem parts the system messages at a conversation's head from its turns.
func splitSystem(messages []lm.Message) (system, turns []lm.Message) {
	at := slices.IndexFunc(messages, func(m lm.Message) bool { return m.Role != "system" })
	if at < 0 {
		at = len(messages)
	}
	return messages[:at], messages[at:]
}

// withShots is a conversation with examples between its system message and its
// turns.
func withShots(messages []lm.Message, shots []shot) []lm.Message {
	system, turns := splitSystem(messages)
	all := slices.Clone(system)
	for _, s := range shots {
		all = append(all, s.turns...)
	}
	return append(all, turns...)
}
