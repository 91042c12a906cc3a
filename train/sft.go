package train

import (
	"context"
	"fmt"
)

// SFTOptions are the settings of supervised fine-tuning: a model learns to give
// an example's completion after its prompt, by the examples of split train.
type SFTOptions struct {
	Options

	LabelSmoothing float64 `json:"label_smoothing"` // see lm.Batch
}

// DefaultSFT has the settings of a small LoRA run; only Model and Dataset are
// missing.
func DefaultSFT() SFTOptions { return SFTOptions{Options: defaults()} }

// Name is sft.
func (o *SFTOptions) Name() string { return "sft" }

func (o *SFTOptions) check() error {
	if !(o.LabelSmoothing >= 0 && o.LabelSmoothing < 1) {
		return fmt.Errorf("check options: --label-smoothing %g: must be a share from 0 to below 1", o.LabelSmoothing)
	}
	return nil
}

func (o *SFTOptions) begin(j *job) worker {
	return &sft{options: o, job: j, descent: descent{accumulate: o.Accumulate}}
}

// completions are examples with one answer.
var completions = kind{answers: []string{"completion"}, noun: "example",
	cure: "train sft learns completions, such as those of data.sft_ranked; pairs of a chosen and a rejected answer are for train dpo"}

// sft is supervised fine-tuning at work.
type sft struct {
	descent
	options *SFTOptions
	job     *job
	data    *splits
}

func (s *sft) read(ctx context.Context) (w workload, err error) {
	if s.data, err = s.job.splits(ctx, completions); err != nil {
		return workload{}, err
	}
	s.feed, err = s.job.feed(s.data.train)
	if err != nil {
		return workload{}, err
	}
	return s.job.workload(s.feed, s.data), nil
}

func (s *sft) prepare(context.Context) (err error) {
	m := s.job.model
	s.stepper, err = NewStepper(m.Backend, m.Store, m.Trainable(), s.options.stepper(m), sftLoss(m.Decoder, s.options.LabelSmoothing))
	if err != nil {
		return err
	}
	s.train = newFeedSource(s.feed, textInputs)
	s.dev, err = heldOut(s.data.dev, s.options.batches(), textInputs)
	return err
}

func (s *sft) measure(ctx context.Context) (float64, error) {
	if err := s.prepare(ctx); err != nil {
		return 0, err
	}
	return s.descent.measure(ctx)
}

func (s *sft) close() error {
	s.descent.close()
	return s.data.close()
}
