package lm

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// inverseFrequencies are the angles by which one position turns each pair of a
// head's coordinates: theta^(-2i/dim) (Su et al. 2021, RoFormer). With Llama 3's
// scaling, long waves are stretched by the factor, short ones kept, and those
// between blended. Every step rounds to float32 where the reference does: an
// error of one bit would grow with the position to a visible angle.
func inverseFrequencies(c Config) []float32 {
	frequencies := make([]float32, c.HeadDim/2)
	for i := range frequencies {
		exponent := float64(float32(2*i) / float32(c.HeadDim))
		frequencies[i] = 1 / float32(math.Pow(c.RopeTheta, exponent))
		if c.RopeScaling != nil {
			frequencies[i] = c.RopeScaling.stretch(frequencies[i])
		}
	}
	return frequencies
}

// stretch is Llama 3's scaling of one frequency.
func (s *RopeScaling) stretch(frequency float32) float32 {
	original := float32(s.OriginalMaxEmbeddings)
	low, high, factor := float32(s.LowFreqFactor), float32(s.HighFreqFactor), float32(s.Factor)
	wavelength := 2 * math.Pi / frequency
	switch {
	case wavelength > original/low:
		return frequency / factor
	case wavelength < original/high:
		return frequency
	}
	smooth := (original/wavelength - low) / (high - low)
	return (1-smooth)*frequency/factor + smooth*frequency
}

// rotation holds the cosines and sines for the positions of one call.
type rotation struct {
	cos, sin *graph.Node // [batch, time, 1, headDim/2]
}

// newRotation builds the angles of positions [batch, time].
func newRotation(c Config, positions *graph.Node) rotation {
	dims := positions.Shape().Dimensions
	at := graph.Reshape(graph.ConvertDType(positions, dtypes.Float32), dims[0], dims[1], 1, 1)
	frequencies := graph.Const(positions.Graph(), inverseFrequencies(c))
	angles := graph.Mul(at, graph.Reshape(frequencies, 1, 1, 1, c.HeadDim/2))
	// Without the barrier XLA computes them anew for each element that they turn,
	// in every layer.
	tables := graph.OptimizationBarriers(graph.Cos(angles), graph.Sin(angles))
	return rotation{cos: tables[0], sin: tables[1]}
}

// turn rotates each pair (i, i + headDim/2) of x [batch, time, heads, headDim],
// the layout of pairs in Hugging Face checkpoints.
func (r rotation) turn(x *graph.Node) *graph.Node {
	half, dtype := x.Shape().Dimensions[3]/2, x.DType()
	x = widen(x)
	cos, sin := graph.ConvertDType(r.cos, x.DType()), graph.ConvertDType(r.sin, x.DType())
	front := graph.SliceAxis(x, 3, graph.AxisRangeFromStart(half))
	back := graph.SliceAxis(x, 3, graph.AxisRangeToEnd(half))
	turned := graph.Concatenate([]*graph.Node{
		graph.Sub(graph.Mul(front, cos), graph.Mul(back, sin)),
		graph.Add(graph.Mul(back, cos), graph.Mul(front, sin)),
	}, 3)
	return graph.ConvertDType(turned, dtype)
}
