package lm

// The decoder's interface, for generation and training:
//
//	hidden := decoder.Hidden(Tokens{IDs, Positions, Mask, Cache})  // [batch, time, hidden], after the final norm
//	logits := decoder.Logits(hidden)                               // [..., vocab]
//	loss   := decoder.CompletionLoss(batch, tokens)                // loss.go
//	states := decoder.States(batch)                                // [labels, hidden], for other losses
//
// All of them build graph nodes and panic with an error as GoMLX's own graph
// functions do; model.Exec turns that into its returned error. Call them inside
// a function given to model.NewExec(m.Backend, m.Store, ...). The weights are
// variables of m.Store under "/" + their Hugging Face names; LoRA's are
// "/model.layers.0.self_attn.q_proj.lora_A.weight" and so on.
// Model.Trainable lists the variables to differentiate by.

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// A Decoder builds the forward computation of a Llama-family model: token
// embedding, layers of attention and gated feed-forward around a residual
// stream, final norm, vocabulary projection (Touvron et al. 2023).
type Decoder struct {
	Config Config
	LoRA   *LoRAConfig // adapts the projections it names; nil: none

	store      *model.Store
	frozen     bool         // computes by the copies that Model.Reference made
	compute    dtypes.DType // of activations and products
	checkpoint bool         // see Options.CheckpointLayers
}

// Tokens is the input of one forward pass.
type Tokens struct {
	IDs       *graph.Node // [batch, time] int32
	Positions *graph.Node // [batch, time] int32: place in the text, from 0
	Mask      *graph.Node // [batch, time, keys] bool: may this token see this key
	Cache     KVCache     // nil: the keys are this pass's own, keys = time
	Dropout   *graph.Node // [2] uint32: decides what is dropped; nil: nothing is

	// Shared [shared] int32 is what all rows begin with, nil for nothing. It is
	// computed once, at the positions from 0, and every row sees it: the rows' own
	// positions go on from there, and keys = shared + time. Not with a cache.
	Shared *graph.Node
}

// A KVCache keeps a text's keys and values between passes. Extend takes one
// layer's new ones, keys already rotated, each [batch, kvHeads, time, headDim],
// and returns all that the new tokens may attend to, [batch, kvHeads, keys,
// headDim]. Layers call it in order, from 0.
type KVCache interface {
	Extend(layer int, k, v *graph.Node) (allK, allV *graph.Node)
}

// Hidden runs the layers and the final norm: [batch, time, hidden].
func (d *Decoder) Hidden(in Tokens) *graph.Node {
	dims := in.IDs.Shape().Dimensions
	batch, time := dims[0], dims[1]
	table := d.weight(in.IDs.Graph(), "model.embed_tokens.weight") // [vocab, hidden]
	// Within the layers the stream is flat, [tokens, hidden]: plain matrix products.
	// What the rows share stands first, then the rows.
	pass := newPass(d.Config, in)
	pass.layersAnew = d.checkpoint
	x := graph.ConvertDType(graph.Gather(table, graph.InsertAxes(pass.ids, -1)), d.compute)
	x = graph.SliceAxis(d.layers(x, pass), 0, graph.AxisRangeToEnd(pass.shared))
	x = d.norm(x, "model.norm.weight")
	return graph.Reshape(x, batch, time, d.Config.HiddenSize)
}

// layers runs all of them on x [batch*time, hidden].
func (d *Decoder) layers(x *graph.Node, p pass) *graph.Node {
	if d.checkpoint && p.Dropout != nil {
		p.Dropout = p.Dropout.Checkpoint() // the masks, too, are computed anew
	}
	for layer := range d.Config.Layers {
		if d.checkpoint {
			x = x.Checkpoint()
		}
		x = d.layer(layer, x, p)
	}
	if d.checkpoint {
		x = x.StopCheckpoint()
	}
	return x
}

// Logits projects hidden states [..., hidden] onto the vocabulary, [..., vocab]
// float32.
// It is the dearest single product of a small model: pass only the states whose
// prediction matters.
func (d *Decoder) Logits(hidden *graph.Node) *graph.Node {
	name := "lm_head.weight"
	if d.Config.TieEmbeddings {
		name = "model.embed_tokens.weight"
	}
	return widen(linear(hidden, d.matrix(hidden.Graph(), name)))
}

// layer is one pre-norm block on x [tokens, hidden].
func (d *Decoder) layer(index int, x *graph.Node, p pass) *graph.Node {
	prefix := fmt.Sprintf("model.layers.%d.", index)
	x = graph.Add(x, d.selfAttention(index, d.norm(x, prefix+"input_layernorm.weight"), p))
	return graph.Add(x, d.feedForward(prefix+"mlp.", d.norm(x, prefix+"post_attention_layernorm.weight"), p))
}

