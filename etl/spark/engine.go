package spark

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"alignctl/etl"
	"alignctl/etl/spark/connect"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// An engine runs the transforms of one run.
type engine struct {
	session *connect.Session
	run     *lake.Run
	copies  bool // see Server
}

// View makes rows of a table of the lake a temporary view, here and there.
func (e *engine) View(ctx context.Context, v etl.View) error {
	files, err := e.files(ctx, v.Table)
	if err != nil {
		return err
	}
	schema, err := schemaOf(files.Columns)
	if err != nil {
		return fmt.Errorf("show Spark table %s: %w", v.Table, err)
	}
	whole := strings.ReplaceAll(v.Table, ".", "_")
	if err := e.session.Parquet(ctx, whole, schema, files.Paths); err != nil {
		return fmt.Errorf("show Spark table %s: %w", v.Table, cure(err))
	}
	if err := e.Define(ctx, v.Name, v.Select(whole)); err != nil {
		return err
	}
	return (etl.DuckDB{Run: e.run}).View(ctx, v)
}

// files says where the server reads a table.
func (e *engine) files(ctx context.Context, table string) (lake.Files, error) {
	if e.copies {
		return e.run.Files(ctx, table)
	}
	files, err := e.run.Objects(ctx, table)
	for i, path := range files.Paths {
		files.Paths[i] = sparkPath(path)
	}
	return files, err
}

// schemaOf is the schema of a table's files as Spark reads it: columns by their
// field ids.
func schemaOf(columns []lake.FileColumn) (string, error) {
	type field struct {
		Name     string         `json:"name"`
		Type     string         `json:"type"`
		Nullable bool           `json:"nullable"`
		Metadata map[string]int `json:"metadata"`
	}
	var fields []field
	for _, c := range columns {
		kind, ok := typeNames[c.Type.Kind]
		if !ok {
			return "", fmt.Errorf("column %q is %s, which the transforms don't read there", c.Name, c.Type.SQL())
		}
		fields = append(fields, field{c.Name, kind, true, map[string]int{"parquet.field.id": c.ID}})
	}
	text, err := json.Marshal(map[string]any{"type": "struct", "fields": fields})
	return string(text), err
}

// typeNames are the lake's types as Spark calls them.
var typeNames = map[lake.Kind]string{lake.KindString: "string", lake.KindBool: "boolean", lake.KindInt: "integer",
	lake.KindLong: "long", lake.KindDouble: "double", lake.KindTimestamp: "timestamp_ntz"}

// Share gives the engine temporary tables of the run's session.
func (e *engine) Share(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := e.share(ctx, name); err != nil {
			return fmt.Errorf("share %s with Spark: %w", name, err)
		}
	}
	return nil
}

func (e *engine) share(ctx context.Context, name string) error {
	reader, err := e.run.Session().QueryArrow(ctx, "select * from "+name)
	if err != nil {
		return err
	}
	defer reader.Release()
	return e.session.Local(ctx, name, reader.Schema(), func(yield func(arrow.RecordBatch, error) bool) {
		for reader.Next() {
			if !yield(reader.RecordBatch(), nil) {
				return
			}
		}
		if err := reader.Err(); err != nil {
			yield(nil, err)
		}
	})
}

// Define makes a temporary view of a query.
func (e *engine) Define(ctx context.Context, name, query string) error {
	return e.session.View(ctx, name, query)
}

// Make makes a temporary table: a view whose rows are worked out now and kept by
// the executors.
func (e *engine) Make(ctx context.Context, name, query string) error {
	return cure(e.session.Keep(ctx, name, query))
}

// Drop lets go of temporary tables.
func (e *engine) Drop(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := e.session.Exec(ctx, "drop view if exists "+name); err != nil {
			return err
		}
	}
	return nil
}

// Rows gives the rows of a query as they come.
func (e *engine) Rows(ctx context.Context, query string) lake.Batches {
	return e.session.Query(ctx, query)
}

// Ordered gives the rows of a temporary table in an order.
func (e *engine) Ordered(ctx context.Context, o etl.Ordered) lake.Batches {
	return e.Rows(ctx, sorted("*", o.Query, o.Order))
}

// sorted selects from a query in the order of columns, as the lake has keys in
// order. The query's lines keep their numbers, for messages.
func sorted(columns, query string, order []string) string {
	terms := make([]string, len(order))
	for i, column := range order {
		terms[i] = duck.Name(column) + " nulls last"
	}
	return fmt.Sprintf("select %s from (%s\n) order by %s", columns, query, strings.Join(terms, ", "))
}

// Close ends the session; what it made goes with it.
func (e *engine) Close() error { return e.session.Close() }
