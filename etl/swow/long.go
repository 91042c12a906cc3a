package swow

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"alignctl/etl"
	"alignctl/lake"
)

// pageRecords is how many records are read, and written as a row group of three
// rows each, at once.
const pageRecords = 1 << 18

// association writes core.association: the records of swow_kept, which are in
// its order, become three rows each, and numbers texts.
func (c *cleaning) association(ctx context.Context) error {
	l, err := c.newLong(ctx)
	if err != nil {
		return err
	}
	query, err := transform("association")
	if err != nil {
		return err
	}
	var records int64
	if err := etl.Scan(ctx, c.session, "select count(*) from swow_kept", &records); err != nil {
		return err
	}
	_, err = c.job.Run.WriteArrow(ctx, associationSpec(), c.language.Code, longSchema(),
		func(yield func(arrow.RecordBatch, error) bool) {
			for from := int64(0); from < records; from += pageRecords {
				page := fmt.Sprintf("%s\nwhere rowid >= %d and rowid < %d", query, from, from+pageRecords)
				if err := l.read(ctx, c.job.Run.Session(), page); err != nil {
					yield(nil, err)
					return
				}
				if !yield(l.batch(), nil) {
					return
				}
			}
		})
	return err
}

// longSchema is the columns of core.association as they are written.
func longSchema() *arrow.Schema {
	var fields []arrow.Field
	for _, c := range associationSpec().Columns {
		field := arrow.Field{Name: c.Name, Type: codedType}
		switch c.Type.Kind {
		case lake.KindLong:
			field.Type = arrow.PrimitiveTypes.Int64
		case lake.KindInt:
			field.Type = arrow.PrimitiveTypes.Int32
		case lake.KindBool:
			field.Type = arrow.FixedWidthTypes.Boolean
		}
		fields = append(fields, field)
	}
	return arrow.NewSchema(fields, nil)
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
	for _, column := range []struct {
		to    **coded
		query string
	}{
		{&l.source, "select source from swow_file order by file"},
		{&l.file, "select file_id from swow_file order by file"},
		{&l.participant, "select participant_id from swow_person order by person"},
		{&l.cue, "select word from swow_word order by id"},
	} {
		texts, err := textColumn(ctx, c.session, column.query)
		if err != nil {
			return nil, err
		}
		*column.to = newCoded(texts)
	}
	l.response = newCoded(l.cue.texts)
	return l, nil
}

// read adds the records of a page.
func (l *long) read(ctx context.Context, s *lake.Session, page string) error {
	reader, err := s.QueryArrow(ctx, page)
	if err != nil {
		return err
	}
	defer reader.Release()
	for reader.Next() {
		l.add(reader.RecordBatch())
	}
	return reader.Err()
}

// add adds records, whose columns are those of association.sql.
func (l *long) add(records arrow.RecordBatch) {
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
}

// batch makes a batch of the rows so far, and begins anew.
func (l *long) batch() arrow.RecordBatch {
	line, position := array.NewInt64Builder(memory.DefaultAllocator), array.NewInt32Builder(memory.DefaultAllocator)
	kept := array.NewBooleanBuilder(memory.DefaultAllocator)
	line.AppendValues(l.line, nil)
	position.AppendValues(l.position, nil)
	kept.AppendValues(l.kept, nil)
	rows := int64(len(l.line))
	l.line, l.position, l.kept = l.line[:0], l.position[:0], l.kept[:0]
	return array.NewRecordBatch(longSchema(), []arrow.Array{l.language.array(), l.source.array(), l.file.array(),
		line.NewArray(), l.participant.array(), l.cue.array(), position.NewArray(), l.response.array(),
		l.kind.array(), kept.NewArray(), l.removed.array()}, rows)
}
