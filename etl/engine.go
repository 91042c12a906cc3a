package etl

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// An Engine runs the transforms of a load. Raw files are checked, staged and
// audited by DuckDB in the run's session whatever the engine; what the
// transforms read is made there, too, and shared with the engine. Their text is
// the same on every engine, and so are their rows.
type Engine interface {
	// View makes rows of a table of the lake a temporary view, in the run's
	// session and for the engine.
	View(ctx context.Context, v View) error
	// Share gives the engine temporary tables of the run's session as they are
	// now.
	Share(ctx context.Context, names ...string) error
	// Define makes a temporary view of a query.
	Define(ctx context.Context, name, query string) error
	// Make makes a temporary table of a query's rows.
	Make(ctx context.Context, name, query string) error
	// Drop lets go of temporary tables.
	Drop(ctx context.Context, names ...string) error
	// Rows gives the rows of a query. Read them all, or let go of them, before
	// the next call.
	Rows(ctx context.Context, query string) lake.Batches
	// Ordered gives the rows of a temporary table in an order.
	Ordered(ctx context.Context, o Ordered) lake.Batches
	// Write makes a scope of a table of the lake hold the rows of a query, as
	// lake.Run.Write does.
	Write(ctx context.Context, spec lake.Spec, scope, query string) (lake.Pin, error)
	// Close lets go of all that the engine holds.
	Close() error
}

// A View is rows of a table of the lake.
type View struct {
	Name    string // temporary
	Table   string // of the lake
	Columns string // what is selected; "": *
	Where   string // a condition that means the same on every engine
}

// Select is the view's query where the table has a name of the engine's.
func (v View) Select(table string) string {
	columns := v.Columns
	if columns == "" {
		columns = "*"
	}
	return fmt.Sprintf("select %s from %s where %s", columns, table, v.Where)
}

// Ordered asks for the rows of a table made by Make whose query had this order.
type Ordered struct {
	Table string
	Query string   // selects from the table, without a condition
	Order []string // columns
	Page  int64    // about how many rows to hold at once
}

// An Opener opens an engine other than DuckDB for a run.
type Opener interface {
	// Name is the engine and its version, such as spark 4.1.4.
	Name() string
	Open(ctx context.Context, run *lake.Run) (Engine, error)
}

// Other names an engine other than DuckDB; "" is DuckDB.
func Other(o Opener) string {
	if o == nil {
		return ""
	}
	return o.Name()
}

// openEngine opens the engine of a run.
func openEngine(ctx context.Context, o Opener, run *lake.Run) (Engine, error) {
	if o == nil {
		return DuckDB{run}, nil
	}
	return o.Open(ctx, run)
}

// DuckDB is the engine that every lake has: the run's own session.
type DuckDB struct{ Run *lake.Run }

var _ Engine = DuckDB{}

// View makes rows of a table of the lake a temporary view.
func (d DuckDB) View(ctx context.Context, v View) error {
	return d.Define(ctx, v.Name, v.Select(duck.Ident(v.Table)))
}

// Share has nothing to do: the session is the engine.
func (DuckDB) Share(context.Context, ...string) error { return nil }

// Define makes a temporary view of a query.
func (d DuckDB) Define(ctx context.Context, name, query string) error {
	return d.Run.Session().Exec(ctx, "create or replace temp view "+name+" as "+query)
}

// Make makes a temporary table of a query's rows, in their order.
func (d DuckDB) Make(ctx context.Context, name, query string) error {
	return d.Run.Session().Exec(ctx, "create or replace temp table "+name+" as "+query)
}

// Drop drops temporary tables.
func (d DuckDB) Drop(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := d.Run.Session().Exec(ctx, "drop table if exists "+name); err != nil {
			return err
		}
	}
	return nil
}

// Rows gives the rows of a query, which DuckDB holds whole.
func (d DuckDB) Rows(ctx context.Context, query string) lake.Batches {
	return func(yield func(arrow.RecordBatch, error) bool) { d.read(ctx, query, yield) }
}

// read gives the rows of a query; more says that all of them were wanted.
func (d DuckDB) read(ctx context.Context, query string, yield func(arrow.RecordBatch, error) bool) (more bool) {
	reader, err := d.Run.Session().QueryArrow(ctx, query)
	if err != nil {
		yield(nil, err)
		return false
	}
	defer reader.Release()
	for reader.Next() {
		if !yield(reader.RecordBatch(), nil) {
			return false
		}
	}
	if err := reader.Err(); err != nil {
		yield(nil, err)
		return false
	}
	return true
}

// Ordered gives the rows a page at a time, by their places in the table: it was
// made in this order, and DuckDB holds a result whole.
func (d DuckDB) Ordered(ctx context.Context, o Ordered) lake.Batches {
	return func(yield func(arrow.RecordBatch, error) bool) {
		var rows int64
		if err := Scan(ctx, d.Run.Session(), "select count(*) from "+o.Table, &rows); err != nil {
			yield(nil, err)
			return
		}
		for from := int64(0); from < rows; from += o.Page {
			page := fmt.Sprintf("%s\nwhere rowid >= %d and rowid < %d", o.Query, from, from+o.Page)
			if !d.read(ctx, page, yield) {
				return
			}
		}
	}
}

// Write makes a scope of a table of the lake hold the rows of a query.
func (d DuckDB) Write(ctx context.Context, spec lake.Spec, scope, query string) (lake.Pin, error) {
	return d.Run.Write(ctx, spec, scope, query)
}

// Close leaves the session to the run.
func (DuckDB) Close() error { return nil }

// Typed sees that rows have the columns that their query must give, whatever the
// engine is: so many, of these types, and of these names where they are said.
func Typed(rows lake.Batches, columns ...arrow.Field) lake.Batches {
	return func(yield func(arrow.RecordBatch, error) bool) {
		for batch, err := range rows {
			if err == nil {
				err = typed(batch, columns)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

func typed(batch arrow.RecordBatch, columns []arrow.Field) error {
	if int(batch.NumCols()) != len(columns) {
		return fmt.Errorf("the engine gave %d columns, not %d", batch.NumCols(), len(columns))
	}
	for i, want := range columns {
		got := batch.Schema().Field(i)
		if !arrow.TypeEqual(got.Type, want.Type) || want.Name != "" && got.Name != want.Name {
			return fmt.Errorf("the engine gave column %d as %q, %s, not %q, %s", i+1, got.Name, got.Type, cmp.Or(want.Name, got.Name), want.Type)
		}
	}
	return nil
}

// Columns are columns of these types, whatever their names.
func Columns(types ...arrow.DataType) []arrow.Field {
	columns := make([]arrow.Field, len(types))
	for i, t := range types {
		columns[i].Type = t
	}
	return columns
}

// Texts gives the rows of a query of one column of texts, none of them NULL.
func Texts(ctx context.Context, e Engine, query string) (texts []string, err error) {
	for batch, err := range Typed(e.Rows(ctx, query), Columns(arrow.BinaryTypes.String)...) {
		if err != nil {
			return nil, err
		}
		column := batch.Column(0).(*array.String)
		for i := range column.Len() {
			texts = append(texts, strings.Clone(column.Value(i))) // the batch's memory is the engine's
		}
	}
	return texts, nil
}
