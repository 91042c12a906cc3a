package train

import (
	"context"
	"fmt"
	"time"
)

// flushEvery is how long the metrics of a run wait before they are published:
// often enough to watch a run by SQL, seldom enough that commits cost nothing.
const flushEvery = 30 * time.Second

// A recorder collects the rows of train.steps and publishes them in batches.
type recorder struct {
	runID   string
	publish func(context.Context, []StepRow) error
	now     func() time.Time
	rows    []StepRow
	flushed time.Time
}

func newRecorder(runID string, publish func(context.Context, []StepRow) error) *recorder {
	return &recorder{runID: runID, publish: publish, now: time.Now, flushed: time.Now()}
}

// metric is a named value of a step; the names are TRL's.
type metric struct {
	name  string
	value float64
}

// add notes metrics of a step and publishes what has waited long enough.
func (r *recorder) add(ctx context.Context, step int, metrics ...metric) error {
	for _, m := range metrics {
		r.rows = append(r.rows, StepRow{RunID: r.runID, Step: int64(step), Metric: m.name, Value: m.value})
	}
	if r.now().Sub(r.flushed) < flushEvery {
		return nil
	}
	return r.flush(ctx)
}

// flush publishes everything noted so far.
func (r *recorder) flush(ctx context.Context) error {
	if len(r.rows) == 0 {
		return nil
	}
	if err := r.publish(ctx, r.rows); err != nil {
		return fmt.Errorf("publish metrics of run %q: %w", r.runID, err)
	}
	r.rows, r.flushed = nil, r.now()
	return nil
}
