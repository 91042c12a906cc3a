package swow

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"alignctl/etl"
)

// association writes core.association: the records of swow_kept, which are in
// its order, become three rows each, and numbers texts.
func (c *cleaning) association(ctx context.Context) error {
	query, err := transform("association")
	if err != nil {
		return err
	}
	l, err := c.newLong(ctx)
	if err != nil {
		return err
	}
	err = c.writePages(ctx, associationSpec(),
		etl.Ordered{Table: "swow_kept", Query: query, Order: []string{"trial"}, Page: 1 << 18}, l)
	if err != nil {
		return fmt.Errorf("transform association.sql: %w", err)
	}
	return nil
}

// A long is rows of core.association, column by column.
type long struct {
	language, source, file, participant, cue, response, kind, removed *coded

	line     []int64
	position []int32
	kept     []bool
}

func (c *cleaning) newLong(ctx context.Context) (*long, error) {
	l := &long{language: newCoded([]string{c.language.Code}), kind: newCoded(c.language.kinds()), removed: newCoded(nil)}
	return l, c.fill(ctx, map[string][]**coded{
		"select source from swow_file order by file":             {&l.source},
		"select file_id from swow_file order by file":            {&l.file},
		"select participant_id from swow_person order by person": {&l.participant},
		"select word from swow_word order by id":                 {&l.cue, &l.response},
	})
}

// gives are the columns of association.sql.
func (l *long) gives() []arrow.Field {
	number, kind := arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int8
	return etl.Columns(arrow.PrimitiveTypes.Int64, number, number, number, number, number, kind, kind, kind,
		arrow.FixedWidthTypes.Boolean, arrow.BinaryTypes.String)
}

// add adds records, whose columns are those of association.sql.
func (l *long) add(records arrow.RecordBatch) error {
	trials, valid := records.Column(0).(*array.Int64), records.Column(9).(*array.Boolean)
	persons, cues := records.Column(1).(*array.Int32), records.Column(2).(*array.Int32)
	removed := records.Column(10).(*array.String)
	var words [3]*array.Int32
	var kinds [3]*array.Int8
	for slot := range 3 {
		words[slot], kinds[slot] = records.Column(3+slot).(*array.Int32), records.Column(6+slot).(*array.Int8)
	}
	for i, trial := range trials.Int64Values() {
		for slot := range 3 {
			kind := int32(kinds[slot].Value(i))
			l.language.add(1)
			l.source.add(int32(trial >> 40))
			l.file.add(int32(trial >> 40))
			l.line = append(l.line, trial&(1<<40-1))
			l.participant.add(persons.Value(i))
			l.cue.add(cues.Value(i))
			l.position = append(l.position, int32(slot+1))
			l.response.add(words[slot].Value(i))
			l.kind.add(kind + 1)
			l.kept = append(l.kept, kind == 0 && valid.Value(i))
			if removed.IsNull(i) {
				l.removed.add(0)
			} else {
				l.removed.addText(removed.Value(i))
			}
		}
	}
	return known(l.source, l.file, l.participant, l.cue, l.response, l.kind)
}

// columns gives the rows so far, and begins anew.
func (l *long) columns() ([]arrow.Array, error) {
	line, position := array.NewInt64Builder(memory.DefaultAllocator), array.NewInt32Builder(memory.DefaultAllocator)
	kept := array.NewBooleanBuilder(memory.DefaultAllocator)
	line.AppendValues(l.line, nil)
	position.AppendValues(l.position, nil)
	kept.AppendValues(l.kept, nil)
	l.line, l.position, l.kept = l.line[:0], l.position[:0], l.kept[:0]
	return []arrow.Array{l.language.array(), l.source.array(), l.file.array(), line.NewArray(), l.participant.array(),
		l.cue.array(), position.NewArray(), l.response.array(), l.kind.array(), kept.NewArray(), l.removed.array()}, nil
}
