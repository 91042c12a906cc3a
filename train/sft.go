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

// sft is supervised fine-tuning at work.
type sft struct {
	descent
	options *SFTOptions
	job     *job
	data    *sftData
}

func (s *sft) read(ctx context.Context) (w workload, err error) {
	if s.data, err = newSFTData(s.job.lake.Temp(), s.options.MaxTokens); err != nil {
		return workload{}, err
	}
	if err := s.data.read(ctx, s.job.run.Session(), s.options); err != nil {
		return workload{}, err
	}
	if s.feed, err = s.job.feed(s.data.train); err != nil {
		return workload{}, err
	}
	w = s.job.workload(s.feed, s.data.trained)
	w.dev, w.templates = s.data.held, s.data.templates
	return w, nil
}

func (s *sft) prepare(context.Context) (err error) {
	m := s.job.model
	s.stepper, err = NewStepper(m.Backend, m.Store, m.Trainable(), s.options.stepper(), sftLoss(m.Decoder, s.options.LabelSmoothing))
	if err != nil {
		return err
	}
	s.train = newFeedSource(s.feed, textInputs)
	s.dev, err = heldOut(s.data.dev, s.options.batches(), textInputs)
	return err
}

func (s *sft) close() error {
	s.descent.close()
	if s.data == nil {
		return nil
	}
	return s.data.close()
}
