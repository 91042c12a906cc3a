package lake

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// varying are the key columns among which rows [from, to) differ at all. A text
// that the rows share (their source, their language, their question) is told by
// one comparison of bytes, and then orders nothing.
func varying(key []arrow.Array, from, to int) (rest []arrow.Array) {
	for _, column := range key {
		if text, ok := column.(*array.String); !ok || !constant(text, from, to) {
			rest = append(rest, column)
		}
	}
	return rest
}

// constant reports whether all of some values are one text: all are as long, and
// the bytes are those that stand one length before.
func constant(values *array.String, from, to int) bool {
	if values.NullN() > 0 || to-from < 2 {
		return false
	}
	offsets := values.ValueOffsets()
	length := offsets[from+1] - offsets[from]
	for i := from; i < to; i++ {
		if offsets[i+1]-offsets[i] != length {
			return false
		}
	}
	text := values.ValueBytes()[offsets[from]-offsets[0] : offsets[to]-offsets[0]]
	return bytes.Equal(text[length:], text[:len(text)-int(length)])
}
