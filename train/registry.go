package train

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/train/lm"
)

// The states of a recorded model's folder.
const (
	FolderThere   = "there"   // as it was recorded
	FolderMoved   = "moved"   // gone from its place, and the same in the lake's models folder
	FolderChanged = "changed" // its sha256 is another
	FolderGone    = "gone"
)

// A KnownModel is a row of train.models and what has become of its folder.
type KnownModel struct {
	ModelRow
	State string
	Now   string // where the folder is; "" when it is gone
}

// Models lists the models that the lake knows, in the order of their runs, and
// looks after their folders: each is hashed.
func Models(ctx context.Context, l *lake.Lake) ([]KnownModel, error) {
	rows, err := modelRows(ctx, l)
	if err != nil {
		return nil, err
	}
	task := progress.Start(ctx, "hash models", int64(len(rows)), "folders")
	defer task.Done()
	known := make([]KnownModel, len(rows))
	for i, row := range rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		known[i] = lookAfter(row, l.Dir())
		task.Add(1)
	}
	return known, nil
}

// lookAfter says what has become of a model's folder.
func lookAfter(row ModelRow, lakeDir string) KnownModel {
	inLake := filepath.Join(lakeDir, "models", filepath.Base(row.Path))
	for _, place := range []struct{ path, state string }{{row.Path, FolderThere}, {inLake, FolderMoved}} {
		if _, err := os.Stat(place.path); err != nil {
			continue
		}
		if sum, err := row.digest(place.path); err == nil && sum == row.SHA256 {
			return KnownModel{ModelRow: row, State: place.state, Now: place.path}
		}
		if place.state == FolderThere {
			return KnownModel{ModelRow: row, State: FolderChanged, Now: place.path}
		}
	}
	return KnownModel{ModelRow: row, State: FolderGone}
}

// digest is the sha256 by which a model of the row's kind is recorded.
func (row ModelRow) digest(folder string) (string, error) {
	if row.Kind == lm.KindAdapter {
		return lm.AdapterSHA256(folder)
	}
	return lm.ModelSHA256(folder)
}

// ModelID is the short name of a model: the beginning of its sha256.
func ModelID(sha256 string) string { return sha256[:min(16, len(sha256))] }

// FindModel is the recorded model of that id, the beginning of an id or sha256,
// run, or folder; several may have one run.
func FindModel(ctx context.Context, l *lake.Lake, name string) (KnownModel, error) {
	rows, err := modelRows(ctx, l)
	if err != nil {
		return KnownModel{}, err
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return KnownModel{}, fmt.Errorf("find model %q: %w", name, err)
	}
	var names []string
	for _, row := range rows {
		if name != "" && (strings.HasPrefix(row.SHA256, name) || row.RunID == name || row.Path == path) {
			return lookAfter(row, l.Dir()), nil
		}
		names = append(names, row.ModelID, row.RunID)
	}
	return KnownModel{}, fmt.Errorf("no model %q in train.models%s (alignctl model ls lists them)", name,
		nearest.Hint(name, names))
}

// modelsQuery reads train.models; one written by an older version may lack the
// youngest columns.
const modelsQuery = `
	select model_id, run_id, kind, path, sha256, base_sha256, method, dataset, dataset_snapshot,
		coalesce(parent_sha256, ''), coalesce(declared_by, ''), coalesce(job_id, '')
	from (select * from train.models union all by name
		select * from (select null::varchar as parent_sha256, null::varchar as declared_by, null::varchar as job_id) where false)
	order by run_id, path`

// modelRows are the rows of train.models.
func modelRows(ctx context.Context, l *lake.Lake) (models []ModelRow, err error) {
	err = queryNow(ctx, l, ModelsSpec().Name, func(rows *sql.Rows) error {
		var m ModelRow
		err := rows.Scan(&m.ModelID, &m.RunID, &m.Kind, &m.Path, &m.SHA256, &m.BaseSHA256, &m.Method, &m.Dataset,
			&m.DatasetSnapshot, &m.ParentSHA256, &m.DeclaredBy, &m.JobID)
		models = append(models, m)
		return err
	}, modelsQuery)
	return models, err
}

// traceModels records which runs of the lake made the models of these digests,
// if any did: of each the first, where several made the same.
func traceModels(ctx context.Context, run *lake.Run, digests ...string) error {
	for _, digest := range digests {
		if digest == "" {
			continue
		}
		_, err := run.InputScopes(ctx, ModelsSpec().Name,
			"run_id = (select min(run_id) from train.models where sha256 = ?)", digest)
		if err != nil {
			return err
		}
	}
	return nil
}

// record adds the model to train.models in a run that depends on the models of
// some digests and on the row's job. It fills the row's run in.
func (row *ModelRow) record(ctx context.Context, run *lake.Run, from ...string) error {
	if err := traceModels(ctx, run, from...); err != nil {
		return err
	}
	if row.JobID != "" {
		if _, err := run.InputScope(ctx, JobsSpec().Name, row.JobID); err != nil {
			return err
		}
	}
	row.RunID, row.ModelID = run.ID(), ModelID(row.SHA256)
	_, err := lake.WriteRows(ctx, run, ModelsSpec(), run.ID(), []ModelRow{*row})
	return err
}

// inRun does some work in a run of its own, and publishes it.
func inRun(ctx context.Context, l *lake.Lake, info lake.RunInfo, work func(*lake.Run) error) (err error) {
	run, err := l.Begin(ctx, info)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	if err := work(run); err != nil {
		return err
	}
	_, err = run.Publish(ctx, lake.Done)
	return err
}
