package train

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph" // graph formulas read as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"alignctl/train/lm"
)

// A LossGraph builds the loss of one micro-batch from its input tensors. noise
// [2] uint32 is what everything random in a training pass follows from; it is
// nil in an evaluation, which drops and smooths nothing.
type LossGraph func(noise *Node, inputs []*Node) LossNodes

// LossNodes are the scalars that a LossGraph yields. They are sums, not means:
// only the whole accumulated batch knows by how many to divide.
type LossNodes struct {
	Sum     *Node // of the losses of all that Count counts
	Count   *Node // what the loss is a mean over: labelled tokens, or pairs
	Metrics []NamedNode
	Each    *Node // a vector that an evaluation gives back as it is; nil: none
}

// A NamedNode is the sum of a metric over all that the loss is a mean over. A
// LossGraph always has the same ones, in the same order.
type NamedNode struct {
	Name string // as train.steps has it
	Sum  *Node  // scalar
}

// Sums are the values of LossNodes, of one micro-batch or of several.
type Sums struct {
	Loss, Count float64
	Metrics     []NamedSum
	Each        []float64 // of one micro-batch that was evaluated: LossNodes.Each
}

// A NamedSum is the value of a NamedNode.
type NamedSum struct {
	Name string
	Sum  float64
}

// Add returns the sums over both.
func (s Sums) Add(other Sums) Sums {
	sum := Sums{Loss: s.Loss + other.Loss, Count: s.Count + other.Count, Metrics: slices.Clone(other.Metrics)}
	for i, m := range s.Metrics {
		sum.Metrics[i].Sum += m.Sum
	}
	return sum
}

// Mean is the loss per labelled token or pair.
func (s Sums) Mean() float64 { return s.Loss / s.Count }

// metrics are the means of the metrics, their names with a prefix.
func (s Sums) metrics(prefix string) []metric {
	means := make([]metric, len(s.Metrics))
	for i, m := range s.Metrics {
		means[i] = metric{prefix + m.Name, m.Sum / s.Count}
	}
	return means
}

// StepperOptions say how accumulated gradients become new weights.
type StepperOptions struct {
	Optimizer AdamW
	Clip      float64 // limit of the gradients' global norm; 0: none
	LoRAPlus  float64 // learning rate of LoRA's B matrices over that of the others; 0: 1
	Value     float64 // learning rate of a value head over that of the others; 0: 1
	Seed      int64   // of what is random in a training pass

	Devices *lm.Devices // that share each micro-batch; nil: one has all of it
}

// A Stepper holds the two programs of training. Accumulate runs forward and
// backward on a micro-batch and adds the gradient of the loss *sum* to a
// buffer; Apply divides the buffer by what the loss of all micro-batches since
// the last Apply is a mean over, clips and updates the weights. So a batch of 8 gives the same
// update whether it came as 1 x 8 or 8 x 1.
//
// Weights, buffers and moments are variables of the model's store: they stay on
// the device between calls, and only a few scalars come back per micro-batch.
type Stepper struct {
	options                     StepperOptions
	slots                       []slot
	accumulate, apply, evaluate *lm.Program
	updates                     int      // optimizer steps so far
	batches                     int      // micro-batches not yet applied
	pending                     float64  // Count of those
	metrics                     []string // of the loss, once a graph has been built
}

// A slot is a trainable variable with what the optimizer keeps for it.
type slot struct {
	weight, gradient, first, second *model.Variable
	group                           group
}

