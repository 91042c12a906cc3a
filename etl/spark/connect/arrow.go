package connect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
)

// eachBatch gives the batches of an Arrow stream, whose bytes are foreign: what
// a batch holds is checked before it is given, and no length in the stream is
// believed before the bytes are seen to be there.
func eachBatch(stream []byte, take func(arrow.RecordBatch) error) error {
	room := &bounded{memory.DefaultAllocator, largest}
	// The reader turns a panic, its own or that of messages, into an error.
	reader, err := ipc.NewReaderFromMessageReader(&messages{rest: stream}, ipc.WithAllocator(room))
	if err != nil {
		return err
	}
	defer reader.Release()
	for reader.Next() {
		if err := sound(reader.RecordBatch()); err != nil {
			return err
		}
		if err := take(reader.RecordBatch()); err != nil {
			return err
		}
		room.left = largest
	}
	return reader.Err()
}

// sound tells where the columns of a batch say more than they hold, or hold text
// that isn't UTF-8.
func sound(batch arrow.RecordBatch) (err error) {
	defer func() { // the check itself trusts an offset that only the next one proves wrong
		if failed := recover(); failed != nil {
			err = fmt.Errorf("check a batch: %v", failed)
		}
	}()
	return array.ValidateRecordFull(batch)
}

// A bounded allocator gives so many bytes and then panics. Batches are packed,
// and say how large they are unpacked; one that a server could not have sent
// unpacked is none.
type bounded struct {
	memory.Allocator
	left int
}

// Allocate gives memory.
func (b *bounded) Allocate(size int) []byte {
	b.claim(size)
	return b.Allocator.Allocate(size)
}

// Reallocate gives more memory, or less.
func (b *bounded) Reallocate(size int, old []byte) []byte {
	b.claim(max(size-len(old), 0))
	return b.Allocator.Reallocate(size, old)
}

func (b *bounded) claim(size int) {
	if size < 0 || size > b.left {
		panic(fmt.Sprintf("a batch of more than %d MiB", largest>>20))
	}
	b.left -= size
}

// messages are those of an Arrow stream: each a mark, the length of its header,
// the header, and a body whose length the header says.
type messages struct{ rest []byte }

var _ ipc.MessageReader = (*messages)(nil)

const (
	messageMark = 0xffffffff
	// largestHeader is far above what a schema of thousands of columns needs.
	largestHeader = 1 << 20
)

// Message gives the next message, a part of the stream's bytes; io.EOF after the
// last.
func (m *messages) Message() (*ipc.Message, error) {
	if len(m.rest) == 0 {
		return nil, io.EOF
	}
	prefix, err := m.next(8)
	if err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(prefix[4:])
	switch {
	case binary.LittleEndian.Uint32(prefix) != messageMark:
		return nil, errors.New("read an Arrow message: it has no mark")
	case length == 0:
		return nil, io.EOF
	case length > largestHeader:
		return nil, fmt.Errorf("read an Arrow message: its header is longer than %d KiB", largestHeader>>10)
	}
	bytes, err := m.next(int64(length))
	if err != nil {
		return nil, err
	}
	h := &header{bytes: bytes, left: 4 * len(bytes)}
	size, err := h.check()
	if err != nil {
		return nil, err
	}
	body, err := m.next(size)
	if err != nil {
		return nil, err
	}
	return ipc.NewMessage(memory.NewBufferBytes(bytes), memory.NewBufferBytes(body)), nil
}

// next takes bytes of the stream.
func (m *messages) next(count int64) (taken []byte, err error) {
	if count < 0 || count > int64(len(m.rest)) {
		return nil, fmt.Errorf("read an Arrow message: %w", io.ErrUnexpectedEOF)
	}
	taken, m.rest = m.rest[:count:count], m.rest[count:]
	return taken, nil
}

// Retain and Release have nothing to do: the stream is the garbage collector's.
func (m *messages) Retain() {}

