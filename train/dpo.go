package train

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"

	"alignctl/train/batch"
)

// DPOOptions are the settings of direct preference optimization (Rafailov et al.
// 2023): a model learns to prefer the chosen answer of a pair to the rejected
// one, more than the model that it starts from does.
type DPOOptions struct {
	Options

	Beta             float64 `json:"beta"`              // how much leaving the reference costs
	Loss             string  `json:"loss"`              // of PreferenceLosses
	LabelSmoothing   float64 `json:"label_smoothing"`   // share of the pairs taken to be labelled wrong
	LengthNormalized bool    `json:"length_normalized"` // log-probabilities are divided by an answer's tokens
}

// DefaultDPO has the settings of a small LoRA run; only Model and Dataset are
// missing.
func DefaultDPO() DPOOptions {
	o := DPOOptions{Options: defaults(), Beta: 0.1, Loss: "sigmoid"}
	o.LearningRate, o.Batch = 5e-5, 4
	return o
}

// Name is dpo.
func (o *DPOOptions) Name() string { return "dpo" }

func (o *DPOOptions) check() error {
	switch {
	case !(o.Beta > 0) || math.IsInf(o.Beta, 0):
		return fmt.Errorf("check options: --beta %g: must be above 0", o.Beta)
	case !(o.LabelSmoothing >= 0 && o.LabelSmoothing < 0.5):
		return fmt.Errorf("check options: --label-smoothing %g: must be a share from 0 to below 0.5", o.LabelSmoothing)
	}
	return o.checkLoss()
}

func (o *DPOOptions) begin(j *job) worker {
	return &dpo{options: o, job: j, descent: descent{accumulate: o.Accumulate}}
}

// pairs are examples with a better and a worse answer.
var pairs = kind{answers: []string{"chosen", "rejected"}, noun: "pair",
	cure: "train dpo learns from pairs, such as those of data.pairs; examples with a completion are for train sft"}

// dpo is direct preference optimization at work.
type dpo struct {
	descent
	options   *DPOOptions
	job       *job
	data      *splits
	reference reference
}

func (d *dpo) read(ctx context.Context) (w workload, err error) {
	if d.data, err = d.job.splits(ctx, pairs); err != nil {
		return workload{}, err
	}
	if d.feed, err = d.job.feed(d.data.train); err != nil {
		return workload{}, err
	}
	return d.job.workload(d.feed, d.data), nil
}

// prepare finds or computes the reference while the policy is still the
// reference itself.
func (d *dpo) prepare(ctx context.Context) error {
	if err := d.findReference(ctx); err != nil {
		return err
	}
	if err := d.program(); err != nil {
		return err
	}
	if from := d.job.from; from != nil {
		return d.job.trim(ctx, PreferencesSpec(), from.Step)
	}
	return d.keepPreferences(ctx, 0, d.reference)
}

// measure does without a reference, which costs no time in a step.
func (d *dpo) measure(ctx context.Context) (float64, error) {
	if err := d.program(); err != nil {
		return 0, err
	}
	return d.descent.measure(ctx)
}

func (d *dpo) program() (err error) {
	m := d.job.model
	d.stepper, err = NewStepper(m.Backend, m.Store, m.Trainable(), d.options.stepper(m), dpoLoss(m.Decoder, d.options))
	if err != nil {
		return err
	}
	d.train = newFeedSource(d.feed, d.inputs)
	d.dev, err = heldOut(d.data.dev, d.options.batches(), d.inputs)
	return err
}

// inputs are those of newPairBatch.
func (d *dpo) inputs(b batch.Batch) []any {
	size := d.options.Batch
	reference, weights := make([]float32, 2*size), make([]float32, size)
	for i, id := range b.Examples {
		known := d.reference[id]
		reference[2*i], reference[2*i+1], weights[i] = known.chosen, known.rejected, 1
	}
	all := textInputs(b)
	own := []any{tensors.FromFlatDataAndDimensions(b.Branches, len(b.Branches)),
		tensors.FromFlatDataAndDimensions(reference, len(reference)), tensors.FromFlatDataAndDimensions(weights, size)}
	return append(all[:6:6], append(own, all[6:]...)...)
}

func (d *dpo) close() error {
	d.descent.close()
	return d.data.close()
}
