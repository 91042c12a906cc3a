package handover

import (
	"bytes"
	"encoding/json"
	"fmt"

	"alignctl/internal/regular"
	"alignctl/sql/export"
	"alignctl/train"
)

// jobFile is a job's record in its folder.
const jobFile = "job.json"

// A Job is the record of a training that was handed over. The lake keeps the
// same in train.jobs; the file goes along with the work and comes back with it.
type Job struct {
	ID       string          `json:"job"` // run of the lake that handed it over
	Trainer  string          `json:"trainer"`
	For      string          `json:"trainer_version"` // that the configuration was written for
	Method   string          `json:"method"`
	Base     Model           `json:"base"`
	Parent   string          `json:"parent_sha256,omitempty"` // adapter to go on from
	Data     Data            `json:"data"`
	Steps    int             `json:"steps"`
	Warmup   int             `json:"warmup_steps"`
	Options  json.RawMessage `json:"options"` // of alignctl train
	Settings []Setting       `json:"settings"`
	Files    []export.File   `json:"files"` // of the rows
	Rights   string          `json:"rights,omitempty"`
	Version  string          `json:"alignctl"`
}

// A Model is the folder of a model, and what is in it.
type Model struct {
	Folder string `json:"folder"` // where it was handed over
	SHA256 string `json:"sha256"`
}

// Data is the version of the data set.
type Data struct {
	Table     string   `json:"table"`
	Snapshot  string   `json:"snapshot"`
	Digest    string   `json:"digest"`
	Recipes   []string `json:"recipes"`   // digests of what it was built by
	Templates string   `json:"templates"` // ids of the prompts' templates, comma-separated
	Train     int      `json:"train_examples"`
	Dev       int      `json:"dev_examples"`
}

// newJob is the record of a training on its way.
func newJob(h train.Handing, t Trainer, card *export.Card, settings []Setting) Job {
	j := Job{ID: h.Job.JobID, Trainer: t.Name, For: t.Version, Method: h.Job.Method,
		Base: Model{h.Job.BasePath, h.Job.BaseSHA256}, Parent: h.Job.ParentSHA256,
		Data: Data{Table: h.Job.Dataset, Snapshot: h.Job.DatasetSnapshot, Digest: h.Job.DatasetDigest,
			Recipes: []string{}, Templates: h.Job.Template, Train: h.Plan.Train.Examples, Dev: h.Plan.Dev.Examples},
		Steps: h.Plan.Steps, Warmup: h.Plan.Warmup, Options: json.RawMessage(h.Job.Config), Settings: settings,
		Files: card.Files, Rights: card.Rights, Version: h.Job.Version}
	for _, b := range card.Builds {
		j.Data.Recipes = append(j.Data.Recipes, b.Digest)
	}
	return j
}

// With are the settings of a verdict.
func (j Job) With(v Verdict) (some []Setting) {
	for _, s := range j.Settings {
		if s.Verdict == v {
			some = append(some, s)
		}
	}
	return some
}

// encode is the record in JSON.
func (j Job) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(j)
	return b.Bytes(), err
}

// maxJobFile is more than any record takes.
const maxJobFile = 4 << 20

// ReadJob reads a job.json.
func ReadJob(path string) (j Job, err error) {
	text, err := regular.Read(path, maxJobFile)
	if err != nil {
		return j, fmt.Errorf("read job: %w", err)
	}
	if err := json.Unmarshal(text, &j); err != nil {
		return j, fmt.Errorf("read job %q: %w", path, err)
	}
	if j.ID == "" {
		return j, fmt.Errorf(`read job %q: it has no "job": name the job.json of train export-job`, path)
	}
	return j, nil
}

// check compares the record with the lake's: one that was changed on its way is
// no proof of anything.
func (j Job) check(known train.JobRow) error {
	for _, c := range []struct{ what, here, there string }{
		{"data set", known.Dataset, j.Data.Table},
		{"snapshot", known.DatasetSnapshot, j.Data.Snapshot},
		{"digest of the data", known.DatasetDigest, j.Data.Digest},
		{"base model's sha256", known.BaseSHA256, j.Base.SHA256},
		{"parent adapter's sha256", known.ParentSHA256, j.Parent},
		{"trainer", known.Trainer, j.Trainer},
		{"method", known.Method, j.Method},
	} {
		if c.here != c.there {
			return fmt.Errorf("job %s: its %s is %q, and the lake handed over %q: the file was changed", j.ID, c.what, c.there, c.here)
		}
	}
	return nil
}