// Release does nothing.
func (m *messages) Release() {}

// A header is what an Arrow message says about itself, in FlatBuffers. Arrow's
// reader makes room for as many fields, and pairs of texts, as it claims to have,
// so that a wrong byte could ask for any amount. A place outside of the bytes is
// a panic, here as there.
type header struct {
	bytes []byte
	left  int // bytes that its lists and texts may still have
}

// The places of fields in Arrow's tables: Message.fbs and Schema.fbs of its
// format.
const (
	messageKind, messageHeader, messageBody, messagePairs                                    = 6, 8, 10, 12
	schemaFields, schemaPairs                                                                = 6, 8
	fieldName, fieldKind, fieldType, fieldDictionary, fieldChildren, fieldPairs, zoneOfStamp = 4, 8, 10, 12, 14, 16, 6
	pairKey, pairValue                                                                       = 4, 6
)

const (
	kindSchema, kindBatch = 1, 3  // of messages
	kindInt, kindStamp    = 2, 10 // of fields: between them are numbers, texts and times
)

var errTooMany = errors.New("read an Arrow message: its header claims more than it holds")

// check sees that a message is a schema of plain columns, or a batch, and says
// how long its body is.
func (h *header) check() (body int64, err error) {
	message := flatbuffers.Table{Bytes: h.bytes, Pos: flatbuffers.GetUOffsetT(h.bytes)}
	h.pairs(message, messagePairs)
	switch kind := message.GetByteSlot(messageKind, 0); kind {
	case kindBatch:
	case kindSchema:
		var schema flatbuffers.Table
		message.Union(&schema, flatbuffers.UOffsetT(message.Offset(messageHeader)))
		err = h.schema(schema)
	default:
		err = fmt.Errorf("read an Arrow message: it is neither a schema nor a batch of rows (%d)", kind)
	}
	if h.left < 0 {
		err = errTooMany
	}
	return message.GetInt64Slot(messageBody, 0), err
}

func (h *header) schema(schema flatbuffers.Table) error {
	h.pairs(schema, schemaPairs)
	for _, field := range h.tables(schema, schemaFields) {
		h.text(field, fieldName)
		h.pairs(field, fieldPairs)
		kind := field.GetByteSlot(fieldKind, 0)
		if kind == kindStamp {
			var stamp flatbuffers.Table
			field.Union(&stamp, flatbuffers.UOffsetT(field.Offset(fieldType)))
			h.text(stamp, zoneOfStamp)
		}
		if kind < kindInt || kind > kindStamp || len(h.tables(field, fieldChildren)) > 0 || field.Offset(fieldDictionary) != 0 {
			return errors.New("read an Arrow schema: it has a column that holds more than one value a row")
		}
	}
	return nil
}

// pairs counts pairs of texts.
func (h *header) pairs(of flatbuffers.Table, slot flatbuffers.VOffsetT) {
	for _, pair := range h.tables(of, slot) {
		h.text(pair, pairKey)
		h.text(pair, pairValue)
	}
}

// tables are those of a list, none where there is no room for them.
func (h *header) tables(of flatbuffers.Table, slot flatbuffers.VOffsetT) []flatbuffers.Table {
	at := flatbuffers.UOffsetT(of.Offset(slot))
	if at == 0 {
		return nil
	}
	count := of.VectorLen(at)
	if h.left -= 4 * count; h.left < 0 {
		return nil
	}
	list := make([]flatbuffers.Table, count)
	for i := range list {
		list[i] = flatbuffers.Table{Bytes: h.bytes, Pos: of.Indirect(of.Vector(at) + flatbuffers.UOffsetT(4*i))}
	}
	return list
}

// text counts the bytes of a text.
func (h *header) text(of flatbuffers.Table, slot flatbuffers.VOffsetT) {
	if at := flatbuffers.UOffsetT(of.Offset(slot)); at != 0 {
		h.left -= of.VectorLen(at)
	}
}
