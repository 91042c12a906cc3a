package lm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// longRows are two rows of 300 queries, of 4 heads over 2 of keys, behind 40
// keys that all see; in the first, two texts share the row.
type longRows struct{ q, k, v, ends *tensors.Tensor }

const longTime, longShared, longDim = 300, 40, 8

func newLongRows() longRows {
	random := rand.New(rand.NewPCG(7, 7))
	draw := func(dims ...int) *tensors.Tensor {
		size := 1
		for _, d := range dims {
			size *= d
		}
		values := make([]float32, size)
		for i := range values {
			values[i] = float32(random.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(values, dims...)
	}
	ends := make([]int32, 2*longTime)
	fill(ends, longTime)
	fill(ends[:130], 130)
	return longRows{q: draw(2, longTime, 4, longDim), k: draw(2, 2, longShared+longTime, longDim),
		v: draw(2, 2, longShared+longTime, longDim), ends: tensors.FromFlatDataAndDimensions(ends, 2, longTime)}
}

// run gives what attention mixes, and its gradients by q, k and v.
func (l longRows) run(t *testing.T, backend compute.Backend, attention func(q, k, v, mask *graph.Node) *graph.Node) [][]float32 {
	t.Helper()
	out, err := graph.CallOnceN(backend, func(q, k, v, ends *graph.Node) []*graph.Node {
		y := attention(q, k, v, afterShared(longShared, CausalMask(ends)))
		loss := graph.ReduceAllSum(graph.Mul(y, graph.Sin(graph.IotaFull(y.Graph(), y.Shape()))))
		return append([]*graph.Node{y}, graph.Gradient(loss, q, k, v)...)
	}, l.q, l.k, l.v, l.ends)
	if err != nil {
		t.Fatal(err)
	}
	values := make([][]float32, len(out))
	for i, tensor := range out {
		values[i] = tensors.MustCopyFlatData[float32](tensor)
	}
	return values
}

// A row that is longer than a block of queries mixes what it would in one piece,
// and has the same gradients, whether its blocks or its layers are computed anew.
func TestLongRowsInBlocks(t *testing.T) {
	eachBackend(t, func(t *testing.T, name string) {
		backend, err := startBackend(name)
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Finalize()
		rows := newLongRows()
		whole := rows.run(t, backend, attend)
		for _, layersAnew := range []bool{false, true} {
			blocks := rows.run(t, backend, pass{layersAnew: layersAnew}.attendInOrder)
			for i := range whole {
				for j, want := range whole[i] {
					if math.Abs(float64(blocks[i][j]-want)) > 2e-6*(1+math.Abs(float64(want))) {
						t.Fatalf("layers anew %v: output %d, value %d is %g, in one piece %g", layersAnew, i, j, blocks[i][j], want)
					}
				}
			}
		}
	})
}
