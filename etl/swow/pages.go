package swow

import (
	"context"
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"alignctl/etl"
	"alignctl/lake"
)

// pages are the rows of a temporary table that is in the order of a core table:
// so many at a time, since DuckDB holds a result whole.
type pages struct {
	table string
	query string // selects from the table, without a condition
	rows  int64  // of a page
}

// A turning turns numbers to the columns of a core table.
type turning interface {
	add(arrow.RecordBatch)
	columns() ([]arrow.Array, error)
}

// writePages writes a core table, a page a row group.
func (c *cleaning) writePages(ctx context.Context, spec lake.Spec, p pages, t turning) error {
	var rows int64
	if err := etl.Scan(ctx, c.session, "select count(*) from "+p.table, &rows); err != nil {
		return err
	}
	schema := codedSchema(spec)
	batches := func(yield func(arrow.RecordBatch, error) bool) {
		for from := int64(0); from < rows; from += p.rows {
			columns, err := c.readPage(ctx, p, from, t)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(array.NewRecordBatch(schema, columns, int64(columns[0].Len())), nil) {
				return
			}
		}
	}
	_, err := c.job.Run.WriteArrow(ctx, spec, c.language.Code, schema, ahead(batches))
	return err
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

// readPage gives the columns of a page.
func (c *cleaning) readPage(ctx context.Context, p pages, from int64, t turning) ([]arrow.Array, error) {
	page := fmt.Sprintf("%s\nwhere rowid >= %d and rowid < %d", p.query, from, from+p.rows)
	reader, err := c.job.Run.Session().QueryArrow(ctx, page)
	if err != nil {
		return nil, err
	}
	defer reader.Release()
	for reader.Next() {
		t.add(reader.RecordBatch())
	}
	if err := reader.Err(); err != nil {
		return nil, err
	}
	return t.columns()
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
		texts, err := textColumn(ctx, c.session, query)
		if err != nil {
			return err
		}
		for _, column := range of {
			*column = newCoded(texts)
		}
	}
	return nil
}
