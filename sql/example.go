package sql

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// An Example is a row of a data set. A column that isn't of the type its name
// promises is one of the Fields.
type Example struct {
	Messages []Message // of the prompt, from the column messages; nil when the data set has none
	Answers  []Field   // what may follow the prompt: completion, or chosen and rejected
	Label    [][]Field // of a ranking: its items, from the list in the column label
	Fields   []Field   // the other columns, in the table's order
}

// A Field is the value of a column, or of a member of an item, as text; NULL is
// "". An item without members is one Field without a name.
type Field struct{ Name, Value string }

// Field is the value of one of the other columns, "" where there is none.
func (e Example) Field(name string) string {
	for _, f := range e.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// parseExample reads a row in JSON, whose members stand in column order.
func parseExample(text string) (Example, error) {
	var e Example
	if err := eachMember([]byte(text), e.set); err != nil {
		return e, fmt.Errorf("read example: %w", err)
	}
	return e, nil
}

// eachMember visits the members of an object in their order.
func eachMember(object []byte, visit func(name string, value json.RawMessage)) error {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		visit(name.(string), value)
	}
	return nil
}

// set takes up a column's value.
func (e *Example) set(name string, value json.RawMessage) {
	switch name {
	case "messages":
		if json.Unmarshal(value, &e.Messages) == nil {
			return
		}
		e.Messages = nil
	case "completion", "chosen", "rejected":
		var answer string
		if json.Unmarshal(value, &answer) == nil {
			e.Answers = append(e.Answers, Field{name, answer})
			return
		}
	case "label":
		var items []json.RawMessage
		if json.Unmarshal(value, &items) == nil {
			e.setLabel(items)
			return
		}
	}
	e.Fields = append(e.Fields, Field{name, plainText(value)})
}

func (e *Example) setLabel(items []json.RawMessage) {
	for _, item := range items {
		fields := []Field{{"", plainText(item)}}
		if item[0] == '{' {
			fields = nil
			_ = eachMember(item, func(name string, value json.RawMessage) { // it has been read as JSON already
				fields = append(fields, Field{name, plainText(value)})
			})
		}
		e.Label = append(e.Label, fields)
	}
}

// plainText is a text as it is, "" for NULL, and the JSON of a number, a list
// or a struct.
func plainText(value json.RawMessage) string {
	var text *string
	switch {
	case json.Unmarshal(value, &text) != nil:
		return string(value)
	case text == nil:
		return ""
	}
	return *text
}
