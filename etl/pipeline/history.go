package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"alignctl/lake"
)

// A last run is the run that loaded a source last.
type lastRun struct {
	id, version string
	kind        string  // of its configuration, such as etl swow
	recipe      *recipe // nil: the load was no pipeline's
}

// lastRuns finds the run that loaded each source last, in the order in which
// they were published.
func lastRuns(ctx context.Context, l *lake.Lake) (runs map[string]lastRun, err error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	some := lake.Pins{}
	for _, name := range []string{"meta.runs", "meta.outputs"} {
		pin, ok := pins[name]
		if !ok {
			return nil, nil // nothing was ever published
		}
		some[name] = pin
	}
	session, err := l.Session(ctx, some, lake.SessionOptions{ReadOnly: true, Threads: 1})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	rows, err := session.Query(ctx, `select source, arg_max(run_id, publish), arg_max(version, publish),
			arg_max(config, publish)
		from meta.runs join meta.outputs using (run_id) where source <> '' group by source order by source`)
	if err != nil {
		return nil, fmt.Errorf("look up the runs of sources: %w", err)
	}
	defer rows.Close()
	runs = map[string]lastRun{}
	for rows.Next() {
		var source, config string
		var run lastRun
		if err := rows.Scan(&source, &run.id, &run.version, &config); err != nil {
			return nil, err
		}
		if err := run.read(config); err != nil {
			return nil, fmt.Errorf("read configuration of run %s: %w", run.id, err)
		}
		runs[source] = run
	}
	return runs, rows.Err()
}

// read takes what the run's configuration says.
func (r *lastRun) read(config string) error {
	var c struct {
		Kind   string  `json:"kind"`
		Recipe *recipe `json:"recipe"`
	}
	err := json.Unmarshal([]byte(config), &c)
	r.kind, r.recipe = c.Kind, c.Recipe
	return err
}
