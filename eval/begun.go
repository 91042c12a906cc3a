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

// A Begun is a run of eval.runs that can go on, or the news that it is done. A
// nil Begun is a run that begins only now.
type Begun struct {
	RunID string
	Done  bool // all that it asks is answered

	config string // what meta.runs remembers of its options, JSON
	row    RunRow
	inputs []lake.Pin // what it first read, but for the models; without rows
}

// FindBegun looks for a run of a suite by its id, or Latest.
func FindBegun(ctx context.Context, l *lake.Lake, suite, run string) (_ *Begun, err error) {
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
	b := &Begun{RunID: run, row: RunRow{RunID: run, AdapterSHA256: new(string)}}
	if err := b.read(ctx, s); err != nil {
		return nil, fmt.Errorf("resume run %q: %w", run, err)
	}
	if b.row.Suite != suite {
		return nil, fmt.Errorf("resume run %q: it is of the suite %s: go on with: %s %s", run, b.row.Suite,
			resumeCommand[b.row.Suite], run)
	}
	return b, nil
}

// The queries for a run and the options that it began with, and for what it read.
const (
	begunQuery = `
select suite, status, coalesce(kind, ''), model_sha256, coalesce(adapter_sha256, ''), backend, served_model,
	started_at, items, tokens, seconds, config
from eval.runs
join (select run_id, config from meta.runs) using (run_id)
where run_id = $1`
	begunInputs = "select distinct table_name, snapshot_id, digest from meta.inputs where run_id = $1 and table_name <> $2"
)

func (b *Begun) read(ctx context.Context, s *lake.Session) error {
	err := s.Each(ctx, begunQuery, []any{b.RunID}, func(rows *sql.Rows) error {
		return rows.Scan(&b.row.Suite, &b.row.Status, &b.row.Kind, &b.row.ModelSHA256, b.row.AdapterSHA256, &b.row.Backend,
			&b.row.ServedModel, &b.row.StartedAt, &b.row.Items, &b.row.Tokens, &b.row.Seconds, &b.config)
	})
	if err != nil {
		return err
	}
	b.Done = b.row.Status == string(lake.Done)
	return s.Each(ctx, begunInputs, []any{b.RunID, modelsTable}, func(rows *sql.Rows) error {
		var pin lake.Pin
		err := rows.Scan(&pin.Table, &pin.Snapshot, &pin.Digest)
		b.inputs = append(b.inputs, pin)
		return err
	})
}

// Options reads what the run began with into options of its suite.
func (b *Begun) Options(into any) error {
	var needed struct{ Model json.RawMessage }
	err := errors.Join(json.Unmarshal([]byte(b.config), &needed), json.Unmarshal([]byte(b.config), into))
	if err != nil || needed.Model == nil && !b.Done {
		return errors.Join(fmt.Errorf("resume run %q: this version of alignctl can't read its options: start a new run", b.RunID), err)
	}
	return nil
}

// Pins is the lake of now with the tables that the run read, as they were.
func (b *Begun) Pins(ctx context.Context, l *lake.Lake) (lake.Pins, error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, was := range b.inputs {
		if pins[was.Table], err = l.Pin(ctx, was.Table, fmt.Sprint(was.Snapshot)); err != nil {
			return nil, fmt.Errorf("resume run %q: %w", b.RunID, err)
		}
	}
	return pins, nil
}

// A SampleKey tells a run's samples apart.
type SampleKey struct {
	ItemID, Variant string
	Sample          int32
}

// Answered are the samples that the run has.
func (b *Begun) Answered(ctx context.Context, s *lake.Session) (map[SampleKey]bool, error) {
	answered := map[SampleKey]bool{}
	if b == nil {
		return answered, nil
	}
	err := s.Each(ctx, "select item_id, variant, sample from eval.samples where run_id = $1", []any{b.RunID},
		func(rows *sql.Rows) error {
			var k SampleKey
			err := rows.Scan(&k.ItemID, &k.Variant, &k.Sample)
			answered[k] = true
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read answers of run %q: %w", b.RunID, err)
	}
	return answered, nil
}

// carryOver gives a run's new row what the run did before.
func (b *Begun) carryOver(row *RunRow) {
	if b == nil {
		return
	}
	row.RunID, row.StartedAt, row.ServedModel = b.RunID, b.row.StartedAt.In(time.UTC), b.row.ServedModel
	row.Items, row.Tokens, row.Seconds = b.row.Items, b.row.Tokens, b.row.Seconds
}

// check refuses another model than the run began with.
func (b *Begun) check(now Source) error {
	if b == nil {
		return nil
	}
	for _, d := range []struct{ what, was, is string }{
		{"model's sha256", b.row.ModelSHA256, now.SHA256},
		{"adapter's sha256", *b.row.AdapterSHA256, now.AdapterSHA256},
		{"backend", b.row.Backend, now.Backend},
	} {
		if d.was != d.is {
			return fmt.Errorf("resume run %q: the %s is %q, when the run began it was %q: start a new run",
				b.RunID, d.what, d.is, d.was)
		}
	}
	return nil
}
