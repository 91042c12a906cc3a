package lm

// Training is what decides the memory of training: the largest micro-batch, and
// what is trained.
type Training struct {
	LoRA   *LoRAConfig // nil: every weight is trained
	Rows   int         // of the micro-batch
	Width  int         // tokens in a row, padding included
	Labels int         // tokens that meet the vocabulary projection

	CheckpointLayers bool   // see Options
	Precision        string // one of Precisions; "": float32
	Backend          string // as OpenBackend names it; "": unknown, and taken for a GPU
}

// A Footprint is the memory that training takes, in bytes, by what fills it.
type Footprint struct {
	Weights     int64 // the base model's, and the adapter's
	Optimizer   int64 // of what is trained: see Footprint
	Activations int64 // what the forward pass leaves for the backward pass
	Logits      int64 // scores over the vocabulary, their softmax and their gradient
	Process     int64 // the program, its session with the lake, compilation
}

// Total is the sum.
func (f Footprint) Total() int64 {
	return f.Weights + f.Optimizer + f.Activations + f.Logits + f.Process
}

const (
	floatBytes   = 4
	brainBytes   = 2 // of a bfloat16
	processBytes = 300 << 20
)

// Footprint estimates the memory of training a model of this shape. bf16 narrows
// the base's matrices under an adapter; activations count as float32 all the same.
// On xla:cpu it spares nothing, and CheckpointLayers doesn't either beside it: the
// process's heap keeps what the kernels took (measured: train/lm/DESIGN.md).
//
// With h, f, q, kv the widths of stream, feed-forward layer, queries and keys, a
// token leaves in a layer
//
//	4h + q + 2kv + 3f + 2 heads width
//
// floats: the stream before and after each norm, what attention mixes, its
// scores and their softmax, and three products of the gated layer. Rows longer
// than a block of queries leave no scores, but work on those of a block, their
// softmax and the gradients of both (see attendInOrder). Where weights
// are trained too, the inputs of their products stay besides: 2h + q + f. What is
// trained has six more floats: its gradient of the pass, the accumulated one
// before and after it is added, two moments, and a copy on its way to the disk.
// With CheckpointLayers a layer leaves h alone, and one layer at a time has all.
func (c Config) Footprint(t Training) Footprint {
	if t.Precision == BrainPrecision && IsCPU(t.Backend) {
		t.Precision, t.CheckpointLayers = SinglePrecision, false
	}
	tokens := int64(t.Rows) * int64(t.Width)
	queries, keys := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	kept := 4*c.HiddenSize + queries + 2*keys + 3*c.IntermediateSize
	scores := 0 // of a block
	if t.Width > queryBlock && !t.CheckpointLayers {
		scores = 4 * t.Rows * c.Heads * queryBlock * t.Width
	} else {
		kept += 2 * c.Heads * t.Width
	}
	trained, weights := elements(c.weights()), floatBytes*elements(c.weights())
	if t.LoRA == nil {
		kept += 2*c.HiddenSize + queries + c.IntermediateSize
	} else {
		trained = elements(t.LoRA.loraWeights(c))
		weights = frozenBytes(c.weights(), t.Precision) + floatBytes*trained
	}
	left := c.Layers * kept
	if t.CheckpointLayers {
		left = c.Layers*c.HiddenSize + kept
	}
	return Footprint{
		Weights:     weights,
		Optimizer:   floatBytes * 6 * trained,
		Activations: floatBytes * (tokens*int64(left) + int64(scores)),
		Logits:      floatBytes * 3 * int64(t.Labels) * int64(c.VocabSize),
		Process:     processBytes,
	}
}

// elements is the number of values of all tensors.
func elements(specs []weightSpec) (n int64) {
	for _, spec := range specs {
		n += int64(spec.elements())
	}
	return n
}

// frozenBytes is what weights take that aren't trained: in bf16 the matrices are
// kept narrow.
func frozenBytes(specs []weightSpec, precision string) (n int64) {
	for _, spec := range specs {
		size := int64(floatBytes)
		if precision == BrainPrecision && len(spec.shape) > 1 {
			size = brainBytes
		}
		n += size * int64(spec.elements())
	}
	return n
}
