package lm

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// noiseSteps is how many values noise has.
const noiseSteps = 1 << 24

// noise is an integer in [0, noiseSteps) for each index [rows, columns] uint32,
// int32, every value equally likely. It is a function of the index and of two
// words, low and high, that broadcast to its shape, and of nothing else: no
// generator's state needs to be kept. The words should come from a hash, as
// those of different draws must differ in many bits. The mixing steps are
// MurmurHash3's.
func noise(index, low, high *graph.Node) *graph.Node {
	dims := index.Shape().Dimensions
	bits := graph.Add(graph.MulScalar(index, uint32(0x9E3779B1)), graph.BroadcastToDims(low, dims...))
	bits = graph.MulScalar(foldRight(bits, 16), uint32(0x85EBCA6B))
	bits = graph.BitwiseXor(bits, graph.BroadcastToDims(high, dims...))
	bits = graph.MulScalar(foldRight(bits, 13), uint32(0xC2B2AE35))
	bits = graph.BitwiseShiftRightLogicalScalar(foldRight(bits, 16), 8)
	return graph.ConvertDType(bits, dtypes.Int32)
}

// foldRight is x xor (x >> n).
func foldRight(x *graph.Node, n int) *graph.Node {
	return graph.BitwiseXor(x, graph.BitwiseShiftRightLogicalScalar(x, n))
}

// dropout sets each value of x [rows, columns] to zero with probability rate and
// divides the others by 1-rate, so that the mean stays (Srivastava et al. 2014).
// What is dropped follows from key [2] uint32, the name of the place, and the
// value's own place in x.
func dropout(x, key *graph.Node, name string, rate float64) *graph.Node {
	g, place := x.Graph(), hashName(name)
	word := func(i int) *graph.Node { return graph.Reshape(graph.SliceAxis(key, 0, graph.AxisElem(i)), 1, 1) }
	low := graph.AddScalar(word(0), uint32(place))
	high := graph.BitwiseXor(word(1), graph.Const(g, [][]uint32{{uint32(place >> 32)}}))
	dims := x.Shape().Dimensions
	index := graph.Reshape(graph.Iota(g, shapes.Make(dtypes.Uint32, dims[0]*dims[1]), 0), dims...)
	limit := graph.Scalar(g, dtypes.Int32, int32(rate*noiseSteps))
	kept := graph.GreaterOrEqual(noise(index, low, high), limit)
	return graph.Where(kept, graph.MulScalar(x, 1/(1-rate)), graph.ZerosLike(x))
}
