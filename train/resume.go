package train

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"alignctl/lake"
)

// A Resumption is a run of train.runs that can go on, or the news that it is
// done.
type Resumption struct {
	RunID  string
	Done   bool         // the run has ended: there is nothing to go on with
	Out    string       // folder of the result, made when the run ends
	Step   int          // of the checkpoint to go on from
	Torn   []*TornError // newer checkpoints that aren't whole; going on removes them
	Method Method       // of the run, with its settings: it goes on with the same

	state   TrainerState
	stored  map[string]any // the values of the run's settings
	folder  string         // of the checkpoint
	started time.Time      // when the run was
	resumed *string        // as train.runs has it
}

// FindResumption looks for a run by its id, or by the folder that its result
// goes to, and for its newest checkpoint that is whole.
func FindResumption(ctx context.Context, l *lake.Lake, name string) (*Resumption, error) {
	row, err := findRun(ctx, l, name)
	if err != nil {
		return nil, fmt.Errorf("resume %q: %w", name, err)
	}
	if row.Status == Declared {
		return nil, fmt.Errorf("resume run %q: it ran elsewhere: only its trainer can go on with it", row.RunID)
	}
	r := &Resumption{RunID: row.RunID, Done: row.Status == string(lake.Done), started: row.StartedAt, resumed: row.Resumed}
	if r.Method, err = newMethod(row.Method); err != nil {
		return nil, fmt.Errorf("resume run %q: %w", r.RunID, err)
	}
	if err := json.Unmarshal([]byte(row.Config), r.Method); err != nil {
		return nil, fmt.Errorf("resume run %q: read its options: %w", r.RunID, err)
	}
	r.Out = r.Method.Common().folder(l, r.RunID)
	if r.Done {
		return r, nil
	}
	return r, r.openCheckpoint()
}

// openCheckpoint takes the newest checkpoint that is whole.
func (r *Resumption) openCheckpoint() (err error) {
	places := checkpointsOf(r.Out)
	if r.state, r.Torn, err = places.newest(); err != nil {
		return err
	}
	if r.state.RunID != r.RunID {
		return fmt.Errorf("resume run %q: the checkpoints in %q are of run %q", r.RunID, places.folder, r.state.RunID)
	}
	r.Step = r.state.Progress.Steps
	r.folder = places.path(r.Step)
	if err := json.Unmarshal(r.state.Options, r.Method); err != nil {
		return fmt.Errorf("resume from %q: read options: %w", r.folder, err)
	}
	r.stored = values(r.Method)
	return nil
}

// data is the version of the data set that the run reads.
func (r *Resumption) data() lake.Pin {
	return lake.Pin{Table: r.Method.Common().Dataset, Snapshot: r.state.Snapshot, Digest: r.state.Digest, Rows: r.state.Rows}
}

// claim takes the run's checkpoints for this process, unless another one has gone
// on with them since they were looked at.
func (r *Resumption) claim(c *checkpoints) error {
	if err := c.hold(); err != nil {
		return err
	}
	steps, err := c.steps()
	if err != nil {
		return err
	}
	if at := len(steps) - 1 - len(r.Torn); at < 0 || steps[at] != r.Step {
		return fmt.Errorf("resume run %q: another process has just gone on with it: try again", r.RunID)
	}
	return nil
}

// findRun reads the row of train.runs that a run's id or output folder names:
// the latest, where several runs had the same folder.
func findRun(ctx context.Context, l *lake.Lake, name string) (row RunRow, err error) {
	folder, err := filepath.Abs(strings.TrimSuffix(filepath.Clean(name), ".checkpoints"))
	if err != nil {
		return row, err
	}
	id := name
	if filepath.Dir(folder) == filepath.Join(l.Dir(), "models") {
		id = filepath.Base(folder)
	}
	err = queryNow(ctx, l, RunsSpec().Name, func(rows *sql.Rows) error {
		return rows.Scan(&row.RunID, &row.Method, &row.Status, &row.Config, &row.StartedAt, &row.Resumed)
	}, `SELECT run_id, method, status, config, started_at, resumed FROM train.runs
		WHERE run_id = ? OR json_extract_string(config, '$.out') = ? ORDER BY run_id`, id, folder)
	if err == nil && row.RunID == "" {
		err = errors.New("no training run of this lake has that id or output folder: see select run_id, status from train.runs")
	}
	return row, err
}

// Resume goes on with a run from its checkpoint, as Run would have gone on: the
// same batches, learning rates, moments. The rows of train.steps after the
// checkpoint are written anew, all under the run's id. The settings must be the
// run's, but for how often it saves.
func Resume(ctx context.Context, l *lake.Lake, r *Resumption, m Method) (Result, error) {
	if r.Done {
		return Result{}, fmt.Errorf("resume run %q: it is done: its result is in %q", r.RunID, r.Out)
	}
	if err := r.checkOptions(m); err != nil {
		return Result{}, err
	}
	return run(ctx, l, m, r)
}

// free are the options that change nothing in what a run computes, but for
// rounding where there are more devices or fewer.
var free = []string{"save_every", "keep", "devices"}

// checkOptions names the options that aren't the run's.
func (r *Resumption) checkOptions(m Method) error {
	if err := m.Common().resolve(); err != nil {
		return err
	}
	var texts []string
	asked := values(m)
	for _, name := range slices.Sorted(maps.Keys(r.stored)) {
		if !slices.Contains(free, name) && !reflect.DeepEqual(asked[name], r.stored[name]) {
			texts = append(texts, fmt.Sprintf("%s is %v, its checkpoint has %v", name, asked[name], r.stored[name]))
		}
	}
	if len(texts) > 0 {
		return fmt.Errorf("resume run %q: %s: leave that out, or start a new run", r.RunID, strings.Join(texts, "; "))
	}
	return nil
}

// checkBase refuses another base model than the checkpoint's. (The data is the
// checkpoint's by its snapshot.) A nil Resumption has none to compare with.
func (r *Resumption) checkBase(sha256 string) error {
	if r == nil || sha256 == r.state.BaseSHA256 {
		return nil
	}
	return fmt.Errorf("resume run %q: the model in %q has sha256 %s, the checkpoint is of %s: bring that one back",
		r.RunID, r.Method.Common().Model, sha256, r.state.BaseSHA256)
}

// checkBackend refuses another backend, which rounds in other places.
func (r *Resumption) checkBackend(name string) error {
	if name != r.state.Backend {
		return fmt.Errorf("resume run %q: it ran on backend %s, which isn't the one found here, %s", r.RunID, r.state.Backend, name)
	}
	return nil
}

// link is what train.runs says of the lake's runs that went on with this one.
func (r *Resumption) link(run string) *string {
	text := fmt.Sprintf("%s@%d", run, r.Step)
	if r.resumed != nil {
		text = *r.resumed + "," + text
	}
	return &text
}

// trim makes a table of the run's metrics or samples hold its rows up to a step:
// what was recorded after the checkpoint comes again.
func (j *job) trim(ctx context.Context, spec lake.Spec, step int) error {
	schema, name, _ := strings.Cut(spec.Name, ".")
	rows, err := j.run.Session().Query(ctx, `SELECT 1 FROM information_schema.tables
		WHERE table_schema = ? AND table_name = ?`, schema, name)
	if err != nil {
		return fmt.Errorf("trim %s: %w", spec.Name, err)
	}
	found := rows.Next()
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || !found {
		return err
	}
	query := fmt.Sprintf("SELECT * FROM %s WHERE run_id = '%s' AND step <= %d", spec.Name, j.id, step)
	_, err = j.run.Write(ctx, spec, j.id, query)
	return err
}
