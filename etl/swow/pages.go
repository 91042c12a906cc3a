package swow

import (
	"context"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"alignctl/etl"
	"alignctl/lake"
)

// A turning turns numbers to the columns of a core table.
type turning interface {
	gives() []arrow.Field // the columns of what add takes
	add(arrow.RecordBatch) error
	columns() ([]arrow.Array, error)
}

// writePages writes a core table from rows in its order, a page a row group.
func (c *cleaning) writePages(ctx context.Context, spec lake.Spec, rows etl.Ordered, t turning) error {
	schema := codedSchema(spec)
	pages := turned(schema, etl.Typed(c.engine.Ordered(ctx, rows), t.gives()...), rows.Page, t)
	_, err := c.job.Run.WriteArrow(ctx, spec, c.language.Code, schema, ahead(pages))
	return err
}

// turned turns rows, so many to a batch.
func turned(schema *arrow.Schema, rows lake.Batches, page int64, t turning) lake.Batches {
	give := func(yield func(arrow.RecordBatch, error) bool) bool {
		columns, err := t.columns()
		if err != nil {
			return yield(nil, err)
		}
		return yield(array.NewRecordBatch(schema, columns, int64(columns[0].Len())), nil)
	}
	return func(yield func(arrow.RecordBatch, error) bool) {
		held := int64(0)
		for batch, err := range rows {
			if err == nil {
				err = t.add(batch)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if held += batch.NumRows(); held < page {
				continue
			}
			if held = 0; !give(yield) {
				return
			}
		}
		if held > 0 {
			give(yield)
		}
	}
}

// ahead makes the next batch while one is at work.
func ahead(batches lake.Batches) lake.Batches {
	type made struct {
		batch arrow.RecordBatch
		err   error
	}
	return func(yield func(arrow.RecordBatch, error) bool) {
		ready, enough := make(chan made), make(chan struct{})
		var maker sync.WaitGroup
		defer maker.Wait()
		defer close(enough)
		maker.Go(func() {
			defer close(ready)
			for batch, err := range batches {
				select {
				case ready <- made{batch, err}:
				case <-enough:
					return
				}
			}
		})
		for m := range ready {
			if !yield(m.batch, m.err) {
				return
			}
		}
	}
}

// codedSchema is the columns of a table as they are written: texts go by
// dictionaries.
func codedSchema(spec lake.Spec) *arrow.Schema {
	types := map[lake.Kind]arrow.DataType{lake.KindString: codedType, lake.KindInt: arrow.PrimitiveTypes.Int32,
		lake.KindLong: arrow.PrimitiveTypes.Int64, lake.KindDouble: arrow.PrimitiveTypes.Float64,
		lake.KindBool: arrow.FixedWidthTypes.Boolean}
	fields := make([]arrow.Field, len(spec.Columns))
	for i, c := range spec.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: types[c.Type.Kind]}
	}
	return arrow.NewSchema(fields, nil)
}

// fill makes coded columns of the texts that queries give, number 1 first.
func (c *cleaning) fill(ctx context.Context, columns map[string][]**coded) error {
	for query, of := range columns {
		texts, err := etl.Texts(ctx, c.engine, query)
		if err != nil {
			return err
		}
		for _, column := range of {
			*column = newCoded(texts)
		}
	}
	return nil
}