// NewStepper prepares the training of weights, which are variables of the
// store. Their order decides in which order the norm is summed, hence its last
// bit. Graphs are compiled at the first call for each shape of inputs.
func NewStepper(
	backend compute.Backend, store *model.Store, weights []*model.Variable, options StepperOptions, loss LossGraph,
) (*Stepper, error) {
	s := &Stepper{options: options, slots: make([]slot, len(weights))}
	if len(weights) == 0 {
		return nil, fmt.Errorf("prepare training: the model has no trainable weight")
	}
	for i, weight := range weights {
		s.slots[i] = slot{weight: weight, group: options.groupOf(weight.Path())}
		if err := s.slots[i].fill(store, options.Devices); err != nil {
			return nil, err
		}
	}
	programs := []struct {
		program **lm.Program
		parted  int
		build   func(*model.Scope, []*Node) []*Node
	}{
		{&s.accumulate, lm.PartedInputs, s.accumulateGraph(loss)},
		{&s.apply, 0, s.applyGraph},
		{&s.evaluate, lm.PartedInputs, s.evaluateGraph(loss)},
	}
	for _, p := range programs {
		program, err := lm.NewProgram(backend, store, options.Devices, p.parted, p.build)
		if err != nil {
			return nil, fmt.Errorf("prepare training: %w", err)
		}
		*p.program = program
	}
	return s, nil
}

// stateScope holds the optimizer's variables, beside the model's own.
const stateScope = "/optimizer"

func (s *slot) fill(store *model.Store, on *lm.Devices) error {
	parts := []struct {
		name     string
		variable **model.Variable
	}{{"gradient", &s.gradient}, {"first", &s.first}, {"second", &s.second}}
	for _, part := range parts {
		path := model.JoinPath(stateScope, part.name) + s.weight.Path()
		v, err := store.CreateVariable(path, tensors.FromShape(s.weight.Shape()))
		if err != nil {
			return fmt.Errorf("make optimizer state %q: %w", path, err)
		}
		if err := on.Hold(v); err != nil {
			return fmt.Errorf("make optimizer state %q: %w", path, err)
		}
		*part.variable = v.SetTrainable(false)
	}
	return nil
}

func (s *Stepper) accumulateGraph(loss LossGraph) func(*model.Scope, []*Node) []*Node {
	return func(_ *model.Scope, inputs []*Node) []*Node {
		last := len(inputs) - 1
		out := loss(inputs[last], inputs[:last])
		weights := make([]*Node, len(s.slots))
		for i, slot := range s.slots {
			weights[i] = slot.weight.NodeValue(out.Sum)
		}
		for i, g := range Gradient(out.Sum, weights...) {
			buffer := s.slots[i].gradient
			buffer.SetNodeValue(Add(buffer.NodeValue(g), g))
		}
		return s.results(out)
	}
}

func (s *Stepper) evaluateGraph(loss LossGraph) func(*model.Scope, []*Node) []*Node {
	return func(_ *model.Scope, inputs []*Node) []*Node {
		out := loss(nil, inputs)
		if out.Each == nil {
			return s.results(out)
		}
		return append(s.results(out), asDouble(out.Each))
	}
}

// results lists what a program of a loss returns, for sums to read.
func (s *Stepper) results(n LossNodes) []*Node {
	s.metrics = make([]string, len(n.Metrics))
	all := []*Node{asDouble(n.Sum), asDouble(n.Count)}
	for i, m := range n.Metrics {
		s.metrics[i], all = m.Name, append(all, asDouble(m.Sum))
	}
	return all
}

func asDouble(n *Node) *Node { return ConvertDType(n, dtypes.Float64) }

// applyGraph takes the learning rate, both bias corrections and what to divide
// the gradients by, all scalars, and returns the gradients' global norm before clipping.
func (s *Stepper) applyGraph(_ *model.Scope, inputs []*Node) []*Node {
	dtype := s.slots[0].weight.DType()
	for i := range inputs {
		inputs[i] = ConvertDType(inputs[i], dtype)
	}
	r := rates{learning: inputs[0], bias1: inputs[1], bias2: inputs[2]}
	gradients := make([]*Node, len(s.slots))
	for i, slot := range s.slots {
		gradients[i] = Div(slot.gradient.NodeValue(r.learning), inputs[3])
	}
	norm := globalNorm(gradients)
	for i, slot := range s.slots {
		if s.options.Clip > 0 {
			gradients[i] = Mul(gradients[i], clipFactor(norm, s.options.Clip))
		}
		slot.update(s.options.Optimizer, gradients[i], r)
	}
	return []*Node{asDouble(norm)}
}

