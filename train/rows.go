package train

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"alignctl/lake"
	"alignctl/train/lm"
)

// An example is a row of a data set table.
type example struct {
	ID       string
	Messages []lm.Message // the prompt
	Answers  []string     // to it, without an end token
}

// A selection says which rows of a data set table to read.
type selection struct {
	table   string
	answers []string // the columns of the answers
	split   string
	limit   int // so many, drawn by the md5 of their ids; 0: all
}

// pageRows is how many examples are asked for at once: DuckDB holds a whole
// result in memory before its first batch comes.
const pageRows = 20_000

func (s selection) query() string {
	table, drawn := quoteTable(s.table), ""
	if s.limit > 0 {
		drawn = fmt.Sprintf(`AND example_id IN (SELECT example_id FROM %s WHERE split = $1
			ORDER BY md5(example_id), example_id LIMIT %d)`, table, s.limit)
	}
	return fmt.Sprintf(`SELECT example_id, messages, %s FROM %s
		WHERE split = $1 AND example_id > $2 %s ORDER BY example_id LIMIT %d`,
		strings.Join(s.answers, ", "), table, drawn, pageRows)
}

// eachExample visits the selected rows in the order of their ids. It reads
// Arrow record batches of the snapshot that the session is pinned to, page by
// page.
func eachExample(ctx context.Context, session *lake.Session, s selection, visit func(example) error) error {
	for last := ""; ; {
		seen := 0
		reader, err := session.QueryArrow(ctx, s.query(), s.split, last)
		if err != nil {
			return fmt.Errorf("read %s: %w", s.table, err)
		}
		err = eachRow(reader, func(e example) error {
			seen, last = seen+1, e.ID
			return visit(e)
		})
		reader.Release()
		if err != nil {
			return fmt.Errorf("read %s: %w", s.table, err)
		}
		if seen < pageRows {
			return nil
		}
	}
}

// eachRow takes the examples out of record batches with the columns example_id,
// messages list<struct<role, content>> and the answers'.
func eachRow(reader array.RecordReader, visit func(example) error) error {
	for reader.Next() {
		batch, err := newExampleBatch(reader.RecordBatch())
		if err != nil {
			return err
		}
		for i := range batch.ids.Len() {
			if err := visit(batch.at(i)); err != nil {
				return err
			}
		}
	}
	return reader.Err()
}

// exampleBatch is a record batch with its columns by type.
type exampleBatch struct {
	ids             *array.String
	messages        *array.List
	roles, contents *array.String
	answers         []*array.String
}

func newExampleBatch(batch arrow.RecordBatch) (b exampleBatch, err error) {
	list, isList := batch.Column(1).(*array.List)
	if !isList {
		return b, fmt.Errorf("column messages is %s, want a list of {role, content}", batch.Column(1).DataType())
	}
	turns, isStruct := list.ListValues().(*array.Struct)
	if !isStruct || turns.NumField() != 2 {
		return b, fmt.Errorf("column messages is %s, want a list of {role, content}", list.DataType())
	}
	b.messages = list
	b.answers = make([]*array.String, batch.NumCols()-2)
	for i := range b.answers {
		if err := textColumn(batch.ColumnName(2+i), batch.Column(2+i), &b.answers[i]); err != nil {
			return b, err
		}
	}
	return b, errors.Join(textColumn("example_id", batch.Column(0), &b.ids),
		textColumn("messages.role", turns.Field(0), &b.roles), textColumn("messages.content", turns.Field(1), &b.contents))
}

func textColumn(name string, from arrow.Array, to **array.String) error {
	text, ok := from.(*array.String)
	if !ok {
		return fmt.Errorf("column %s is %s, want text", name, from.DataType())
	}
	*to = text
	return nil
}

// at copies row i out of the batch, whose memory is reused.
func (b exampleBatch) at(i int) example {
	e := example{ID: strings.Clone(b.ids.Value(i))}
	for _, answers := range b.answers {
		e.Answers = append(e.Answers, strings.Clone(answers.Value(i)))
	}
	start, end := b.messages.ValueOffsets(i)
	for j := int(start); j < int(end); j++ {
		e.Messages = append(e.Messages,
			lm.Message{Role: strings.Clone(b.roles.Value(j)), Content: strings.Clone(b.contents.Value(j))})
	}
	return e
}

// quoteTable writes a schema-qualified name as SQL identifiers.
func quoteTable(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		parts[i] = `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
	}
	return strings.Join(parts, ".")
}
