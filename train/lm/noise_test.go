package lm

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

const (
	dropRows, dropColumns = 200, 100
	dropRate              = 0.3
)

var oneKey = []uint32{0x6a09e667, 0xbb67ae85}

// drop runs dropout on ones: the result, and the gradient of its sum by x.
func drop(t *testing.T, backendName string, key []uint32, name string) (dropped, gradient []float32) {
	t.Helper()
	backend, err := startBackend(backendName)
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	ones := make([]float32, dropRows*dropColumns)
	fill(ones, 1)
	x := tensors.FromFlatDataAndDimensions(ones, dropRows, dropColumns)
	out, err := graph.CallOnceN(backend, func(x, key *graph.Node) (y, dx *graph.Node) {
		y = dropout(x, key, name, dropRate)
		return y, graph.Gradient(graph.ReduceAllSum(y), x)[0]
	}, x, key)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
}

// A mask follows from its key and name, keeps the share that it should, scales
// what it keeps, and lets the gradient through there only.
func TestDropout(t *testing.T) {
	masks := map[string][]float32{}
	eachBackend(t, func(t *testing.T, backend string) {
		y, dx := drop(t, backend, oneKey, "q")
		masks[backend] = y
		var kept int
		for i := range y {
			if y[i] != 0 {
				kept++
			}
			if y[i] != 0 && math.Abs(float64(y[i])-1/(1-dropRate)) > 1e-6 || dx[i] != y[i] {
				t.Fatalf("value %d is %g with gradient %g", i, y[i], dx[i])
			}
		}
		n := float64(len(y))
		deviation := math.Sqrt(n * dropRate * (1 - dropRate))
		if expected := n * (1 - dropRate); math.Abs(float64(kept)-expected) > 4*deviation {
			t.Errorf("%d of %g values kept, want about %g", kept, n, expected)
		}
		again, _ := drop(t, backend, oneKey, "q")
		if !slices.Equal(again, y) {
			t.Error("the same key gave another mask")
		}
		for _, other := range [][]float32{first(drop(t, backend, []uint32{0x3c6ef372, oneKey[1]}, "q")),
			first(drop(t, backend, []uint32{oneKey[0], 0xa54ff53a}, "q")), first(drop(t, backend, oneKey, "v"))} {
			if differ := differences(y, other) / (2 * n * dropRate * (1 - dropRate)); math.Abs(differ-1) > 0.1 {
				t.Errorf("another key or name differs in %g of the places that independent masks would", differ)
			}
		}
	})
	if len(masks) == 2 && !slices.Equal(masks[backendGo], masks[backendCPU]) {
		t.Error("the backends drop different values")
	}
}

func first(y, _ []float32) []float32 { return y }

func differences(a, b []float32) (n float64) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}
