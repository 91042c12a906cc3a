package lm

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// checkFloats refuses types that widen doesn't read.
func checkFloats(dtype DType) error {
	if !slices.Contains(storedFirst, dtype) {
		return fmt.Errorf("dtype %s is not converted to float32 (F32, F16 and BF16 are)", dtype)
	}
	return nil
}

// decodeFloats widens little-endian storage to float32.
func decodeFloats(dtype DType, raw []byte) ([]float32, error) {
	if err := checkFloats(dtype); err != nil {
		return nil, err
	}
	values := make([]float32, uint64(len(raw))/dtypeBytes[dtype])
	widenInto(values, dtype, raw)
	return values, nil
}

// widenInto fills values from little-endian storage.
func widenInto(values []float32, dtype DType, raw []byte) {
	for i := range values {
		switch dtype {
		case F16:
			values[i] = halfToFloat(binary.LittleEndian.Uint16(raw[2*i:]))
		case BF16:
			values[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		default:
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	}
}

// appendFloats narrows values to dtype, rounding to nearest, ties to even.
func appendFloats(dst []byte, dtype DType, values []float32) []byte {
	for _, v := range values {
		switch dtype {
		case F16:
			dst = binary.LittleEndian.AppendUint16(dst, floatToHalf(v))
		case BF16:
			dst = binary.LittleEndian.AppendUint16(dst, floatToBrain(v))
		default:
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
		}
	}
	return dst
}

// halfToFloat widens an IEEE 754 binary16, exactly.
func halfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent, fraction := uint32(h>>10)&0x1f, uint32(h&0x3ff)
	switch exponent {
	case 0: // zero or subnormal: fraction x 2^-24
		value := float32(fraction) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(value) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// floatToHalf narrows to IEEE 754 binary16; what exceeds 65504 after rounding
// becomes infinite.
func floatToHalf(v float32) uint16 {
	b := math.Float32bits(v)
	sign, magnitude := uint16(b>>16)&0x8000, b&0x7fffffff
	switch {
	case magnitude > 0x7f800000: // NaN stays NaN, quiet
		return sign | 0x7e00 | uint16(magnitude>>13)&0x3ff
	case magnitude >= 0x47800000: // 65536 and more
		return sign | 0x7c00
	case magnitude < 0x38800000: // below 2^-14: count steps of 2^-24
		steps := math.RoundToEven(float64(math.Float32frombits(magnitude)) * (1 << 24))
		return sign | uint16(steps)
	}
	// A carry out of the fraction moves into the exponent, as it should.
	rounded := magnitude + 0xfff + magnitude>>13&1
	return sign | uint16((rounded-(127-15)<<23)>>13)
}

// floatToBrain narrows to bfloat16, the upper half of a float32.
func floatToBrain(v float32) uint16 {
	b := math.Float32bits(v)
	if b&0x7fffffff > 0x7f800000 { // rounding could turn a NaN into infinity
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}
