package lake

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"alignctl/lake/iceberg"
)

// The digest of a table says what its rows are, whatever files, threads,
// machine or engine made them. A column's digest is the sha256 of its values in
// key order, each in one canonical encoding (appendValue); a table's is the
// sha256 of its columns' names and types and of each scope's columns.

// digestPrefix starts a printed digest.
const digestPrefix = "sha256:"

// nan is the one NaN that digests know.
const nan = 0x7ff8000000000000

// flushBytes is how much of a column is encoded before it is hashed.
const flushBytes = 64 << 10

// A columnHash takes a column's values in key order.
type columnHash struct {
	sum    hash.Hash
	buffer []byte
}

func newColumnHashes(n int) []*columnHash {
	hashes := make([]*columnHash, n)
	for i := range hashes {
		hashes[i] = &columnHash{sum: sha256.New()}
	}
	return hashes
}

// add takes the values [from, to) of an array.
func (c *columnHash) add(values arrow.Array, from, to int) error {
	encode, err := encoderOf(values)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		c.buffer = encode(c.buffer, i)
		if len(c.buffer) >= flushBytes {
			c.flush()
		}
	}
	return nil
}

func (c *columnHash) flush() {
	c.sum.Write(c.buffer) // a hash never fails
	c.buffer = c.buffer[:0]
}

// hex is the digest of what came so far; more may follow.
func (c *columnHash) hex() string {
	c.flush()
	return hex.EncodeToString(c.sum.Sum(nil))
}

// An encoder appends the canonical bytes of an array's i-th value: 0 for a
// null; else 1 and, for a bool one byte; for int, long, double and timestamp 4
// or 8 bytes, little-endian (every NaN the same); for a string its length in 4
// bytes and its UTF-8; for a list its length in 4 bytes and its elements; for a
// struct its members.
type encoder func(buffer []byte, i int) []byte

// encoderOf is the encoder of an array.
func encoderOf(values arrow.Array) (encoder, error) {
	plain, err := plainEncoder(values)
	if err != nil || values.NullN() == 0 {
		return notNull(plain), err
	}
	return func(buffer []byte, i int) []byte {
		if values.IsNull(i) {
			return append(buffer, 0)
		}
		return plain(append(buffer, 1), i)
	}, nil
}

func notNull(plain encoder) encoder {
	return func(buffer []byte, i int) []byte { return plain(append(buffer, 1), i) }
}

// plainEncoder encodes values that aren't null.
func plainEncoder(values arrow.Array) (encoder, error) {
	switch a := values.(type) {
	case *array.String:
		return func(buffer []byte, i int) []byte { return appendText(buffer, a.Value(i)) }, nil
	case *array.LargeString:
		return func(buffer []byte, i int) []byte { return appendText(buffer, a.Value(i)) }, nil
	case *array.Boolean:
		return func(buffer []byte, i int) []byte { return append(buffer, boolByte(a.Value(i))) }, nil
	case *array.Int32:
		return func(buffer []byte, i int) []byte {
			return binary.LittleEndian.AppendUint32(buffer, uint32(a.Value(i)))
		}, nil
	case *array.Int64:
		return func(buffer []byte, i int) []byte {
			return binary.LittleEndian.AppendUint64(buffer, uint64(a.Value(i)))
		}, nil
	case *array.Float64:
		return func(buffer []byte, i int) []byte { return appendDouble(buffer, a.Value(i)) }, nil
	case *array.Timestamp:
		return timestampEncoder(a)
	case *array.List:
		return listEncoder(a)
	case *array.Struct:
		return structEncoder(a)
	}
	return nil, fmt.Errorf("digest of a column of type %s isn't defined", values.DataType())
}

func appendText(buffer []byte, text string) []byte {
	return append(binary.LittleEndian.AppendUint32(buffer, uint32(len(text))), text...)
}

func appendDouble(buffer []byte, v float64) []byte {
	bits := math.Float64bits(v)
	if v != v {
		bits = nan
	}
	return binary.LittleEndian.AppendUint64(buffer, bits)
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func timestampEncoder(a *array.Timestamp) (encoder, error) {
	if unit := a.DataType().(*arrow.TimestampType).Unit; unit != arrow.Microsecond {
		return nil, fmt.Errorf("digest of a timestamp in %s isn't defined", unit)
	}
	return func(buffer []byte, i int) []byte {
		return binary.LittleEndian.AppendUint64(buffer, uint64(a.Value(i)))
	}, nil
}

func listEncoder(a *array.List) (encoder, error) {
	element, err := encoderOf(a.ListValues())
	return func(buffer []byte, i int) []byte {
		from, to := a.ValueOffsets(i)
		buffer = binary.LittleEndian.AppendUint32(buffer, uint32(to-from))
		for j := from; j < to; j++ {
			buffer = element(buffer, int(j))
		}
		return buffer
	}, err
}

func structEncoder(a *array.Struct) (encoder, error) {
	members := make([]encoder, a.NumField())
	for f := range members {
		member, err := encoderOf(a.Field(f))
		if err != nil {
			return nil, err
		}
		members[f] = member
	}
	return func(buffer []byte, i int) []byte {
		for _, member := range members {
			buffer = member(buffer, i)
		}
		return buffer
	}, nil
}

// tableDigest is the digest of a table of these columns whose scopes are in
// these states. A scope without rows counts as absent.
func tableDigest(fields []iceberg.Field, scopes map[string]*scopeState) string {
	buffer := []byte("alignctl table digest 1\n")
	for _, f := range fields {
		buffer = appendText(appendText(buffer, f.Name), typeOf(f).SQL())
	}
	for _, scope := range slices.Sorted(maps.Keys(scopes)) {
		state := scopes[scope]
		if state.rows == 0 {
			continue
		}
		buffer = binary.LittleEndian.AppendUint64(appendText(buffer, scope), uint64(state.rows))
		for _, column := range state.columns {
			buffer = appendText(buffer, column)
		}
	}
	sum := sha256.Sum256(buffer)
	return digestPrefix + hex.EncodeToString(sum[:])
}
