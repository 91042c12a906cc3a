package lake

import (
	"bytes"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// sameValue says whether the i-th value of one array and the j-th of another are
// equal, as their digests would be.
type sameValue func(i, j int) bool

// equality compares the values of two arrays of comparable types.
func equality(a, b arrow.Array) (sameValue, error) {
	same, err := equalityOfValues(a, b)
	if err != nil || a.NullN() == 0 && b.NullN() == 0 {
		return same, err
	}
	return func(i, j int) bool {
		if a.IsNull(i) || b.IsNull(j) {
			return a.IsNull(i) == b.IsNull(j)
		}
		return same(i, j)
	}, nil
}

func equalityOfValues(a, b arrow.Array) (sameValue, error) {
	switch a := a.(type) {
	case *array.String:
		if b, ok := b.(*array.String); ok {
			return func(i, j int) bool { return a.Value(i) == b.Value(j) }, nil
		}
	case *array.Int64:
		if b, ok := b.(*array.Int64); ok {
			return func(i, j int) bool { return a.Value(i) == b.Value(j) }, nil
		}
	case *array.Float64:
		if b, ok := b.(*array.Float64); ok {
			return func(i, j int) bool { return sameDouble(a.Value(i), b.Value(j)) }, nil
		}
	}
	return equalityByBytes(a, b)
}

func sameDouble(x, y float64) bool {
	return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
}

// equalityByBytes compares what the digest takes of the values.
func equalityByBytes(a, b arrow.Array) (sameValue, error) {
	encodeA, err := encoderOf(a)
	if err != nil {
		return nil, err
	}
	encodeB, err := encoderOf(b)
	if err != nil {
		return nil, err
	}
	var bytesA, bytesB []byte
	return func(i, j int) bool {
		bytesA, bytesB = encodeA(bytesA[:0], i), encodeB(bytesB[:0], j)
		return bytes.Equal(bytesA, bytesB)
	}, nil
}

// asLong gives the values of an int column as those of the long column that it
// became.
func asLong(values arrow.Array, want Type) arrow.Array {
	ints, narrow := values.(*array.Int32)
	if !narrow || want.Kind != KindLong {
		return values
	}
	builder := array.NewInt64Builder(memory.DefaultAllocator)
	builder.Reserve(ints.Len())
	for i := range ints.Len() {
		if ints.IsNull(i) {
			builder.UnsafeAppendBoolToBitmap(false)
			continue
		}
		builder.UnsafeAppend(int64(ints.Value(i)))
	}
	return builder.NewArray()
}

// goValue is the i-th value of an array: nil for a null, else a bool, int32,
// int64, float64, string, time.Time, []any or map[string]any.
func goValue(values arrow.Array, i int) any {
	if values.IsNull(i) {
		return nil
	}
	switch a := values.(type) {
	case *array.String:
		return a.Value(i)
	case *array.Boolean:
		return a.Value(i)
	case *array.Int32:
		return a.Value(i)
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.Timestamp:
		return time.UnixMicro(int64(a.Value(i))).UTC()
	case *array.List:
		from, to := a.ValueOffsets(i)
		list := make([]any, 0, to-from)
		for j := from; j < to; j++ {
			list = append(list, goValue(a.ListValues(), int(j)))
		}
		return list
	case *array.Struct:
		record := map[string]any{}
		for f, field := range a.DataType().(*arrow.StructType).Fields() {
			record[field.Name] = goValue(a.Field(f), i)
		}
		return record
	}
	return values.ValueStr(i)
}
