package train

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/lake"
	"alignctl/train/lm"
)

// A Handing is a training on its way to another trainer.
type Handing struct {
	Job  JobRow
	Plan Plan
	End  int32 // token that closes an answer
}

// HandOver records in train.jobs that a training goes to another trainer, once
// write has written it to a folder. It reads and checks all that Run would,
// down to the tokens; the version of the data set that it pins is what the
// other trainer is to learn from. Methods that learn from a reward stay here.
func HandOver(ctx context.Context, l *lake.Lake, m Method, to JobRow, write func(Handing) error) (row JobRow, err error) {
	if LearnsFromRewards(m) {
		return row, fmt.Errorf("hand over train %s: it learns from a reward that only alignctl can ask", m.Name())
	}
	j, err := newJob(ctx, l, m, nil)
	if err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	h, err := j.handing(ctx, to)
	if err != nil {
		return row, err
	}
	if err := write(h); err != nil {
		return row, err
	}
	if _, err := lake.WriteRows(ctx, j.run, JobsSpec(), j.id, []JobRow{h.Job}); err != nil {
		return row, err
	}
	_, err = j.run.Publish(ctx, lake.Done)
	return h.Job, err
}

// handing plans the job and fills its row; to has the trainer and the folder.
func (j *job) handing(ctx context.Context, to JobRow) (h Handing, err error) {
	if h.Plan, err = j.plan(ctx); err != nil {
		return h, err
	}
	encoder, err := lm.LoadEncoder(j.Model, j.MaxTokens)
	if err != nil {
		return h, err
	}
	base, err := lm.ModelSHA256(j.Model)
	if err != nil {
		return h, err
	}
	if err := traceModels(ctx, j.run, base, j.parent); err != nil {
		return h, err
	}
	config, err := json.Marshal(j.method)
	if err != nil {
		return h, fmt.Errorf("hand over train %s: %w", j.method.Name(), err)
	}
	h.End = encoder.End()
	h.Job = JobRow{JobID: j.id, Trainer: to.Trainer, Method: methodName(j.method), BasePath: j.Model, BaseSHA256: base,
		ParentSHA256: j.parent, Dataset: j.pin.Table, DatasetSnapshot: fmt.Sprint(j.pin.Snapshot), DatasetDigest: j.pin.Digest,
		Template: j.load.templates, Config: string(config), Steps: int64(h.Plan.Steps), Path: to.Path, Version: j.Version}
	return h, nil
}

// FindJob is a row of train.jobs.
func FindJob(ctx context.Context, l *lake.Lake, id string) (JobRow, error) {
	var found []JobRow
	var ids []string
	err := queryNow(ctx, l, JobsSpec().Name, func(rows *sql.Rows) error {
		var j JobRow
		err := rows.Scan(&j.JobID, &j.Trainer, &j.Method, &j.BasePath, &j.BaseSHA256, &j.ParentSHA256, &j.Dataset,
			&j.DatasetSnapshot, &j.DatasetDigest, &j.Template, &j.Config, &j.Steps, &j.Path, &j.Version)
		found, ids = append(found, j), append(ids, j.JobID)
		return err
	}, `select job_id, trainer, method, base_path, base_sha256, parent_sha256, dataset, dataset_snapshot, dataset_digest,
		template, config, steps, path, version from train.jobs order by job_id`)
	if err != nil {
		return JobRow{}, err
	}
	at := slices.Index(ids, id)
	if at < 0 {
		return JobRow{}, fmt.Errorf("find job %q: this lake handed over no such job%s", id, nearest.Hint(id, ids))
	}
	return found[at], nil
}

// full says whether the job's result is a whole model.
func (j JobRow) full() bool { return strings.HasSuffix(j.Method, "-full") }

// options are the settings of the job.
func (j JobRow) options() (*Options, error) {
	m, err := newMethod(j.Method)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(j.Config), m); err != nil {
		return nil, fmt.Errorf("read settings of job %s: %w", j.JobID, err)
	}
	return m.Common(), nil
}

// check refuses a folder that can't be what the job trains: of another kind, or
// on another base.
func (j JobRow) check(about lm.Description, base string) error {
	kind, what := lm.KindAdapter, "an adapter"
	if j.full() {
		kind, what = lm.KindModel, "a whole model"
	}
	switch {
	case about.Kind != kind:
		return fmt.Errorf("job %s trains %s, and this is of kind %s", j.JobID, what, about.Kind)
	case kind == lm.KindAdapter && base != j.BaseSHA256:
		return fmt.Errorf("job %s starts from the model %s, and this base is %s: name the right folder with --base",
			j.JobID, ModelID(j.BaseSHA256), ModelID(base))
	}
	return nil
}

// trainedBy adds to a row what the job says of it, and tells where they differ.
func (row *ModelRow) trainedBy(job JobRow, about lm.Description) (differ []string, err error) {
	if err := job.check(about, row.BaseSHA256); err != nil {
		return nil, err
	}
	row.Method, row.JobID, row.BaseSHA256, row.ParentSHA256 = job.Method, job.JobID, job.BaseSHA256, job.ParentSHA256
	row.Dataset, row.DatasetSnapshot = job.Dataset, job.DatasetSnapshot
	return job.differences(about)
}

// differences say where an adapter is of another make than the job asked for.
func (j JobRow) differences(about lm.Description) (differ []string, err error) {
	o, err := j.options()
	if err != nil || j.full() {
		return nil, err
	}
	asked, got := o.LoRA, about.LoRA
	for _, d := range []struct {
		name       string
		asked, got any
	}{
		{"rank", asked.Rank, got.Rank}, {"alpha", asked.Alpha, got.Alpha}, {"rslora", asked.RSLoRA, got.RSLoRA},
		{"dropout", asked.Dropout, got.Dropout}, {"targets", asked.TargetNames(), got.TargetNames()},
	} {
		if fmt.Sprint(d.asked) != fmt.Sprint(d.got) {
			differ = append(differ, fmt.Sprintf("%s is %v, and the job says %v", d.name, d.got, d.asked))
		}
	}
	return differ, nil
}
