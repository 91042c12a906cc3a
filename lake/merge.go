package lake

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"alignctl/lake/iceberg"
)

// A merge reads several files, each in key order, as one in key order.
type merge struct {
	scan    *scopeScan
	cursors []*cursor // with rows left
	files   []*file.Reader
}

// A cursor stands at a row of a file.
type cursor struct {
	batches pqarrow.RecordReader
	rows    span // from is the row where it stands
	key     []arrow.Array
	columns []int // position in the file of each field, -1: the file lacks it
	fields  []iceberg.Field
}

// open adds a file.
func (m *merge) open(ctx context.Context, s *scopeScan, path string) error {
	m.scan = s
	reader, batches, err := openParquet(ctx, s.disk, path)
	if err != nil {
		return err
	}
	m.files = append(m.files, reader)
	c := &cursor{batches: batches, fields: s.fields, columns: positions(batches.Schema(), s.fields)}
	ok, err := m.refill(c)
	if ok {
		m.cursors = append(m.cursors, c)
	}
	return err
}

// positions finds each field in a file, by its id.
func positions(schema *arrow.Schema, fields []iceberg.Field) []int {
	byID := map[string]int{}
	for i, f := range schema.Fields() {
		if id, ok := f.Metadata.GetValue("PARQUET:field_id"); ok {
			byID[id] = i
		}
	}
	out := make([]int, len(fields))
	for i, f := range fields {
		at, ok := byID[strconv.Itoa(f.ID)]
		if !ok {
			at = -1
		}
		out[i] = at
	}
	return out
}

// refill moves a cursor to the next batch; ok is false at the end of its file.
func (m *merge) refill(c *cursor) (ok bool, err error) {
	for c.batches.Next() {
		batch := c.batches.RecordBatch()
		if batch.NumRows() == 0 {
			continue
		}
		c.rows = span{columns: make([]arrow.Array, len(c.columns)), to: int(batch.NumRows())}
		for i, at := range c.columns {
			if at < 0 {
				c.rows.columns[i] = array.MakeArrayOfNull(memory.DefaultAllocator, arrowType(c.fields[i]), c.rows.to)
				continue
			}
			c.rows.columns[i] = asLong(batch.Column(at), typeOf(c.fields[i]))
			c.rows.columns[i].Retain()
		}
		c.key = m.scan.keyOf(c.rows)
		return true, nil
	}
	return false, c.batches.Err()
}

// next gives the longest run of rows of one file that precedes all others.
func (m *merge) next() (rows span, ok bool, err error) {
	if len(m.cursors) == 0 {
		return span{}, false, nil
	}
	first, second := m.firstTwo()
	c := m.cursors[first]
	rows = c.rows
	if second >= 0 {
		other := m.cursors[second]
		for rows.to = rows.from + 1; rows.to < c.rows.to &&
			m.scan.compare(c.key, rows.to, other.key, other.rows.from) < 0; rows.to++ {
		}
	}
	if c.rows.from = rows.to; c.rows.from < c.rows.to {
		return rows, true, nil
	}
	more, err := m.refill(c)
	if !more {
		m.cursors = append(m.cursors[:first:first], m.cursors[first+1:]...)
	}
	return rows, true, err
}

// firstTwo finds the cursors with the smallest and the next key; second is -1
// when there is one cursor.
func (m *merge) firstTwo() (first, second int) {
	first, second = 0, -1
	for i := 1; i < len(m.cursors); i++ {
		switch {
		case m.less(i, first):
			first, second = i, first
		case second < 0 || m.less(i, second):
			second = i
		}
	}
	return first, second
}

func (m *merge) less(i, j int) bool {
	a, b := m.cursors[i], m.cursors[j]
	return m.scan.compare(a.key, a.rows.from, b.key, b.rows.from) < 0
}

func (m *merge) close() error {
	var errs []error
	for _, f := range m.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// compareValue orders two values of a key column; null is first.
func compareValue(a arrow.Array, i int, b arrow.Array, j int) int {
	if a.IsNull(i) || b.IsNull(j) {
		return cmp.Compare(boolByte(a.IsValid(i)), boolByte(b.IsValid(j)))
	}
	switch x := a.(type) {
	case *array.String:
		return strings.Compare(x.Value(i), b.(*array.String).Value(j))
	case *array.Int64:
		return cmp.Compare(x.Value(i), b.(*array.Int64).Value(j))
	case *array.Int32:
		return cmp.Compare(x.Value(i), b.(*array.Int32).Value(j))
	case *array.Timestamp:
		return cmp.Compare(x.Value(i), b.(*array.Timestamp).Value(j))
	case *array.Boolean:
		return cmp.Compare(boolByte(x.Value(i)), boolByte(b.(*array.Boolean).Value(j)))
	}
	return bytes.Compare([]byte(a.ValueStr(i)), []byte(b.ValueStr(j)))
}

// arrowType is the type of an absent column, whose values are all null.
func arrowType(f iceberg.Field) arrow.DataType {
	switch f.Type {
	case "string":
		return arrow.BinaryTypes.String
	case "boolean":
		return arrow.FixedWidthTypes.Boolean
	case "int":
		return arrow.PrimitiveTypes.Int32
	case "long":
		return arrow.PrimitiveTypes.Int64
	case "double":
		return arrow.PrimitiveTypes.Float64
	case "timestamp":
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	case "list":
		return arrow.ListOf(arrowType(f.Fields[0]))
	}
	members := make([]arrow.Field, len(f.Fields))
	for i, m := range f.Fields {
		members[i] = arrow.Field{Name: m.Name, Type: arrowType(m), Nullable: true}
	}
	return arrow.StructOf(members...)
}
