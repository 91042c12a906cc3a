package train

import (
	"context"
	"fmt"
	"math"
	"time"

	"alignctl/lake"
)

// Declared is the status in train.runs of a training that no run of the lake
// did: somebody says that it was done elsewhere.
const Declared = "declared"

// A History is what another trainer wrote down about a training.
type History struct {
	File    lake.RawFile // that says so
	Steps   int64        // optimizer steps done
	Tokens  *int64       // seen; nil: it doesn't say
	Seconds *float64     // that it took; nil likewise
	Metrics []StepRow    // by step, under the names of train.steps, without a run's id
}

// record adds the training to train.runs and its metrics to train.steps, in the
// run that imports what came of it, under that run's id.
func (h *History) record(ctx context.Context, run *lake.Run, job JobRow, declaredBy string) error {
	row, err := h.row(run, job)
	if err != nil {
		return err
	}
	row.DeclaredBy = &declaredBy
	if _, err := lake.WriteRows(ctx, run, RunsSpec(), row.RunID, []RunRow{row}); err != nil {
		return err
	}
	for i := range h.Metrics {
		h.Metrics[i].RunID = row.RunID
	}
	run.File(h.File)
	_, err = lake.WriteRows(ctx, run, StepsSpec(), row.RunID, h.Metrics)
	return err
}

// row is the training's in train.runs: what the job asked for, and what the
// history says of it.
func (h *History) row(run *lake.Run, job JobRow) (RunRow, error) {
	o, err := job.options()
	if err != nil {
		return RunRow{}, err
	}
	now := time.Now().UTC()
	row := RunRow{RunID: run.ID(), Method: job.Method, BasePath: job.BasePath, BaseSHA256: job.BaseSHA256, Dataset: job.Dataset,
		DatasetSnapshot: job.DatasetSnapshot, DatasetDigest: job.DatasetDigest, Template: job.Template, Config: job.Config,
		Seed: o.Seed, Backend: job.Trainer, Version: run.Info().Version, StartedAt: now, EndedAt: &now, Status: Declared,
		Steps: h.Steps, Tokens: h.Tokens, Seconds: h.Seconds}
	if best := h.best(); best.Step > 0 {
		row.BestStep, row.BestEvalLoss = new(int64(best.Step)), &best.Loss
	}
	return row, nil
}

// best is the first of the lowest dev losses.
func (h *History) best() Best {
	best := Best{Loss: math.Inf(1)}
	for _, m := range h.Metrics {
		if m.Metric == "eval_loss" && m.Step > 0 && m.Value < best.Loss {
			best = Best{Step: int(m.Step), Loss: m.Value}
		}
	}
	return best
}

// differences say where the training did otherwise than its job asked for. It
// may be nil.
func (h *History) differences(job JobRow) []string {
	if h == nil || h.Steps == job.Steps {
		return nil
	}
	return []string{fmt.Sprintf("steps is %d, and the job says %d", h.Steps, job.Steps)}
}