func (s slot) update(optimizer AdamW, gradient *Node, r rates) {
	r.learning = MulScalar(r.learning, s.group.rate)
	if !s.group.decay {
		optimizer.WeightDecay = 0
	}
	old := moments{s.first.NodeValue(gradient), s.second.NodeValue(gradient)}
	weight, now := optimizer.update(s.weight.NodeValue(gradient), gradient, old, r)
	s.weight.SetNodeValue(weight)
	s.first.SetNodeValue(now.first)
	s.second.SetNodeValue(now.second)
	s.gradient.SetNodeValue(ZerosLike(gradient))
}

// Accumulate adds a micro-batch's gradient to the buffer and returns its sums.
func (s *Stepper) Accumulate(inputs ...any) (Sums, error) {
	noise := tensors.FromFlatDataAndDimensions(s.noise(), 2)
	defer noise.MustFinalizeAll()
	sums, err := s.sums(s.accumulate, append(slices.Clone(inputs), noise))
	if err != nil {
		return Sums{}, fmt.Errorf("run forward and backward pass: %w", err)
	}
	s.batches++
	s.pending += sums.Count
	return sums, nil
}

// noise is a function of the seed and of the place of the next micro-batch among
// all, so that a run that goes on from a checkpoint draws as if it never stopped.
func (s *Stepper) noise() []uint32 {
	word := rand.NewPCG(uint64(s.options.Seed), uint64(s.updates)<<32|uint64(s.batches)).Uint64()
	return []uint32{uint32(word >> 32), uint32(word)}
}

// Evaluate returns a micro-batch's sums and changes nothing.
func (s *Stepper) Evaluate(inputs ...any) (Sums, error) {
	sums, err := s.sums(s.evaluate, inputs)
	if err != nil {
		return Sums{}, fmt.Errorf("run forward pass: %w", err)
	}
	return sums, nil
}

// Apply updates the weights by the accumulated gradients and empties the
// buffer. It returns the global norm that the mean gradient had before
// clipping.
func (s *Stepper) Apply(learningRate float64) (norm float64, err error) {
	if s.pending == 0 {
		return 0, fmt.Errorf("update weights: nothing to learn since the last update")
	}
	s.updates++
	bias1, bias2 := s.options.Optimizer.bias(s.updates)
	out, err := s.apply.Call(learningRate, bias1, bias2, s.pending)
	if err != nil {
		return 0, fmt.Errorf("update weights: %w", err)
	}
	s.batches, s.pending = 0, 0
	return takeScalar(out[0]), nil
}

// sums calls one of a loss's programs.
func (s *Stepper) sums(program *lm.Program, inputs []any) (Sums, error) {
	out, err := program.Call(inputs...)
	if err != nil {
		return Sums{}, err
	}
	sums := Sums{Loss: takeScalar(out[0]), Count: takeScalar(out[1])}
	for i, name := range s.metrics {
		sums.Metrics = append(sums.Metrics, NamedSum{name, takeScalar(out[2+i])})
	}
	if each := out[2+len(s.metrics):]; len(each) > 0 {
		defer each[0].MustFinalizeAll()
		sums.Each = tensors.MustCopyFlatData[float64](each[0])
	}
	return sums, nil
}

// takeScalar reads a float64 scalar and frees its buffer at once: the garbage
// collector doesn't see device memory.
func takeScalar(t *tensors.Tensor) float64 {
	defer t.MustFinalizeAll()
	return tensors.ToScalar[float64](t)
}

// Close frees the compiled programs and the optimizer's state.
func (s *Stepper) Close() error {
	for _, program := range []*lm.Program{s.accumulate, s.apply, s.evaluate} {
		program.Close()
	}
	for _, slot := range s.slots {
		for _, v := range []*model.Variable{slot.gradient, slot.first, slot.second} {
			if err := v.Reset(); err != nil {
				return fmt.Errorf("free optimizer state %q: %w", v.Path(), err)
			}
		}
	}
	return nil
}
