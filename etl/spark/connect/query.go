package connect

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// Batches is rows as record batches; an error ends them. A batch is the
// reader's until it asks for the next one.
type Batches = iter.Seq2[arrow.RecordBatch, error]

// Exec runs a statement for its effect.
func (s *Session) Exec(ctx context.Context, statement string) error {
	return within(statement, s.execute(ctx, command("sqlCommand", fields{"input": sql(statement)}), nothing))
}

// nothing takes the answers to what is done for its effect.
func nothing(reply) error { return nil }

// Query gives the rows of a SELECT as they come: no more than a few batches are
// in memory here. What comes is foreign, and checked: a batch that isn't whole,
// or isn't what the server says it is, ends them. One without rows may be among
// them.
func (s *Session) Query(ctx context.Context, query string) Batches {
	return func(yield func(arrow.RecordBatch, error) bool) {
		r := &result{take: func(batch arrow.RecordBatch) bool { return yield(batch, nil) }}
		err := s.execute(ctx, fields{"root": sql(query)}, func(answer reply) error {
			if batch, ok := answer.in("arrow_batch"); ok {
				return s.suspect(r.add(batch))
			}
			return nil
		})
		if err == nil && r.schema == nil {
			err = s.suspect(errors.New("none came, nor what their columns are"))
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, within(query, err))
		}
	}
}

// errEnough says that the reader of a query wants no more rows.
var errEnough = errors.New("enough rows")

// suspect says which server sent what is wrong.
func (s *Session) suspect(err error) error {
	if err == nil || errors.Is(err, errEnough) {
		return err
	}
	return fmt.Errorf("read rows from Spark at %s: %w", s.remote.text, err)
}

// A result is the rows of a query on their way.
type result struct {
	take   func(arrow.RecordBatch) bool // false: it wants no more
	schema *arrow.Schema                // of the first batch
	rows   int64
}

// add takes the batches of one answer, which says how many rows they have, and
// may say how many came before.
func (r *result) add(answer reply) error {
	if offset, ok := answer.optional("start_offset"); ok && offset != r.rows {
		return fmt.Errorf("rows from number %d came after %d rows", offset, r.rows)
	}
	said, before := answer.number("row_count"), r.rows
	err := eachBatch(answer.data("data"), r.one)
	if came := r.rows - before; err == nil && came != said {
		err = fmt.Errorf("%d rows came where it says %d", came, said)
	}
	return err
}

func (r *result) one(batch arrow.RecordBatch) error {
	if r.schema == nil {
		r.schema = batch.Schema()
	}
	if err := sameColumns(r.schema, batch.Schema()); err != nil {
		return err
	}
	if r.rows += batch.NumRows(); !r.take(batch) {
		return errEnough
	}
	return nil
}

// sameColumns tells where a batch's columns aren't those of the first.
func sameColumns(first, schema *arrow.Schema) error {
	if first.NumFields() != schema.NumFields() {
		return fmt.Errorf("%d columns came after %d", schema.NumFields(), first.NumFields())
	}
	for i, field := range schema.Fields() {
		if was := first.Field(i); was.Name != field.Name || !arrow.TypeEqual(was.Type, field.Type) {
			return fmt.Errorf("column %d was %q, %s, and became %q, %s", i+1, was.Name, was.Type, field.Name, field.Type)
		}
	}
	return nil
}

// View makes a temporary view of a query.
func (s *Session) View(ctx context.Context, name, query string) error {
	return within(query, s.view(ctx, name, sql(query)))
}

