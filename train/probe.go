package train

import (
	"context"

	"alignctl/lake"
	"alignctl/train/lm"
)

// A Probe asks the model that is being trained about held-out cues, and holds
// its answers against people's. What an answer means isn't training's to say:
// whoever starts a run brings the probe.
type Probe interface {
	// Precision is the mean precision at 5 of the model's answers as it is now,
	// from 0 to 1. It changes no weight and draws nothing at random.
	Precision(ctx context.Context) (float64, error)
	Close()
}

// OpenProbe prepares a probe of a model. What it reads of the lake it reads as
// an input of the run.
type OpenProbe func(ctx context.Context, run *lake.Run, m *lm.Model) (Probe, error)
