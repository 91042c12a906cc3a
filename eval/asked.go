package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"alignctl/lake"
)

// FindAsked looks for the newest run that asked the same of the same source, of
// the data set as it is now; nil where there is none. What it finds may be done,
// or wait for Resume.
func FindAsked(ctx context.Context, l *lake.Lake, o GenerateOptions, from Source) (*Resumption, error) {
	o = o.withDefaults()
	pins, err := o.pins(ctx, l)
	if err != nil {
		return nil, err
	}
	b, err := FindSame(ctx, l, runConfig{Associations, o}, Asker{Associations, from, pins})
	if err != nil || b == nil {
		return nil, err
	}
	return &Resumption{b, o}, nil
}

// An Asker is who asks whom, of what.
type Asker struct {
	Suite string
	From  Source
	Pins  lake.Pins // tables that the prompts come from
}

// runsByQuery lists the runs in which a source answered.
const runsByQuery = `
select run_id
from eval.runs
where suite = $1 and kind = $2 and model_sha256 = $3 and coalesce(adapter_sha256, '') = $4 and coalesce(endpoint, '') = $5
order by started_at desc, run_id desc`

// FindSame looks for the newest run that had the same configuration: of a folder
// the digest counts, wherever it lies. What a run read must still stand in the
// asker's tables.
func FindSame(ctx context.Context, l *lake.Lake, config any, a Asker) (_ *Begun, err error) {
	now, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	s, err := l.Session(ctx, now, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if held, err := holds(ctx, s, RunsTable); err != nil || !held {
		return nil, err
	}
	runs, err := texts(ctx, s, runsByQuery, a.Suite, a.From.Kind, a.From.SHA256, a.From.AdapterSHA256, a.From.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("find runs of suite %q: %w", a.Suite, err)
	}
	for _, run := range runs {
		b := &Begun{RunID: run, row: RunRow{RunID: run, AdapterSHA256: new(string)}}
		if err := b.read(ctx, s); err != nil {
			return nil, fmt.Errorf("read run %q: %w", run, err)
		}
		if b.stands(a.Pins) && b.asks(config, a.From.Kind) {
			return b, nil
		}
	}
	return nil, nil
}

// stands says whether what the run read is still so.
func (b *Begun) stands(pins lake.Pins) bool {
	for _, was := range b.inputs {
		if pins[was.Table].Digest != was.Digest {
			return false
		}
	}
	return true
}

// asks says whether the run began with a configuration, but for how a folder was
// opened.
func (b *Begun) asks(config any, kind string) bool {
	text, err := json.Marshal(config)
	if err != nil {
		return false
	}
	now, errNow := withoutModel(text, kind)
	then, errThen := withoutModel([]byte(b.config), kind)
	return errNow == nil && errThen == nil && bytes.Equal(now, then)
}

// withoutModel takes the member model out of a JSON object where a folder answers.
func withoutModel(text []byte, kind string) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	if kind == LocalKind {
		delete(members, "model")
	}
	return json.Marshal(members)
}
