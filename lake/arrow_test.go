package lake

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// TestWriteArrow writes batches, and refuses columns that aren't the table's and
// rows that aren't in key order.
func TestWriteArrow(t *testing.T) {
	spec := Spec{Name: "raw.word", Doc: "A word.", Key: []string{"language", "place"}, Scope: "language", Licence: OpenData,
		Columns: []Column{{Name: "language", Type: String, Required: true}, {Name: "place", Type: Int, Required: true}}}
	l := newLake(t)
	texts := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{{Name: "language", Type: texts}, {Name: "place", Type: arrow.PrimitiveTypes.Int32}}, nil)
	batches := func(places ...int32) Batches {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for _, place := range places {
				word, number := array.NewStringBuilder(memory.DefaultAllocator), array.NewInt32Builder(memory.DefaultAllocator)
				word.Append("en")
				number.AppendValues([]int32{place, place + 1}, nil)
				index := array.NewInt32Builder(memory.DefaultAllocator)
				index.AppendValues([]int32{0, 0}, nil)
				columns := []arrow.Array{array.NewDictionaryArray(texts, index.NewArray(), word.NewArray()), number.NewArray()}
				if !yield(array.NewRecordBatch(schema, columns, 2), nil) {
					return
				}
			}
		}
	}
	r := begin(t, l)
	if _, err := r.WriteArrow(t.Context(), spec, "en", schema, batches(5, 3)); err == nil {
		t.Error("rows out of order were written")
	}
	other := arrow.NewSchema([]arrow.Field{schema.Field(0), {Name: "place", Type: arrow.PrimitiveTypes.Int64}}, nil)
	if _, err := r.WriteArrow(t.Context(), spec, "en", other, batches(3)); err == nil {
		t.Error("a column of another type was written")
	}
	pin, err := r.WriteArrow(t.Context(), spec, "en", schema, batches(3, 5))
	if err != nil || pin.Rows != 4 {
		t.Fatalf("%d rows (%v)", pin.Rows, err)
	}
	same, err := r.Write(t.Context(), spec, "en", "select 'en' as language, (i + 3)::integer as place from range(4) t(i)")
	if err != nil || same.Digest != pin.Digest || same.Snapshot != pin.Snapshot {
		t.Errorf("DuckDB wrote other rows: %+v, %+v (%v)", same, pin, err)
	}
	if _, err := r.Publish(t.Context(), Done); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}
