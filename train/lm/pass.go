package lm

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// A pass is what the layers of one forward pass have in common: where each token
// of the flat stream stands and what it sees. The stream is the tokens that all
// rows share, if any, and then the rows one after another.
type pass struct {
	Tokens
	rotation               // of the stream
	ids        *graph.Node // [tokens] of the stream
	shared     int         // tokens before the rows
	sharedMask *graph.Node // [1, shared, shared] bool
	batch      int
	time       int
	layersAnew bool // the way back computes each layer anew: see Options.CheckpointLayers
}

func newPass(c Config, in Tokens) pass {
	dims := in.IDs.Shape().Dimensions
	p := pass{Tokens: in, batch: dims[0], time: dims[1], ids: graph.Reshape(in.IDs, -1)}
	positions := graph.Reshape(in.Positions, 1, -1)
	if in.Shared != nil {
		p.shared = in.Shared.Shape().Dimensions[0]
		first := graph.Iota(in.IDs.Graph(), shapes.Make(positions.DType(), 1, p.shared), 1)
		p.sharedMask = CausalMask(graph.MulScalar(graph.OnesLike(first), p.shared))
		p.ids = graph.Concatenate([]*graph.Node{in.Shared, p.ids}, 0)
		positions = graph.Concatenate([]*graph.Node{first, positions}, 1)
	}
	p.rotation = newRotation(c, positions)
	return p
}

// rows cuts a tensor of the stream, [1, tokens, heads, headDim], into the part
// that the rows share, nil for none, and the rows, [batch, time, heads, headDim].
func (p pass) rows(x *graph.Node) (shared, rows *graph.Node) {
	dims := x.Shape().Dimensions
	if p.shared > 0 {
		shared = graph.SliceAxis(x, 1, graph.AxisRangeFromStart(p.shared))
		x = graph.SliceAxis(x, 1, graph.AxisRangeToEnd(p.shared))
	}
	return shared, graph.Reshape(x, p.batch, p.time, dims[2], dims[3])
}

// attend lets the stream's tokens see what they may: q [1, tokens, heads,
// headDim], k and v [1, tokens, kvHeads, headDim]. Keys and values of the shared
// part get their gradient from all rows. It returns [tokens, heads*headDim].
func (p pass) attend(layer int, q, k, v *graph.Node) *graph.Node {
	sharedQ, rowsQ := p.rows(q)
	sharedK, rowsK := p.rows(k)
	sharedV, rowsV := p.rows(v)
	rowsK, rowsV = byHead(rowsK), byHead(rowsV)
	if p.Cache != nil {
		rowsK, rowsV = p.Cache.Extend(layer, rowsK, rowsV)
		return flat(attend(rowsQ, rowsK, rowsV, p.Mask))
	}
	if p.shared == 0 {
		return flat(p.attendInOrder(rowsQ, rowsK, rowsV, p.Mask))
	}
	sharedK, sharedV = byHead(sharedK), byHead(sharedV)
	rowsK, rowsV = inFront(sharedK, rowsK), inFront(sharedV, rowsV)
	return graph.Concatenate([]*graph.Node{
		flat(p.attendInOrder(sharedQ, sharedK, sharedV, p.sharedMask)),
		flat(p.attendInOrder(rowsQ, rowsK, rowsV, p.Mask)),
	}, 0)
}

// queryBlock is how many queries of a row meet their keys at a time.
const queryBlock = 128

// attendInOrder is attend where the row's own keys are the last ones, in the
// order of its queries: a block of queries meets no key behind it, which nearly
// halves the work of a long row. What a block computes is not kept for the way
// back but computed anew there: scores grow with the square of the row, and
// fetching them costs more time than making them (Dao et al. 2022). Where whole
// layers are computed anew, this part of them already is.
func (p pass) attendInOrder(q, k, v, mask *graph.Node) *graph.Node {
	time := q.Shape().Dimensions[1]
	if time <= queryBlock {
		return attend(q, k, v, mask)
	}
	before := k.Shape().Dimensions[2] - time
	if !p.layersAnew {
		q, k, v = q.Checkpoint(), k.Checkpoint(), v.Checkpoint()
	}
	var blocks []*graph.Node
	for start := 0; start < time; start += queryBlock {
		end := min(start+queryBlock, time)
		queries, keys := graph.AxisRange(start, end), graph.AxisRange(0, before+end)
		seen := graph.SliceAxis(graph.SliceAxis(mask, 1, queries), 2, keys)
		block := attend(graph.SliceAxis(q, 1, queries), graph.SliceAxis(k, 2, keys), graph.SliceAxis(v, 2, keys), seen)
		if !p.layersAnew {
			block = block.StopCheckpoint()
		}
		blocks = append(blocks, block)
	}
	return graph.Concatenate(blocks, 1)
}

// byHead turns [batch, time, heads, headDim] to [batch, heads, time, headDim].
func byHead(x *graph.Node) *graph.Node { return graph.TransposeAllAxes(x, 0, 2, 1, 3) }

// inFront puts keys or values that all rows share, [1, heads, shared, headDim],
// before the rows' own, [batch, heads, time, headDim].
func inFront(shared, rows *graph.Node) *graph.Node {
	dims := shared.Shape().Clone().Dimensions
	dims[0] = rows.Shape().Dimensions[0]
	return graph.Concatenate([]*graph.Node{graph.BroadcastToDims(shared, dims...), rows}, 2)
}

// flat joins the first two axes of [batch, time, width].
func flat(x *graph.Node) *graph.Node { return graph.Reshape(x, -1, x.Shape().Dimensions[2]) }
