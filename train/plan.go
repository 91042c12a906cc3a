package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alignctl/lake"
	"alignctl/train/lm"
)

// A Plan is what a training run would do.
type Plan struct {
	Dataset    lake.Pin
	Train, Dev Counts
	Steps      int // optimizer steps
	Warmup     int // of them
	Tokens     int // of the whole run, repeats counted, evaluation not
	Memory     lm.Footprint
	Speed      Speed // zero when nothing is known
}

// Counts say what a split of a data set is to a model.
type Counts struct {
	Examples int `json:"examples"` // with a token to learn
	Tokens   int `json:"tokens"`
	Labelled int `json:"labelled"` // of the tokens, those that the loss counts
	Cut      int `json:"cut"`      // examples, of those, that MaxTokens took the end from
	Dropped  int `json:"dropped"`  // further examples, which MaxTokens left no token to learn
}

// A Speed is how fast training a model was.
type Speed struct {
	TokensPerSecond float64 `json:"tokens_per_second"`
	Backend         string  `json:"backend"`
	RunID           string  `json:"run_id"` // of the run that was as fast; "": measured for the plan
}

// Seconds is how long the run would take without evaluation; 0: unknown.
func (p Plan) Seconds() float64 {
	if p.Speed.TokensPerSecond == 0 {
		return 0
	}
	return float64(p.Tokens) / p.Speed.TokensPerSecond
}

// PlanSFT reads and checks everything that SFT would, but trains nothing and
// records nothing. How fast the run would go it takes from the last run of the
// same model, method and backend; with measure it loads the model and times a
// micro-batch.
func PlanSFT(ctx context.Context, l *lake.Lake, o SFTOptions, measure bool) (plan Plan, err error) {
	if err := o.check(); err != nil {
		return Plan{}, err
	}
	run, err := o.begin(ctx, l, nil)
	if err != nil {
		return Plan{}, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	s := &sft{options: o, run: run}
	if s.data, err = newSFTData(l.Temp(), o.MaxTokens); err != nil {
		return Plan{}, err
	}
	defer func() { err = errors.Join(err, s.data.close()) }()
	if err := s.openData(ctx); err != nil {
		return Plan{}, err
	}
	plan = Plan{Dataset: s.pin, Train: s.data.trained, Dev: s.data.held, Steps: s.schedule.Total, Warmup: s.schedule.Warmup}
	microBatches := plan.Steps * o.Accumulate
	plan.Tokens = int(float64(microBatches) / float64(s.feed.BatchesPerEpoch()) * float64(plan.Train.Tokens))
	config, err := lm.CheckFolder(o.Model)
	if err != nil {
		return Plan{}, err
	}
	if err := s.openParent(); err != nil {
		return Plan{}, err
	}
	plan.Memory = s.footprint(config, o.Batch)
	if measure {
		plan.Speed, err = s.measure(ctx)
		return plan, err
	}
	plan.Speed, err = o.earlierSpeed(ctx, l)
	return plan, err
}

// measure times the second pass over a micro-batch: the first one compiles.
func (s *sft) measure(ctx context.Context) (Speed, error) {
	if err := s.openModel(ctx); err != nil {
		return Speed{}, err
	}
	defer s.model.Close()
	stepper, err := s.newStepper()
	if err != nil {
		return Speed{}, err
	}
	next, err := s.feed.Next()
	if err != nil {
		return Speed{}, err
	}
	batch := microBatch(next)
	if _, err := stepper.Accumulate(batch.Inputs...); err != nil {
		return Speed{}, err
	}
	start := time.Now()
	if _, err := stepper.Accumulate(batch.Inputs...); err != nil {
		return Speed{}, err
	}
	seconds := time.Since(start).Seconds()
	return Speed{TokensPerSecond: float64(batch.Tokens) / seconds, Backend: s.model.BackendName}, ctx.Err()
}

// earlierSpeed is that of the last run that trained this model by this method,
// on the backend that the options name, if they do.
func (o SFTOptions) earlierSpeed(ctx context.Context, l *lake.Lake) (speed Speed, err error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return Speed{}, err
	}
	pin, any := pins[RunsSpec().Name]
	if !any {
		return Speed{}, nil
	}
	sha256, err := lm.ModelSHA256(o.Model)
	if err != nil {
		return Speed{}, err
	}
	backend := ""
	if o.Backend != "" {
		if backend, err = lm.ResolveBackend(o.Backend); err != nil {
			return Speed{}, err
		}
	}
	session, err := l.Session(ctx, lake.Pins{pin.Table: pin}, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return Speed{}, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	rows, err := session.Query(ctx, `SELECT tokens_per_second, backend, run_id FROM train.runs
		WHERE base_sha256 = ? AND method = ? AND ? IN ('', backend) AND tokens_per_second > 0
		ORDER BY started_at DESC, run_id DESC LIMIT 1`, sha256, o.method(), backend)
	if err != nil {
		return Speed{}, fmt.Errorf("look up earlier runs: %w", err)
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&speed.TokensPerSecond, &speed.Backend, &speed.RunID)
	}
	return speed, errors.Join(err, rows.Err())
}
