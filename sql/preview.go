package sql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"alignctl/lake"
)

// An Example is a row of a data set, made readable.
type Example struct {
	Messages   []Message // of the prompt; nil when the data set has none
	Completion string    // the answer; "" when the data set has none
	Fields     []Field   // the other columns, in the table's order
}

// A Field is a column's value as text; NULL is "".
type Field struct{ Name, Value string }

// Preview gives the first n examples of a built data set in the order of its
// key, at the version of the lake that at names ("" is now).
func (c *Catalogue) Preview(ctx context.Context, l *lake.Lake, name, at string, n int) ([]Example, error) {
	view, err := c.View(name)
	if err != nil {
		return nil, err
	}
	pins, err := l.At(ctx, at)
	if err != nil {
		return nil, err
	}
	if _, built := pins[view.Name]; !built {
		return nil, fmt.Errorf("data set %s is not built: run alignctl data build %s", view.Name, view.Name)
	}
	query := fmt.Sprintf(`SELECT to_json(example)::VARCHAR FROM (FROM %s ORDER BY "%s" LIMIT %d) AS example`,
		view.Name, strings.Join(view.Key, `", "`), n)
	rows, err := Query(ctx, l, query, at)
	if err != nil {
		return nil, fmt.Errorf("preview %s: %w", view.Name, err)
	}
	examples, err := readExamples(rows)
	if err = errors.Join(err, rows.Close()); err != nil {
		return nil, fmt.Errorf("preview %s: %w", view.Name, err)
	}
	return examples, nil
}

func readExamples(rows *Rows) ([]Example, error) {
	var examples []Example
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		example, err := parseExample(text)
		if err != nil {
			return nil, err
		}
		examples = append(examples, example)
	}
	return examples, rows.Err()
}

// parseExample reads a row in JSON, whose members stand in column order.
func parseExample(text string) (Example, error) {
	var e Example
	decoder := json.NewDecoder(strings.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return e, fmt.Errorf("read example: %w", err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return e, fmt.Errorf("read example: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return e, fmt.Errorf("read example: %w", err)
		}
		if err := e.set(name.(string), value); err != nil {
			return e, fmt.Errorf("read column %q: %w", name, err)
		}
	}
	return e, nil
}

func (e *Example) set(name string, value json.RawMessage) error {
	switch name {
	case "messages":
		return json.Unmarshal(value, &e.Messages)
	case "completion":
		return json.Unmarshal(value, &e.Completion)
	}
	var text *string
	if err := json.Unmarshal(value, &text); err != nil {
		plain := string(value) // a number, a list, a struct: its JSON
		text = &plain
	}
	field := Field{Name: name}
	if text != nil {
		field.Value = *text
	}
	e.Fields = append(e.Fields, field)
	return nil
}
