package eval

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"alignctl/lake"
)

// A Resumption is a run of eval.runs that can go on, or the news that it is done.
type Resumption struct {
	RunID   string
	Done    bool            // all its items are answered
	Options GenerateOptions // of the run; Batch and what JSON leaves out are the caller's to set

	row RunRow // what the run goes on from
}

// FindResumption looks for a run by its id, or Latest.
func FindResumption(ctx context.Context, l *lake.Lake, run string) (_ *Resumption, err error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	if _, ok := pins[RunsTable.Name]; !ok {
		return nil, fmt.Errorf("resume run %q: the lake holds no evaluation yet", run)
	}
	s, err := l.Session(ctx, pins, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if run, err = FindRun(ctx, s, run); err != nil {
		return nil, err
	}
	r, err := readResumption(ctx, s, run)
	if err != nil {
		return nil, fmt.Errorf("resume run %q: %w", run, err)
	}
	return r, nil
}

// resumptionQuery gives a run and the options that it began with.
const resumptionQuery = `
select status, coalesce(kind, ''), model_sha256, coalesce(adapter_sha256, ''), backend, served_model,
	dataset_snapshot, started_at, items, tokens, seconds, config
from eval.runs
join (select run_id, config from meta.runs) using (run_id)
where run_id = $1`

func readResumption(ctx context.Context, s *lake.Session, run string) (*Resumption, error) {
	r := &Resumption{RunID: run, row: RunRow{RunID: run, AdapterSHA256: new(string)}}
	var config string
	err := s.Each(ctx, resumptionQuery, []any{run}, func(rows *sql.Rows) error {
		return rows.Scan(&r.row.Status, &r.row.Kind, &r.row.ModelSHA256, r.row.AdapterSHA256, &r.row.Backend,
			&r.row.ServedModel, &r.row.DatasetSnapshot, &r.row.StartedAt, &r.row.Items, &r.row.Tokens, &r.row.Seconds,
			&config)
	})
	if err != nil {
		return nil, err
	}
	r.Done = r.row.Status == string(lake.Done)
	began := runConfig{}
	if err := json.Unmarshal([]byte(config), &began); err != nil || began.Model == nil && !r.Done {
		return nil, errors.Join(errors.New("this version of alignctl can't read its options: start a new run"), err)
	}
	r.Options = began.GenerateOptions
	return r, nil
}

// Resume goes on with a run as Generate would have: it asks about the items that
// have no answer yet, all under the run's id.
func Resume(ctx context.Context, l *lake.Lake, open Opener, r *Resumption) (Generated, error) {
	if r.Done {
		return Generated{}, fmt.Errorf("resume run %q: it is done", r.RunID)
	}
	g := generation{options: r.Options.withDefaults(), open: open, earlier: r}
	return g.do(ctx, l)
}

// pins is the lake of now with the data set that the run began with.
func (r *Resumption) pins(ctx context.Context, l *lake.Lake) (lake.Pins, error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	pin, err := l.Pin(ctx, r.Options.Dataset, r.row.DatasetSnapshot)
	if err != nil {
		return nil, fmt.Errorf("resume run %q: %w", r.RunID, err)
	}
	pins[r.Options.Dataset] = pin
	return pins, nil
}

// carryOver gives a run's new row what the run did before.
func (r *Resumption) carryOver(row *RunRow) {
	row.RunID, row.StartedAt, row.ServedModel = r.row.RunID, r.row.StartedAt.In(time.UTC), r.row.ServedModel
	row.Items, row.Tokens, row.Seconds = r.row.Items, r.row.Tokens, r.row.Seconds
}

// check refuses another model than the run began with. A nil Resumption has
// nothing to compare with.
func (r *Resumption) check(now Source) error {
	if r == nil {
		return nil
	}
	for _, d := range []struct{ what, was, is string }{
		{"model's sha256", r.row.ModelSHA256, now.SHA256},
		{"adapter's sha256", *r.row.AdapterSHA256, now.AdapterSHA256},
		{"backend", r.row.Backend, now.Backend},
	} {
		if d.was != d.is {
			return fmt.Errorf("resume run %q: the %s is %q, when the run began it was %q: start a new run",
				r.RunID, d.what, d.is, d.was)
		}
	}
	return nil
}
