package lm

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"alignctl/internal/atomicfile"
)

// A Tensor is a named array to be written.
type Tensor struct {
	Name   string
	Shape  []int     // row-major; the product is len(Values)
	Values []float32 // narrowed to DType on writing
	DType  DType     // F32, F16 or BF16; "" means F32
}

// storedFirst is the order of types within a file, that of the reference
// writer, which keeps every tensor aligned to its element.
var storedFirst = []DType{F32, BF16, F16}

// WriteSafetensors writes a safetensors file that is on disk, whole, when the
// call returns; until then path holds what it held before. The same tensors
// and metadata give the same bytes: metadata by key, tensors widest type first,
// then by name, as the reference writer lays them out.
func WriteSafetensors(path string, tensors []Tensor, metadata map[string]string) error {
	ordered, err := orderTensors(tensors)
	if err != nil {
		return fmt.Errorf("write safetensors %q: %w", path, err)
	}
	header, err := encodeHeader(ordered, metadata)
	if err != nil {
		return fmt.Errorf("write safetensors %q: %w", path, err)
	}
	err = writeDurably(path, func(w io.Writer) error { return writeTensors(w, header, ordered) })
	if err != nil {
		return fmt.Errorf("write safetensors %q: %w", path, err)
	}
	return nil
}

// orderTensors checks the tensors and returns them in the order of storage.
func orderTensors(tensors []Tensor) ([]Tensor, error) {
	ordered := slices.Clone(tensors)
	seen := make(map[string]bool, len(tensors))
	for i := range ordered {
		t := &ordered[i]
		t.DType = cmp.Or(t.DType, F32)
		if !slices.Contains(storedFirst, t.DType) {
			return nil, fmt.Errorf("tensor %q: dtype %q is not written (F32, F16 and BF16 are)", t.Name, t.DType)
		}
		if t.Name == "" || t.Name == metadataKey || seen[t.Name] {
			return nil, fmt.Errorf("tensor %q: the name is empty, reserved, or used twice", t.Name)
		}
		seen[t.Name] = true
		size, ok := byteSize(t.DType, t.Shape)
		if !ok || size != uint64(len(t.Values))*dtypeBytes[t.DType] {
			return nil, fmt.Errorf("tensor %q: shape %v does not hold %d values", t.Name, t.Shape, len(t.Values))
		}
	}
	slices.SortFunc(ordered, func(a, b Tensor) int {
		byType := cmp.Compare(slices.Index(storedFirst, a.DType), slices.Index(storedFirst, b.DType))
		return cmp.Or(byType, cmp.Compare(a.Name, b.Name))
	})
	return ordered, nil
}

// encodeHeader builds the length prefix and the JSON header, padded with
// blanks so that the data begins at a multiple of 8.
func encodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	var header bytes.Buffer
	header.WriteByte('{')
	if len(metadata) > 0 {
		if err := appendMember(&header, metadataKey, metadata); err != nil {
			return nil, err
		}
	}
	var begin uint64
	for _, t := range tensors {
		end := begin + uint64(len(t.Values))*dtypeBytes[t.DType]
		shape := append([]int{}, t.Shape...) // a scalar's shape is [], not null
		entry := headerEntry{DType: t.DType, Shape: shape, Offsets: []uint64{begin, end}}
		if err := appendMember(&header, t.Name, entry); err != nil {
			return nil, err
		}
		begin = end
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 {
		header.WriteByte(' ')
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(header.Len())), header.Bytes()...), nil
}

// appendMember adds `"key":value` to an open JSON object.
func appendMember(object *bytes.Buffer, key string, value any) error {
	name, err := json.Marshal(key)
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if object.Len() > 1 {
		object.WriteByte(',')
	}
	object.Write(name)
	object.WriteByte(':')
	object.Write(encoded)
	return nil
}

// writeTensors streams the file, converting a block at a time.
func writeTensors(w io.Writer, header []byte, tensors []Tensor) error {
	const block = 1 << 14 // values
	if _, err := w.Write(header); err != nil {
		return err
	}
	buffer := make([]byte, 0, 4*block)
	for _, t := range tensors {
		for values := range slices.Chunk(t.Values, block) {
			if _, err := w.Write(appendFloats(buffer, t.DType, values)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeDurably replaces path by what write produces: a temporary file beside
// it, synced, renamed over it, and the folder synced.
func writeDurably(path string, write func(io.Writer) error) (err error) {
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	buffered := bufio.NewWriterSize(file, 1<<20)
	err = errors.Join(write(buffered), buffered.Flush(), file.Chmod(0o644), file.Sync(), file.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return atomicfile.SyncDir(folder)
}
