package lm

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// masked is the score of a key that a query may not see: its weight underflows
// to zero, and a query that may see none (padding) gets a finite average.
const masked = -1e30

// attend is softmax(q k^T / sqrt(headDim)) v (Vaswani et al. 2017), each key
// head serving a group of query heads (Ainslie et al. 2023). The group joins the
// time axis, so that keys and values are never repeated.
//
//	q     [batch, time, heads, headDim]
//	k, v  [batch, kvHeads, keys, headDim]
//	mask  [batch, time, keys] bool: may this query see this key
//
// It returns [batch, time, heads*headDim].
func attend(q, k, v, mask *graph.Node) *graph.Node {
	dims := q.Shape().Dimensions
	batch, time, heads, dim := dims[0], dims[1], dims[2], dims[3]
	kvHeads, keys := k.Shape().Dimensions[1], k.Shape().Dimensions[2]
	group := heads / kvHeads

	q = graph.MulScalar(q, 1/math.Sqrt(float64(dim)))
	q = graph.Reshape(q, batch, time, kvHeads, group, dim)
	q = graph.Reshape(graph.TransposeAllAxes(q, 0, 2, 3, 1, 4), batch, kvHeads, group*time, dim)

	perHead := [][2]int{{0, 0}, {1, 1}}
	scores := widen(product(q, k, [][2]int{{3, 3}}, perHead)) // [batch, kvHeads, group*time, keys]
	scores = graph.Reshape(scores, batch, kvHeads, group, time, keys)
	seen := graph.BroadcastToDims(graph.Reshape(mask, batch, 1, 1, time, keys), scores.Shape().Dimensions...)
	scores = graph.Where(seen, scores, graph.Scalar(q.Graph(), scores.DType(), masked))
	weights := graph.Reshape(graph.ConvertDType(softmax(scores), v.DType()), batch, kvHeads, group*time, keys)

	mixed := product(weights, v, [][2]int{{3, 2}}, perHead) // [batch, kvHeads, group*time, dim]
	mixed = graph.TransposeAllAxes(graph.Reshape(mixed, batch, kvHeads, group, time, dim), 0, 3, 1, 2, 4)
	return graph.Reshape(mixed, batch, time, heads*dim)
}

// softmax is graph.Softmax over the last axis with its gradient written by the
// result, p (v - sum p v): the library's own would compute the exponentials of a
// fused softmax a second time. The two mentions of p are one computation, unless
// a checkpoint hands in scores that were computed anew.
func softmax(x *graph.Node) *graph.Node {
	carrier := graph.IdentityWithCustomGradient(x, func(x, v *graph.Node) *graph.Node {
		p := graph.Softmax(x, -1)
		pv := graph.Mul(p, v)
		return graph.Sub(pv, graph.Mul(p, graph.ReduceAndKeep(pv, graph.ReduceSum, -1)))
	})
	zero := graph.Sub(carrier, graph.StopGradient(carrier))
	return graph.Add(graph.StopGradient(graph.Softmax(carrier, -1)), zero)
}

// CausalMask lets a token see itself and, of what came before it in its row,
// the tokens that reach as far. ends [batch, time] int32 is how far each one
// reaches: the place in the row after the last token that may see it. The
// interval says all that rows of texts need (Wang et al. 2024, FlashMask, have
// the same by columns):
//
//	one text a row  the row's length, and 0 for padding, which no one sees
//	packed texts    the end of the token's own text
//	trees of texts  the end of the last branch that grows from the token: what
//	                branches share stands once, before them
//
// It returns [batch, time, time] bool.
func CausalMask(ends *graph.Node) *graph.Node {
	g, dims := ends.Graph(), ends.Shape().Dimensions
	batch, time := dims[0], dims[1]
	square := shapes.Make(ends.DType(), batch, time, time)
	query, key := graph.Iota(g, square, 1), graph.Iota(g, square, 2)
	end := graph.BroadcastToDims(graph.Reshape(ends, batch, 1, time), square.Dimensions...)
	return graph.LogicalAnd(graph.LessOrEqual(key, query), graph.LessThan(query, end))
}

// afterShared widens a mask [batch, time, keys] by keys in front that all see:
// [batch, time, shared+keys].
func afterShared(shared int, mask *graph.Node) *graph.Node {
	dims := mask.Shape().Dimensions
	seen := graph.Ones(mask.Graph(), shapes.Make(dtypes.Bool, dims[0], dims[1], shared))
	return graph.Concatenate([]*graph.Node{seen, mask}, 2)
}
