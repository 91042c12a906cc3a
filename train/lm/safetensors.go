package lm

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"slices"
	"strings"
)

// A DType is the element type of a stored tensor, by its safetensors name.
type DType string

// The element types that Float32 converts. Other known types are readable as
// raw bytes only.
const (
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
)

// dtypeBytes holds the width of every element type that may occur in a file.
var dtypeBytes = map[DType]uint64{
	"F64": 8, F32: 4, F16: 2, BF16: 2, "F8_E4M3": 1, "F8_E5M2": 1, "C64": 8,
	"I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}

// maxSafetensorsHeader bounds the JSON header, as the reference reader does: a
// length read from a file must not decide an allocation.
const maxSafetensorsHeader = 100 << 20

// againCure ends the messages about files whose bytes are wrong.
const againCure = "the file is damaged or cut short; fetch it again"

// A TensorInfo describes one stored tensor.
type TensorInfo struct {
	Name  string
	DType DType
	Shape []int // row-major; empty for a scalar

	begin, end uint64 // byte range within the data section
}

// Elements is the number of values: the product of the shape.
func (t TensorInfo) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Safetensors is an open safetensors file, mapped into memory and fully
// validated: every tensor lies inside the file, and the tensors cover the data
// section without overlap or hole.
//
// The format is https://huggingface.co/docs/safetensors: a little-endian
// uint64 header length, a JSON header, the data. The methods are safe for
// concurrent use until Close. The file must not shrink while it is open.
type Safetensors struct {
	path     string
	data     []byte // the data section of the mapping
	tensors  []TensorInfo
	index    map[string]int
	metadata map[string]string
	unmap    func() error
}

// OpenSafetensors opens and validates the file at path. An error names the
// file, the tensor where there is one, and the cure.
func OpenSafetensors(path string) (*Safetensors, error) {
	mapped, unmap, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("open safetensors %q: %w", path, err)
	}
	file, err := parseSafetensors(mapped)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open safetensors %q: %w", path, err), unmap())
	}
	file.path, file.unmap = path, unmap
	return file, nil
}

// parseSafetensors validates a whole file in memory.
func parseSafetensors(raw []byte) (*Safetensors, error) {
	header, data, err := splitSafetensors(raw)
	if err != nil {
		return nil, err
	}
	tensors, metadata, err := parseSafetensorsHeader(header)
	if err != nil {
		return nil, err
	}
	if err := checkLayout(tensors, uint64(len(data))); err != nil {
		return nil, err
	}
	slices.SortFunc(tensors, func(a, b TensorInfo) int { return strings.Compare(a.Name, b.Name) })
	index := make(map[string]int, len(tensors))
	for i, t := range tensors {
		index[t.Name] = i
	}
	return &Safetensors{data: data, tensors: tensors, index: index, metadata: metadata}, nil
}

// splitSafetensors finds the header by its length prefix.
func splitSafetensors(raw []byte) (header, data []byte, err error) {
	if len(raw) < 8 {
		return nil, nil, fmt.Errorf("%d bytes are too few for a header: %s", len(raw), againCure)
	}
	length := binary.LittleEndian.Uint64(raw)
	switch rest := uint64(len(raw) - 8); {
	case length > maxSafetensorsHeader:
		return nil, nil, fmt.Errorf("header of %d bytes exceeds the limit of %d: not a safetensors file",
			length, maxSafetensorsHeader)
	case length > rest:
		return nil, nil, fmt.Errorf("header of %d bytes runs past the file's end (%d bytes follow): %s",
			length, rest, againCure)
	}
	return raw[8 : 8+length], raw[8+length:], nil
}

// checkLayout proves that the tensors tile the data section: in order of
// offset each begins where the one before ends, and the last ends the file.
func checkLayout(tensors []TensorInfo, size uint64) error {
	order := slices.Clone(tensors)
	slices.SortFunc(order, func(a, b TensorInfo) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	var covered uint64
	for _, t := range order {
		switch {
		case t.end > size:
			return fmt.Errorf("tensor %q: bytes [%d, %d) end past the data section of %d bytes: %s",
				t.Name, t.begin, t.end, size, againCure)
		case t.begin < covered:
			return fmt.Errorf("tensor %q: byte %d overlaps another tensor: %s", t.Name, t.begin, againCure)
		case t.begin > covered:
			return fmt.Errorf("tensor %q: hole before it in bytes [%d, %d): %s",
				t.Name, covered, t.begin, againCure)
		}
		covered = t.end
	}
	if covered != size {
		return fmt.Errorf("%d bytes after the last tensor belong to none: %s", size-covered, againCure)
	}
	return nil
}

// byteSize is dtype x shape in bytes; ok is false for an unknown type, a
// negative dimension, or a product that overflows.
func byteSize(dtype DType, shape []int) (size uint64, ok bool) {
	size, ok = dtypeBytes[dtype]
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		hi, lo := bits.Mul64(size, uint64(d))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, false
		}
		size = lo
	}
	return size, ok
}

// Tensors lists the tensors by name. The slice must not be changed.
func (s *Safetensors) Tensors() []TensorInfo { return s.tensors }

// Metadata is the header's free text (`__metadata__`); nil when absent.
func (s *Safetensors) Metadata() map[string]string { return s.metadata }

// Info describes the tensor of that name.
func (s *Safetensors) Info(name string) (TensorInfo, bool) {
	i, ok := s.index[name]
	if !ok {
		return TensorInfo{}, false
	}
	return s.tensors[i], true
}

// Bytes is the tensor's little-endian row-major storage. It points into the
// mapping: read-only, and invalid after Close.
func (s *Safetensors) Bytes(name string) ([]byte, error) {
	info, ok := s.Info(name)
	if !ok {
		return nil, fmt.Errorf("read safetensors %q: no tensor %q", s.path, name)
	}
	return s.data[info.begin:info.end:info.end], nil
}

// Float32 copies the tensor's values, row-major, widened to float32. The
// tensor's type must be F32, F16 or BF16.
func (s *Safetensors) Float32(name string) ([]float32, error) {
	raw, err := s.Bytes(name)
	if err != nil {
		return nil, err
	}
	info, _ := s.Info(name)
	values, err := decodeFloats(info.DType, raw)
	if err != nil {
		return nil, fmt.Errorf("read safetensors %q: tensor %q: %w", s.path, name, err)
	}
	return values, nil
}

// Close unmaps the file. Slices from Bytes must no longer be used.
func (s *Safetensors) Close() error {
	if s.unmap == nil {
		return nil
	}
	unmap := s.unmap
	s.unmap, s.data = nil, nil
	if err := unmap(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close safetensors %q: %w", s.path, err)
	}
	return nil
}