// Keep makes a temporary view of a query's rows as they are now: the executors
// work them out once and hold them on their disks (in memory, a block is read
// back whole, which small executors can't). Nothing is left of the query, so
// that what is built on many such views stays small to plan: cached tables are
// planned through to the raw files. An executor that is lost takes its rows
// along, which is an error for whoever reads them. Spark removes the rows some
// time after the view is dropped.
func (s *Session) Keep(ctx context.Context, name, query string) error {
	var kept string
	err := s.execute(ctx, command("checkpointCommand", fields{"relation": sql(query), "local": true, "eager": true,
		"storageLevel": fields{"useDisk": true, "replication": 1}}), func(answer reply) error {
		if result, ok := answer.in("checkpoint_command_result"); ok {
			if relation, ok := result.in("relation"); ok {
				kept = relation.text("relation_id")
			}
		}
		return nil
	})
	if err != nil {
		return within(query, err)
	}
	if kept == "" {
		return fmt.Errorf("keep rows at Spark at %s: it doesn't say where it keeps them", s.remote.text)
	}
	remote := fields{"relationId": kept}
	if err := s.view(ctx, name, fields{"cachedRemoteRelation": remote}); err != nil {
		return err
	}
	return s.execute(ctx, command("removeCachedRemoteRelationCommand", fields{"relation": remote}), nothing)
}

// Parquet makes a temporary view of the rows of Parquet files, which the server
// and its executors read by these paths, under a schema in Spark's JSON.
func (s *Session) Parquet(ctx context.Context, name, schema string, paths []string) error {
	if len(paths) == 0 {
		return s.view(ctx, name, fields{"localRelation": fields{"schema": schema}})
	}
	escaped := make([]string, len(paths))
	for i, path := range paths {
		escaped[i] = pattern.Replace(path)
	}
	return s.view(ctx, name, fields{"read": fields{"dataSource": fields{"format": "parquet", "schema": schema, "paths": escaped}}})
}

// pattern escapes what a path has in common with a pattern.
var pattern = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`)

// localBytes is about how many bytes of rows travel in one message.
const localBytes = 16 << 20

// Local makes a temporary view of rows that travel there.
func (s *Session) Local(ctx context.Context, name string, schema *arrow.Schema, rows Batches) error {
	p := &parcels{session: s, name: name, schema: schema}
	p.open()
	for batch, err := range rows {
		if err == nil {
			err = p.add(ctx, batch)
		}
		if err != nil {
			return err
		}
	}
	if err := p.send(ctx); err != nil {
		return err
	}
	all := "select * from " + strings.Join(p.sent, " union all select * from ")
	if len(p.sent) > 1 { // too many to be part of every plan
		return s.Keep(ctx, name, all)
	}
	return s.View(ctx, name, all)
}

// parcels are the rows of a view on their way, each a view of its own.
type parcels struct {
	session *Session
	name    string
	schema  *arrow.Schema

	stream bytes.Buffer
	writer *ipc.Writer
	sent   []string // their names
}

func (p *parcels) open() {
	p.stream.Reset()
	p.writer = ipc.NewWriter(&p.stream, ipc.WithSchema(p.schema))
}

func (p *parcels) add(ctx context.Context, rows arrow.RecordBatch) error {
	if p.stream.Len() > localBytes {
		if err := p.send(ctx); err != nil {
			return err
		}
		p.open()
	}
	return p.writer.Write(rows)
}

func (p *parcels) send(ctx context.Context) error {
	if err := p.writer.Close(); err != nil {
		return err
	}
	name := fmt.Sprintf("%s_%d", p.name, len(p.sent))
	p.sent = append(p.sent, name)
	return p.session.view(ctx, name, fields{"localRelation": fields{
		"data": base64.StdEncoding.EncodeToString(p.stream.Bytes())}})
}

// view makes a temporary view of a relation. Unlike one that a statement makes
// it has no text, so that letting go of a view that it reads leaves its rows
// cached.
func (s *Session) view(ctx context.Context, name string, relation fields) error {
	return s.execute(ctx, command("createDataframeView", fields{"input": relation, "name": name, "replace": true}), nothing)
}

func sql(text string) fields { return fields{"sql": fields{"query": text}} }

func command(name string, f fields) fields { return fields{"command": fields{name: f}} }
