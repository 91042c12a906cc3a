package connect

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
)

var threeColumns = arrow.NewSchema([]arrow.Field{{Name: "word", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}}}, nil)

const threeRows = `[{"word":"a","n":1,"at":"2024-01-01T00:00:00Z"},{"word":"b","n":2,"at":null},{"word":null,"n":3,"at":"2024-01-02T00:00:00Z"}]`

// stream is rows as Arrow, "" for no batch at all.
func stream(t testing.TB, schema *arrow.Schema, rows string, options ...ipc.Option) []byte {
	t.Helper()
	var b bytes.Buffer
	w := ipc.NewWriter(&b, append(options, ipc.WithSchema(schema))...)
	if rows != "" {
		batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
		if err == nil {
			err = w.Write(batch)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// answer is an answer with rows, as a server sends it.
func answer(rows string, data []byte) fields {
	return fields{"rowCount": rows, "data": base64.StdEncoding.EncodeToString(data)}
}

func at(offset string, f fields) fields {
	f["startOffset"] = offset
	return f
}

// teller is a server that has the same answers to every query.
func teller(t *testing.T, answers []fields) *Session {
	t.Helper()
	address := serve(t, func(name string, stream grpc.ServerStream) error {
		if name != "ExecutePlan" {
			return tell(stream, name, fields{"sparkVersion": fields{"version": "4.1.4"}})
		}
		for _, a := range answers {
			if err := tell(stream, name, fields{"arrowBatch": a}); err != nil {
				return err
			}
		}
		return nil
	})
	s, err := Open(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// What a server says is held against what it sends: rows that aren't whole are an
// error that names the server, and never a panic or fewer rows.
func TestServerLies(t *testing.T) {
	t.Setenv(TokenVariable, "")
	whole := stream(t, threeColumns, threeRows)
	change := func(i int, f arrow.Field) *arrow.Schema {
		columns := slices.Clone(threeColumns.Fields())
		columns[i] = f
		return arrow.NewSchema(columns, nil)
	}
	renamed := stream(t, change(1, arrow.Field{Name: "m", Type: arrow.PrimitiveTypes.Int64}), strings.ReplaceAll(threeRows, `"n"`, `"m"`))
	retyped := stream(t, change(1, arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Int32}), threeRows)
	fewer := stream(t, arrow.NewSchema(threeColumns.Fields()[:2], nil), `[{"word":"a","n":1}]`)
	listed := stream(t, change(1, arrow.Field{Name: "n", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64)}), `[]`)
	coded := stream(t, change(0, arrow.Field{Name: "word", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8,
		ValueType: arrow.BinaryTypes.String}}), `[]`)
	for name, test := range map[string]struct {
		answers []fields
		want    string // "": three rows for each answer
	}{
		"right":            {[]fields{answer("3", whole), at("3", answer("3", whole))}, ""},
		"packed":           {[]fields{answer("3", stream(t, threeColumns, threeRows, ipc.WithZstd())), answer("3", stream(t, threeColumns, threeRows, ipc.WithLZ4()))}, ""},
		"without an end":   {[]fields{answer("3", whole[:len(whole)-8])}, ""},
		"nothing":          {nil, "none came"},
		"no stream":        {[]fields{answer("0", nil)}, "schema"},
		"no stream then":   {[]fields{answer("3", whole), answer("0", nil)}, "schema"},
		"no batch":         {[]fields{answer("3", stream(t, threeColumns, ""))}, "0 rows came where it says 3"},
		"only a schema":    {[]fields{answer("0", stream(t, threeColumns, ""))}, "none came"},
		"too many said":    {[]fields{answer("30", whole)}, "3 rows came where it says 30"},
		"too few said":     {[]fields{answer("2", whole)}, "3 rows came where it says 2"},
		"a gap":            {[]fields{answer("3", whole), at("4", answer("3", whole))}, "rows from number 4 came after 3 rows"},
		"other names":      {[]fields{answer("3", whole), answer("3", renamed)}, `column 2 was "n", int64, and became "m", int64`},
		"other types":      {[]fields{answer("3", whole), answer("3", retyped)}, `column 2 was "n", int64, and became "n", int32`},
		"fewer columns":    {[]fields{answer("3", whole), answer("1", fewer)}, "2 columns came after 3"},
		"lists":            {[]fields{answer("0", listed)}, "more than one value a row"},
		"dictionaries":     {[]fields{answer("0", coded)}, "more than one value a row"},
		"cut":              {[]fields{answer("3", whole[:len(whole)/2])}, "unexpected EOF"},
		"cut in a header":  {[]fields{answer("3", whole[:40])}, "unexpected EOF"},
		"text not Unicode": {[]fields{answer("3", bytes.Replace(whole, []byte("ab\x00"), []byte("a\xff\x00"), 1))}, "utf8"},
	} {
		t.Run(name, func(t *testing.T) {
			s := teller(t, test.answers)
			var rows int64
			var failed error
			for batch, err := range s.Query(t.Context(), "select") {
				if failed = err; err == nil {
					rows += batch.NumRows()
				}
			}
			if test.want == "" {
				if failed != nil || rows != int64(3*len(test.answers)) {
					t.Errorf("%d rows, %v", rows, failed)
				}
			} else if failed == nil || !strings.Contains(failed.Error(), test.want) || !strings.Contains(failed.Error(), "read rows from Spark at sc://127.0.0.1:") {
				t.Errorf("got %v, want %s", failed, test.want)
			}
		})
	}
}

// A batch that says that it is far larger unpacked than a server could send it is
// refused before there is room for it.
func TestPackedTooWell(t *testing.T) {
	long := `[{"word":"` + strings.Repeat("a", 1<<20) + `"}]`
	column := arrow.NewSchema(threeColumns.Fields()[:1], nil)
	whole := stream(t, column, long, ipc.WithZstd())
	at := bytes.LastIndex(whole, binary.LittleEndian.AppendUint64(nil, 1<<20)) // before the packed texts
	binary.LittleEndian.PutUint64(whole[at:], 1<<40)
	err := eachBatch(whole, func(arrow.RecordBatch) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "a batch of more than 128 MiB") {
		t.Errorf("got %v", err)
	}
}

// FuzzBatches gives bytes for rows: they are an error, or batches of which each
// value can be read, and no byte makes room for more than the stream could hold.
func FuzzBatches(f *testing.F) {
	for _, options := range [][]ipc.Option{nil, {ipc.WithZstd()}, {ipc.WithLZ4()}} {
		f.Add(stream(f, threeColumns, threeRows, options...))
	}
	pairs := arrow.MetadataFrom(map[string]string{"a": "b"})
	f.Add(stream(f, arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.FixedWidthTypes.Boolean, Metadata: pairs},
		{Name: "y", Type: &arrow.Decimal128Type{Precision: 20, Scale: 2}}}, &pairs), `[{"x":true,"y":"1.20"},{"x":null,"y":null}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = eachBatch(data, func(batch arrow.RecordBatch) error {
			for _, column := range batch.Columns() {
				for i := range min(column.Len(), 1000) { // a few bytes can unpack to millions of rows
					_, _ = column.ValueStr(i), column.ValueStr(column.Len()-1-i)
				}
			}
			return nil
		})
	})
}

// Each byte of a stream, changed, is an error or rows.
func TestEachByteChanged(t *testing.T) {
	for name, options := range map[string][]ipc.Option{"plain": nil, "zstd": {ipc.WithZstd()}, "lz4": {ipc.WithLZ4()}} {
		whole := stream(t, threeColumns, threeRows, options...)
		for i := range whole {
			for _, value := range []byte{0, 1, 0x7f, 0x80, 0xff, whole[i] ^ 4} {
				changed := bytes.Clone(whole)
				changed[i] = value
				_ = eachBatch(changed, func(batch arrow.RecordBatch) error {
					for _, column := range batch.Columns() {
						if _, err := array.Concatenate([]arrow.Array{column, column}, memory.DefaultAllocator); err != nil {
							t.Errorf("%s, byte %d as %d: %v", name, i, value, err)
						}
					}
					return context.Canceled
				})
			}
		}
	}
}
