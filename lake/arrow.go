package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"alignctl/lake/iceberg"
)

// Batches is rows as record batches; an error ends them.
type Batches = iter.Seq2[arrow.RecordBatch, error]

// WriteArrow is Write for rows born in Go that are many and in key order. The
// batches have the spec's columns in order, texts as they are or by way of a
// dictionary, which spares the writer to look at each. A batch becomes a row
// group.
func (r *Run) WriteArrow(ctx context.Context, spec Spec, scope string, schema *arrow.Schema, rows Batches) (
	Pin, error) {
	s, err := r.open(ctx, spec)
	if err != nil {
		return Pin{}, err
	}
	if err := checkScope(spec, scope); err != nil {
		return Pin{}, err
	}
	tagged, err := s.tag(schema)
	if err != nil {
		return Pin{}, fmt.Errorf("write %s: %w", spec.Name, err)
	}
	path, err := r.newFile(s.base)
	if err != nil {
		return Pin{}, fmt.Errorf("write %s: %w", spec.Name, err)
	}
	file, err := r.writeBatches(ctx, path, tagged, rows)
	if err != nil {
		return Pin{}, errors.Join(fmt.Errorf("write %s: %w", spec.Name, err), r.lake.disk.Remove(path))
	}
	return r.replace(ctx, s, scope, file)
}

// tag gives a schema the table's field ids; its columns must be the table's.
func (s *staged) tag(schema *arrow.Schema) (*arrow.Schema, error) {
	if schema.NumFields() != len(s.fields) {
		return nil, fmt.Errorf("the batches have %d columns, the table has %d", schema.NumFields(), len(s.fields))
	}
	fields := make([]arrow.Field, len(s.fields))
	for i, f := range s.fields {
		given := schema.Field(i)
		if values := valuesOf(given.Type); given.Name != f.Name || !arrow.TypeEqual(values, arrowType(f)) {
			return nil, fmt.Errorf("column %d of the batches is %s %s, of the table %s %s",
				i+1, given.Name, values, f.Name, arrowType(f))
		}
		fields[i] = arrow.Field{Name: f.Name, Type: given.Type, Nullable: true,
			Metadata: arrow.NewMetadata([]string{"PARQUET:field_id"}, []string{strconv.Itoa(f.ID)})}
	}
	return arrow.NewSchema(fields, nil), nil
}

// valuesOf is the type of a column's values, whether by a dictionary or not.
func valuesOf(t arrow.DataType) arrow.DataType {
	if dictionary, ok := t.(*arrow.DictionaryType); ok {
		return dictionary.ValueType
	}
	return t
}

// writeBatches writes batches to a new data file.
func (r *Run) writeBatches(ctx context.Context, path string, schema *arrow.Schema, rows Batches) (iceberg.File, error) {
	out, err := r.lake.disk.Create(path)
	if err != nil {
		return iceberg.File{}, err
	}
	sum := &digesting{out: out, sum: sha256.New()}
	err = errors.Join(encodeBatches(ctx, sum, schema, rows), out.Close())
	return iceberg.File{Path: path, Bytes: sum.bytes, SHA256: hex.EncodeToString(sum.sum.Sum(nil))}, err
}

// dictionaryBytes is up to which size a dictionary is stored as one; the writer's
// own limit is far smaller.
const dictionaryBytes = 1 << 30

// encodeBatches writes a Parquet file. Whole numbers are stored by their
// differences: those that count up, as parts of keys do, take next to nothing.
func encodeBatches(ctx context.Context, to io.Writer, schema *arrow.Schema, rows Batches) error {
	options := []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithDictionaryPageSizeLimit(dictionaryBytes)}
	for _, f := range schema.Fields() {
		if arrow.IsInteger(f.Type.ID()) {
			options = append(options, parquet.WithDictionaryFor(f.Name, false),
				parquet.WithEncodingFor(f.Name, parquet.Encodings.DeltaBinaryPacked))
		}
	}
	writer, err := pqarrow.NewFileWriter(schema, to, parquet.NewWriterProperties(options...), pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	for batch, err := range rows {
		if err == nil {
			tagged := array.NewRecordBatch(schema, batch.Columns(), batch.NumRows())
			err = errors.Join(ctx.Err(), writer.Write(tagged))
		}
		if err != nil {
			return errors.Join(err, writer.Close())
		}
	}
	return writer.Close()
}
