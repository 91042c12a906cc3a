package lm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// metadataKey is the one header key that names no tensor.
const metadataKey = "__metadata__"

// headerEntry is a tensor's value in the JSON header.
type headerEntry struct {
	DType   DType    `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets []uint64 `json:"data_offsets"`
}

// parseSafetensorsHeader reads the header strictly: one object, no key twice,
// no unknown field, nothing after it but blanks. encoding/json alone would let
// a second definition of a tensor win in silence, so keys are read one by one.
func parseSafetensorsHeader(header []byte) ([]TensorInfo, map[string]string, error) {
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, errors.New("header does not begin with '{': not a safetensors file")
	}
	if !utf8.Valid(header) { // else names could be told apart in the file and not here
		return nil, nil, fmt.Errorf("header is not UTF-8: %s", againCure)
	}
	dec := json.NewDecoder(bytes.NewReader(header))
	dec.DisallowUnknownFields()
	if _, err := dec.Token(); err != nil {
		return nil, nil, fmt.Errorf("read header: %w", err)
	}
	var tensors []TensorInfo
	var metadata map[string]string
	seen := map[string]bool{}
	for dec.More() {
		key, err := headerKey(dec, seen)
		if err != nil {
			return nil, nil, err
		}
		if key == metadataKey {
			err = dec.Decode(&metadata)
		} else {
			var info TensorInfo
			info, err = decodeEntry(dec, key)
			tensors = append(tensors, info)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", key, err)
		}
	}
	return tensors, metadata, endOfHeader(dec)
}

// headerKey reads the next key and refuses one seen before.
func headerKey(dec *json.Decoder, seen map[string]bool) (string, error) {
	token, err := dec.Token()
	if err != nil {
		return "", fmt.Errorf("read header: %w", err)
	}
	key, ok := token.(string)
	if !ok || seen[key] {
		return "", fmt.Errorf("tensor %q: named twice: %s", key, againCure)
	}
	seen[key] = true
	return key, nil
}

// decodeEntry reads one tensor's description and checks that its type and
// shape give exactly the bytes it claims.
func decodeEntry(dec *json.Decoder, name string) (TensorInfo, error) {
	var entry headerEntry
	if err := dec.Decode(&entry); err != nil {
		return TensorInfo{}, fmt.Errorf("read header: %w", err)
	}
	if _, known := dtypeBytes[entry.DType]; !known {
		return TensorInfo{}, fmt.Errorf("unknown dtype %q: convert the weights to F32, F16 or BF16", entry.DType)
	}
	if entry.Shape == nil || len(entry.Offsets) != 2 {
		return TensorInfo{}, fmt.Errorf("shape or the two data_offsets are missing: %s", againCure)
	}
	begin, end := entry.Offsets[0], entry.Offsets[1]
	size, ok := byteSize(entry.DType, entry.Shape)
	if !ok {
		return TensorInfo{}, fmt.Errorf("shape %v has no valid size: %s", entry.Shape, againCure)
	}
	if end < begin || end-begin != size {
		return TensorInfo{}, fmt.Errorf("%s %v needs %d bytes but its range is [%d, %d): %s",
			entry.DType, entry.Shape, size, begin, end, againCure)
	}
	return TensorInfo{Name: name, DType: entry.DType, Shape: entry.Shape, begin: begin, end: end}, nil
}

// endOfHeader checks the closing brace and that only blanks follow it.
func endOfHeader(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("read header: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("text after the header's object: %s", againCure)
	}
	return nil
}
