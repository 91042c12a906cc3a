package train

import (
	"context"
	"fmt"
	"time"

	"github.com/gomlx/gomlx/core/tensors"

	"alignctl/train/batch"
)

// A MicroBatch is the input of one forward and backward pass.
type MicroBatch struct {
	Inputs   []any          // tensors, in the order of the method's LossGraph
	Examples []string       // ids of the examples in it
	Tokens   int            // without padding
	Labels   int            // of these, those that the loss counts
	After    batch.Position // of the micro-batch that follows
}

// A Source yields micro-batches, epoch after epoch, without end.
type Source interface {
	Next(ctx context.Context) (MicroBatch, error)
}

// A descent is the step of the methods that learn from a data set as it is: a
// loss's gradient is accumulated over micro-batches, and the weights updated.
type descent struct {
	accumulate int // micro-batches in a step
	feed       *batch.Feed
	stepper    *Stepper
	train      Source
	dev        []MicroBatch // evaluated whole, in this order
}

// step runs the micro-batches of a step and updates the weights.
func (d *descent) step(ctx context.Context, rate float64) (stepped, error) {
	var s stepped
	var sums Sums
	for range d.accumulate {
		start := time.Now()
		micro, err := d.train.Next(ctx)
		s.waited += time.Since(start).Seconds()
		if err != nil {
			return stepped{}, err
		}
		more, err := d.stepper.Accumulate(micro.Inputs...)
		if err != nil {
			return stepped{}, err
		}
		sums, s.tokens, s.trained, s.after = sums.Add(more), s.tokens+micro.Tokens, s.trained+micro.Labels, micro.After
		s.examples = append(s.examples, micro.Examples...)
	}
	return d.update(s, sums, rate)
}

// update makes new weights of what a step accumulated.
func (d *descent) update(s stepped, sums Sums, rate float64) (stepped, error) {
	if !finite(sums.Loss) {
		return stepped{}, faulty("the loss", sums.Loss, s.examples)
	}
	norm, err := d.stepper.Apply(rate)
	if err != nil {
		return stepped{}, err
	}
	if !finite(norm) {
		return stepped{}, faulty("the norm of the gradients", norm, s.examples)
	}
	s.loss = sums.Mean()
	s.metrics = append(sums.metrics(""), metric{"grad_norm", norm})
	return s, nil
}

// evaluate measures the loss on the dev split.
func (d *descent) evaluate(context.Context) (evaluation, error) {
	return d.evaluateEach(func(MicroBatch, Sums) {})
}

// evaluateEach does that and shows what each micro-batch gave.
func (d *descent) evaluateEach(show func(MicroBatch, Sums)) (evaluation, error) {
	if len(d.dev) == 0 {
		return evaluation{}, nil
	}
	var total Sums
	for _, batch := range d.dev {
		sums, err := d.stepper.Evaluate(batch.Inputs...)
		if err != nil {
			return evaluation{}, err
		}
		show(batch, sums)
		total = total.Add(sums)
	}
	if !finite(total.Loss) {
		return evaluation{}, fmt.Errorf("the loss on the dev split is %g: lower --lr", total.Loss)
	}
	return evaluation{loss: total.Mean(), metrics: append(total.metrics("eval_"), metric{"eval_loss", total.Mean()}),
		remark: fmt.Sprintf("dev %.3f", total.Mean())}, nil
}

// measure times the second pass over a micro-batch: the first one compiles.
func (d *descent) measure(ctx context.Context) (float64, error) {
	batch, err := d.train.Next(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := d.stepper.Accumulate(batch.Inputs...); err != nil {
		return 0, err
	}
	start := time.Now()
	if _, err := d.stepper.Accumulate(batch.Inputs...); err != nil {
		return 0, err
	}
	return float64(batch.Tokens) / time.Since(start).Seconds(), ctx.Err()
}

// keep writes the optimizer's state.
func (d *descent) keep(folder string) error { return d.stepper.saveMoments(folder) }

// restore reads it back.
func (d *descent) restore(folder string, steps int) error { return d.stepper.restore(folder, steps) }

// close ends the work ahead.
func (d *descent) close() {
	if source, ok := d.train.(*feedSource); ok {
		source.Close()
	}
}

// A feedSource gives a feed's batches, made ahead, to a descent. A micro-batch
// lives until the next: its tensors are freed then, for the garbage collector
// doesn't see device memory.
type feedSource struct {
	ahead  *batch.Ahead
	inputs inputs
	last   MicroBatch
}

// inputs are the tensors of a batch, in the order of a method's LossGraph.
type inputs func(batch.Batch) []any

// batchesAhead is how many are made before they are asked for.
const batchesAhead = 4

// newFeedSource takes a feed over. Close the source.
func newFeedSource(feed *batch.Feed, in inputs) *feedSource {
	return &feedSource{ahead: batch.NewAhead(feed, batchesAhead), inputs: in}
}

// Next gives the next micro-batch.
func (s *feedSource) Next(ctx context.Context) (MicroBatch, error) {
	for _, input := range s.last.Inputs {
		if err := input.(*tensors.Tensor).FinalizeAll(); err != nil {
			return MicroBatch{}, fmt.Errorf("free micro-batch: %w", err)
		}
	}
	s.last = MicroBatch{}
	b, err := s.ahead.Next(ctx)
	if err != nil {
		return MicroBatch{}, err
	}
	s.last = microBatch(b, s.inputs)
	return s.last, nil
}

// Close ends the work ahead.
func (s *feedSource) Close() { s.ahead.Close() }

// evalShapes is how many shapes the dev split comes in: it is small.
const evalShapes = 2

// heldOut is a set once, as micro-batches that stay on the device.
func heldOut(set *batch.Set, o batch.Options, in inputs) ([]MicroBatch, error) {
	if set.Len() == 0 {
		return nil, nil
	}
	o.Shapes = evalShapes
	batches, err := batch.Once(set, o)
	if err != nil {
		return nil, err
	}
	dev := make([]MicroBatch, len(batches))
	for i, b := range batches {
		dev[i] = microBatch(b, in)
	}
	return dev, nil
}

func microBatch(b batch.Batch, in inputs) MicroBatch {
	return MicroBatch{Examples: b.Examples, Tokens: b.Tokens, Labels: b.Labels, After: b.After, Inputs: in(b)}
}

// textInputs are the inputs of lm.NewBatch.
func textInputs(b batch.Batch) []any { return b.Layout().Tensors() }