// selfAttention projects x [tokens, hidden] to heads, rotates and attends.
func (d *Decoder) selfAttention(index int, x *graph.Node, p pass) *graph.Node {
	prefix := fmt.Sprintf("model.layers.%d.self_attn.", index)
	c := d.Config
	q := graph.Reshape(d.project(x, prefix+"q_proj", p), 1, -1, c.Heads, c.HeadDim)
	k := graph.Reshape(d.project(x, prefix+"k_proj", p), 1, -1, c.KVHeads, c.HeadDim)
	v := graph.Reshape(d.project(x, prefix+"v_proj", p), 1, -1, c.KVHeads, c.HeadDim)
	if c.NormalizeHeads {
		q, k = d.norm(q, prefix+"q_norm.weight"), d.norm(k, prefix+"k_norm.weight")
	}
	return d.project(p.attend(index, p.turn(q), p.turn(k), v), prefix+"o_proj", p)
}

// feedForward is SwiGLU (Shazeer 2020): down(silu(gate x) * up x).
func (d *Decoder) feedForward(prefix string, x *graph.Node, p pass) *graph.Node {
	gate, up := d.project(x, prefix+"gate_proj", p), d.project(x, prefix+"up_proj", p)
	return d.project(swiGLU(gate, up), prefix+"down_proj", p)
}

// swiGLU is gate sigmoid(gate) up. With s = sigmoid(gate) its gradient by gate is
// (s up) (1 + gate (1 - s)): the product below brings the first factor, the
// identity the second. Grouped thus, the backward pass keeps three tensors of
// this width, the widest of a layer, and not four.
func swiGLU(gate, up *graph.Node) *graph.Node {
	gate = graph.IdentityWithCustomGradient(gate, func(gate, v *graph.Node) *graph.Node {
		return graph.Mul(v, graph.OnePlus(graph.Mul(gate, graph.OneMinus(sigmoid(gate)))))
	})
	s := graph.StopGradient(sigmoid(gate))
	return graph.Mul(gate, graph.Mul(s, up))
}

// sigmoid is 1/(1+exp(-x)), without a gradient on the Go backend. That one's own
// exponential is slow (its vector kernels leave the processor in a state in which
// math.Exp takes up to a hundred times as long); the one inside its fused softmax
// isn't: there the sigmoid is the softmax of x against 0.
func sigmoid(x *graph.Node) *graph.Node {
	if !fusesSoftmax(x) {
		return graph.Logistic(x)
	}
	pair := graph.Softmax(graph.Stack([]*graph.Node{x, graph.ZerosLike(x)}, 0), 0)
	return graph.Squeeze(graph.SliceAxis(pair, 0, graph.AxisElem(0)), 0)
}

// fusesSoftmax says whether x's backend computes a softmax as one operation.
func fusesSoftmax(x *graph.Node) bool {
	return x.Graph().Backend().Capabilities().Operations[compute.OpTypeFusedSoftmax]
}

// norm is RMSNorm over the last axis (Zhang & Sennrich 2019), with a gain.
func (d *Decoder) norm(x *graph.Node, name string) *graph.Node {
	x = widen(x)
	meanSquare := graph.ReduceAndKeep(graph.Square(x), graph.ReduceMean, -1)
	// Rsqrt has no gradient in GoMLX.
	x = graph.Div(x, graph.Sqrt(graph.AddScalar(meanSquare, d.Config.RMSNormEps)))
	gain := graph.ConvertDType(d.weight(x.Graph(), name), x.DType())
	x = graph.Mul(x, graph.ExpandLeftToRank(gain, x.Rank()))
	return graph.ConvertDType(x, d.compute)
}

// project applies the linear map of that name, with its bias and its LoRA
// update where there are any, to x [rows, in]: [rows, out].
func (d *Decoder) project(x *graph.Node, name string, p pass) *graph.Node {
	g := x.Graph()
	y := linear(x, d.matrix(g, name+".weight"))
	if d.store.GetVariable("/"+name+".bias") != nil {
		y = graph.Add(y, graph.ExpandLeftToRank(d.matrix(g, name+".bias"), 2))
	}
	if d.LoRA.adapts(name) {
		y = graph.Add(y, d.loraUpdate(x, p.Dropout, name))
	}
	return y
}

// linear is x W^T with W [out, in], the layout of Hugging Face checkpoints.
func linear(x, weight *graph.Node) *graph.Node {
	return product(x, weight, [][2]int{{-1, 1}}, nil)
}

// matrix is a weight in the type that products are computed in.
func (d *Decoder) matrix(g *graph.Graph, name string) *graph.Node {
	return graph.ConvertDType(d.weight(g, name), d.compute)
}

// weight is the variable of that name as a node of g.
func (d *Decoder) weight(g *graph.Graph, name string) *graph.Node {
	variable := d.store.GetVariable("/" + name)
	if copied := d.store.GetVariable(referenceScope + name); d.frozen && copied != nil {
		variable = copied
	}
	if variable == nil {
		panic(fmt.Errorf("build decoder: no weight %q in the model", name))
	}
	return variable.NodeValue(g)
}
