package spark

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"alignctl/etl"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// groupRows is about how many rows become a row group of a table's file.
const groupRows = 128 << 10

// arrowTypes are the lake's types as rows have them.
var arrowTypes = map[lake.Kind]arrow.DataType{lake.KindString: arrow.BinaryTypes.String,
	lake.KindBool: arrow.FixedWidthTypes.Boolean, lake.KindInt: arrow.PrimitiveTypes.Int32,
	lake.KindLong: arrow.PrimitiveTypes.Int64, lake.KindDouble: arrow.PrimitiveTypes.Float64,
	lake.KindTimestamp: &arrow.TimestampType{Unit: arrow.Microsecond}}

// Write makes a scope of a table of the lake hold the rows of a query: Spark
// puts them into the table's order, and the lake writes, checks and digests
// them as it does its own.
func (e *engine) Write(ctx context.Context, spec lake.Spec, scope, query string) (lake.Pin, error) {
	fields, columns := make([]arrow.Field, len(spec.Columns)), make([]string, len(spec.Columns))
	for i, c := range spec.Columns {
		kind, ok := arrowTypes[c.Type.Kind]
		if !ok {
			return lake.Pin{}, fmt.Errorf("write %s: column %q is %s, which doesn't come from Spark", spec.Name, c.Name, c.Type.SQL())
		}
		fields[i] = arrow.Field{Name: c.Name, Type: kind, Nullable: true}
		columns[i] = fmt.Sprintf("cast(%s as %s) as %[1]s", duck.Name(c.Name), typeNames[c.Type.Kind])
	}
	schema := arrow.NewSchema(fields, nil)
	rows := etl.Typed(e.Rows(ctx, sorted(strings.Join(columns, ", "), query, spec.Key)), fields...)
	pin, err := e.run.WriteArrow(ctx, spec, scope, schema, grouped(schema, rows))
	return pin, cure(err)
}

// grouped joins batches to larger ones.
func grouped(schema *arrow.Schema, rows lake.Batches) lake.Batches {
	return func(yield func(arrow.RecordBatch, error) bool) {
		var held []arrow.RecordBatch
		var count int64
		for batch, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if batch.NumRows() == 0 {
				continue
			}
			batch.Retain()
			held, count = append(held, batch), count+batch.NumRows()
			if count < groupRows {
				continue
			}
			if !yield(joined(schema, held)) {
				return
			}
			held, count = nil, 0
		}
		if count > 0 {
			yield(joined(schema, held))
		}
	}
}

// joined makes one batch of several, whose columns are those of the schema.
func joined(schema *arrow.Schema, batches []arrow.RecordBatch) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, schema.NumFields())
	for i := range columns {
		pieces := make([]arrow.Array, len(batches))
		for k, batch := range batches {
			pieces[k] = batch.Column(i)
		}
		var err error
		if columns[i], err = array.Concatenate(pieces, memory.DefaultAllocator); err != nil {
			return nil, err
		}
	}
	rows := int64(columns[0].Len())
	for _, batch := range batches {
		batch.Release()
	}
	return array.NewRecordBatch(schema, columns, rows), nil
}
