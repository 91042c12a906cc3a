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
	RunID   string
	Done    bool         // the run has ended: there is nothing to go on with
	Out     string       // folder of the result, made when the run ends
	Step    int          // of the checkpoint to go on from
	Torn    []*TornError // newer checkpoints that aren't whole; going on removes them
	Options SFTOptions   // of the run: it goes on with the same

	state   TrainerState
	folder  string    // of the checkpoint
	started time.Time // when the run was
	resumed *string   // as train.runs has it
}

// FindResumption looks for a run by its id, or by the folder that its result
// goes to, and for its newest checkpoint that is whole.
func FindResumption(ctx context.Context, l *lake.Lake, name string) (*Resumption, error) {
	row, err := findRun(ctx, l, name)
	if err != nil {
		return nil, fmt.Errorf("resume %q: %w", name, err)
	}
	r := &Resumption{RunID: row.RunID, Done: row.Status == string(lake.Done), started: row.StartedAt, resumed: row.Resumed}
	if err := json.Unmarshal([]byte(row.Config), &r.Options); err != nil {
		return nil, fmt.Errorf("resume run %q: read its options: %w", r.RunID, err)
	}
	r.Out = r.Options.folder(l, r.RunID)
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
	r.Step, r.Options = r.state.Progress.Steps, r.state.Options
	r.folder = places.path(r.Step)
	return nil
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
		return rows.Scan(&row.RunID, &row.Status, &row.Config, &row.StartedAt, &row.Resumed)
	}, `SELECT run_id, status, config, started_at, resumed FROM train.runs
		WHERE run_id = ? OR json_extract_string(config, '$.out') = ? ORDER BY run_id`, id, folder)
	if err == nil && row.RunID == "" {
		err = errors.New("no training run of this lake has that id or output folder: see select run_id, status from train.runs")
	}
	return row, err
}

// ResumeSFT goes on with a run from its checkpoint, as SFT would have gone on:
// the same batches, learning rates, moments. The rows of train.steps after the
// checkpoint are written anew, all under the run's id. The options must be the
// run's, but for how often it saves.
func ResumeSFT(ctx context.Context, l *lake.Lake, r *Resumption, o SFTOptions) (Result, error) {
	if r.Done {
		return Result{}, fmt.Errorf("resume run %q: it is done: its result is in %q", r.RunID, r.Out)
	}
	if err := r.checkOptions(o); err != nil {
		return Result{}, err
	}
	return o.run(ctx, l, r)
}

// free are the options that change nothing in what a run computes.
var free = []string{"save_every", "keep"}

// checkOptions names the options that aren't the run's.
func (r *Resumption) checkOptions(o SFTOptions) error {
	if err := o.resolve(); err != nil {
		return err
	}
	var texts []string
	asked, stored := o.values(), r.state.Options.values()
	for _, name := range slices.Sorted(maps.Keys(stored)) {
		if !slices.Contains(free, name) && !reflect.DeepEqual(asked[name], stored[name]) {
			texts = append(texts, fmt.Sprintf("%s is %v, its checkpoint has %v", name, asked[name], stored[name]))
		}
	}
	if len(texts) > 0 {
		return fmt.Errorf("resume run %q: %s: leave that out, or start a new run", r.RunID, strings.Join(texts, "; "))
	}
	return nil
}

// values are the options by the names under which they are stored, those of a
// group as "group.name".
func (o SFTOptions) values() map[string]any {
	var nested map[string]any
	text, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(text, &nested)
	}
	if err != nil {
		panic(err) // a mistake in the program: options are plain values
	}
	flat := map[string]any{}
	for name, value := range nested {
		group, ok := value.(map[string]any)
		if !ok {
			flat[name] = value
		}
		for member, value := range group {
			flat[name+"."+member] = value
		}
	}
	return flat
}

// checkBase refuses another base model than the checkpoint's. (The data is the
// checkpoint's by its snapshot.) A nil Resumption has none to compare with.
func (r *Resumption) checkBase(sha256 string) error {
	if r == nil || sha256 == r.state.BaseSHA256 {
		return nil
	}
	return fmt.Errorf("resume run %q: the model in %q has sha256 %s, the checkpoint is of %s: bring that one back",
		r.RunID, r.Options.Model, sha256, r.state.BaseSHA256)
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

// trimSteps makes train.steps hold the run's rows up to a step: what was
// recorded after the checkpoint comes again.
func (s *sft) trimSteps(ctx context.Context, step int) error {
	var rows []StepRow
	err := queryNow(ctx, s.lake, StepsSpec().Name, func(r *sql.Rows) error {
		row := StepRow{RunID: s.id}
		err := r.Scan(&row.Step, &row.Metric, &row.Value)
		rows = append(rows, row)
		return err
	}, `SELECT step, metric, value FROM train.steps WHERE run_id = ? AND step <= ?`, s.id, step)
	if err != nil {
		return fmt.Errorf("read metrics of run %q: %w", s.id, err)
	}
	_, err = lake.ReplaceRows(ctx, s.run, StepsSpec(), s.id, rows)
	return err
}
