package train

import (
	"context"
	"errors"
	"fmt"

	"alignctl/lake"
	"alignctl/train/lm"
)

// A Plan is what a training run would do.
type Plan struct {
	Dataset    lake.Pin
	Train, Dev Counts
	Steps      int          // optimizer steps
	Warmup     int          // of them
	Tokens     int          // of the whole run, repeats counted, evaluation not
	Memory     lm.Footprint // of each device
	Speed      Speed        // zero when nothing is known
}

// Counts say what a split of a data set is to a model.
type Counts struct {
	Examples int `json:"examples"` // with a token to learn
	Tokens   int `json:"tokens"`
	Labelled int `json:"labelled"` // of the tokens, those that the loss counts
	Cut      int `json:"cut"`      // examples, of those, that MaxTokens took the end from
	Dropped  int `json:"dropped"`  // further examples, which MaxTokens left no token to learn

	Equal int `json:"equal,omitempty"` // further pairs whose answers are the same
	Empty int `json:"empty,omitempty"` // further pairs of which an answer is blank
}

// Useless is how many examples are left out, for whatever reason.
func (c Counts) Useless() int { return c.Dropped + c.Equal + c.Empty }

// leftOut are the examples of both that are left out, by why.
func leftOut(a, b Counts) Counts {
	return Counts{Dropped: a.Dropped + b.Dropped, Equal: a.Equal + b.Equal, Empty: a.Empty + b.Empty}
}

// LeftOut are the examples of both splits that are left out, by why.
func (p Plan) LeftOut() Counts { return leftOut(p.Train, p.Dev) }

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

// NewPlan reads and checks everything that Run would, but trains nothing and
// records nothing. How fast the run would go it takes from the last run of the
// same model, method, backend and number of devices; with measure it loads the
// model and times a part of a step.
func NewPlan(ctx context.Context, l *lake.Lake, m Method, measure bool) (plan Plan, err error) {
	j, err := newJob(ctx, l, m, nil)
	if err != nil {
		return Plan{}, err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	if plan, err = j.plan(ctx); err != nil {
		return Plan{}, err
	}
	if measure {
		plan.Speed, err = j.measure(ctx)
		return plan, err
	}
	plan.Speed, err = j.earlierSpeed(ctx)
	return plan, err
}

// plan reads the data set, and of the model and adapter the headers: what the
// run would do, but for its speed.
func (j *job) plan(ctx context.Context) (Plan, error) {
	if err := j.openData(ctx); err != nil {
		return Plan{}, err
	}
	config, err := lm.CheckFolder(j.Model)
	if err != nil {
		return Plan{}, err
	}
	if err := j.openParent(); err != nil {
		return Plan{}, err
	}
	return Plan{Dataset: j.pin, Train: j.load.train, Dev: j.load.dev, Steps: j.schedule.Total, Warmup: j.schedule.Warmup,
		Tokens: j.load.tokens, Memory: j.planned(config).each(j.Batch)}, nil
}

// measure times a part of a step.
func (j *job) measure(ctx context.Context) (Speed, error) {
	if err := j.openModel(ctx); err != nil {
		return Speed{}, err
	}
	speed, err := j.work.measure(ctx)
	return Speed{TokensPerSecond: speed, Backend: j.model.BackendName}, err
}

// earlierSpeed is that of the last run that trained this model by this method,
// on the backend that the options name, if they do.
func (j *job) earlierSpeed(ctx context.Context) (speed Speed, err error) {
	pins, err := j.lake.At(ctx, "")
	if err != nil {
		return Speed{}, err
	}
	pin, any := pins[RunsSpec().Name]
	if !any {
		return Speed{}, nil
	}
	sha256, err := lm.ModelSHA256(j.Model)
	if err != nil {
		return Speed{}, err
	}
	backend := ""
	if j.Backend != "" {
		if backend, err = lm.ResolveBackend(j.Backend); err != nil {
			return Speed{}, err
		}
	}
	session, err := j.lake.Session(ctx, lake.Pins{pin.Table: pin}, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return Speed{}, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	rows, err := session.Query(ctx, `SELECT tokens_per_second, backend, run_id FROM train.runs
		WHERE base_sha256 = ? AND method = ? AND ? IN ('', backend) AND tokens_per_second > 0
			AND greatest(coalesce(CAST(json_extract(config, '$.devices') AS INTEGER), 1), 1) = ?
		ORDER BY started_at DESC, run_id DESC LIMIT 1`, sha256, methodName(j.method), backend, j.devices())
	if err != nil {
		return Speed{}, fmt.Errorf("look up earlier runs: %w", err)
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&speed.TokensPerSecond, &speed.Backend, &speed.RunID)
	}
	return speed, errors.Join(err, rows.Err())
}
