package lm

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The precisions that a model can compute in. In bf16 the frozen matrices are
// kept, and all activations multiplied, in bfloat16; float32 remain the weights
// that training changes, which are narrowed at each use, their gradients, the
// norms, the rotation, the softmax and the loss.
const (
	SinglePrecision = "f32"
	BrainPrecision  = "bf16"

	// DoublePrecision multiplies and adds in float64, weights stay float32: slow,
	// for telling what is rounding from what is wrong.
	DoublePrecision = "f64"
)

// Precisions lists those to train in, the default first.
var Precisions = []string{SinglePrecision, BrainPrecision}

// computeType is the type that a precision multiplies in on a backend.
func computeType(precision, backend string) (dtypes.DType, error) {
	switch precision {
	case "", SinglePrecision:
		return dtypes.Float32, nil
	case BrainPrecision:
		if backend == backendGo {
			return 0, fmt.Errorf("compute in %s on backend %s: it is for xla:cuda and xla:cpu; use %s here",
				precision, backend, SinglePrecision)
		}
		return dtypes.BFloat16, nil
	case DoublePrecision:
		return dtypes.Float64, nil
	}
	return 0, fmt.Errorf("compute in %q: unknown precision, have %v", precision, Precisions)
}

// storedType is the type that a weight of the base is kept in.
func (m *Model) storedType(spec weightSpec, which Trainable) dtypes.DType {
	if which == TrainFull || len(spec.shape) < 2 || m.Decoder.compute == dtypes.Float64 {
		return dtypes.Float32
	}
	return m.Decoder.compute
}

// widen is x in float32, or in float64 if it is that already.
func widen(x *graph.Node) *graph.Node {
	if x.DType() == dtypes.Float64 {
		return x
	}
	return graph.ConvertDType(x, dtypes.Float32)
}

// product is graph.EinsumAxes, forward and backward in the type of its operands.
// The library's own would widen bfloat16 operands, whole matrices of weights, on
// the way back.
func product(a, b *graph.Node, contracting, batch [][2]int) *graph.Node {
	return graph.Dot(a, b).WithAccumulatorDType(dtypes.InvalidDType).EinsumAxes(contracting, batch)
}

// values copies a float32 variable's numbers out of the backend.
func values(variable *model.Variable) ([]float32, error) {
	tensor, err := variable.Value()
	if err != nil {
		return nil, err
	}
	if tensor.DType() != dtypes.Float32 {
		return nil, fmt.Errorf("it was narrowed to %s for computing: load the model in %s", tensor.DType(), SinglePrecision)
	}
	return tensors.CopyFlatData[float32](tensor)
}
