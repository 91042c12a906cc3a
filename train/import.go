package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"alignctl/internal/atomicfile"
	"alignctl/lake"
	"alignctl/train/lm"
)

// ImportOptions say which folder to record, and who says what it is.
type ImportOptions struct {
	Folder     string `json:"folder"`
	Base       string `json:"base"`          // folder of an adapter's base model; "": as its adapter_config.json says
	DeclaredBy string `json:"declared_by"`   // who says where the folder comes from
	Job        string `json:"job,omitempty"` // of train.jobs: by which DeclaredBy says that it was trained; "": none

	// History is what the trainer says of the training by Job; nil: nothing.
	History *History `json:"-"`

	// Differences are filled in: where an adapter, or its training, is another
	// than Job asked for.
	Differences []string `json:"differences,omitempty"`
}

// An Imported is what ImportModel recorded.
type Imported struct {
	ModelRow
	Differences []string // from what its job asked for
	Steps       *int64   // optimizer steps that its trainer wrote down; nil: it wrote nothing
}

// ImportModel records a model or adapter that no run of the lake made. The
// folder stays where it is; its tensors must fit its config, or an adapter's
// those of its base, which must be that of the job if there is one.
func ImportModel(ctx context.Context, l *lake.Lake, o ImportOptions, info lake.RunInfo) (Imported, error) {
	about, err := lm.Describe(o.Folder)
	if err != nil {
		return Imported{}, err
	}
	var job JobRow
	if o.Job != "" {
		if job, err = FindJob(ctx, l, o.Job); err != nil {
			return Imported{}, err
		}
	}
	row, err := o.describe(about, job)
	if err != nil {
		return Imported{}, err
	}
	if o.Job != "" {
		if o.Differences, err = row.trainedBy(job, about); err != nil {
			return Imported{}, fmt.Errorf("import model %q: %w", o.Folder, err)
		}
		o.Differences = append(o.Differences, o.History.differences(job)...)
	}
	if err := refuseKnown(ctx, l, row); err != nil {
		return Imported{}, err
	}
	info.Config = o
	err = inRun(ctx, l, info, func(run *lake.Run) error { return o.record(ctx, run, &row, job) })
	imported := Imported{ModelRow: row, Differences: o.Differences}
	if o.History != nil {
		imported.Steps = &o.History.Steps
	}
	return imported, err
}

// record adds the model to train.models, and its training where a history tells
// of it.
func (o ImportOptions) record(ctx context.Context, run *lake.Run, row *ModelRow, job JobRow) error {
	if err := row.record(ctx, run, row.BaseSHA256, row.ParentSHA256); err != nil || o.History == nil {
		return err
	}
	return o.History.record(ctx, run, job, o.DeclaredBy)
}

// describe is the row of a folder, as far as the folder says it.
func (o ImportOptions) describe(about lm.Description, job JobRow) (row ModelRow, err error) {
	row = ModelRow{Kind: about.Kind, Method: "import", DeclaredBy: o.DeclaredBy}
	if row.Path, err = filepath.Abs(o.Folder); err != nil {
		return row, fmt.Errorf("import model: %w", err)
	}
	if about.Kind == lm.KindAdapter {
		if row.BaseSHA256, err = o.base(about, job); err != nil {
			return row, err
		}
	} else if o.Base != "" {
		return row, fmt.Errorf("import model %q: it is a whole model: only an adapter has a --base", o.Folder)
	}
	row.SHA256, err = about.Digest(o.Folder)
	return row, err
}

// base is the sha256 of the adapter's base model, which it must fit: unless the
// options name it, the folder that the job started from, or that which the
// adapter names.
func (o ImportOptions) base(about lm.Description, job JobRow) (string, error) {
	base := o.Base
	if base == "" && isFolder(job.BasePath) {
		base = job.BasePath
	}
	if base == "" {
		base = about.Base
	}
	if !isFolder(base) {
		return "", fmt.Errorf("import adapter %q: its base %q is no folder here: name the folder with --base", o.Folder, base)
	}
	if err := lm.CheckAdapter(base, o.Folder); err != nil {
		return "", err
	}
	return lm.ModelSHA256(base)
}

// isFolder says whether a path is that of a folder.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return path != "" && err == nil && info.IsDir()
}

// refuseKnown refuses a folder that train.models has as it is.
func refuseKnown(ctx context.Context, l *lake.Lake, row ModelRow) error {
	rows, err := modelRows(ctx, l)
	if err != nil {
		return err
	}
	for _, known := range rows {
		if known.SHA256 == row.SHA256 && known.Path == row.Path {
			return fmt.Errorf("import model %q: train.models has it already, by run %s", row.Path, known.RunID)
		}
	}
	return nil
}

// MergeOptions say what to merge.
type MergeOptions struct {
	Model    string   `json:"model"`    // folder of the base
	Adapters []string `json:"adapters"` // folders, merged in this order
	DType    lm.DType `json:"dtype"`    // of the merged weights
	Out      string   `json:"out"`      // new folder
}

// MergeModel writes base and adapters as one Hugging Face folder and records it
// as kind merged. Sums are float32 whatever the stored types.
func MergeModel(ctx context.Context, l *lake.Lake, o MergeOptions, info lake.RunInfo) (ModelRow, error) {
	digests, err := o.check()
	if err != nil {
		return ModelRow{}, err
	}
	row := ModelRow{Kind: "merged", Method: "merge", BaseSHA256: digests[0], ParentSHA256: strings.Join(digests[1:], ",")}
	if row.Path, err = filepath.Abs(o.Out); err != nil {
		return ModelRow{}, fmt.Errorf("merge model: %w", err)
	}
	if err := o.write(ctx); err != nil {
		return ModelRow{}, err
	}
	if row.SHA256, err = lm.ModelSHA256(o.Out); err != nil {
		return ModelRow{}, err
	}
	info.Config = o
	err = inRun(ctx, l, info, func(run *lake.Run) error { return row.record(ctx, run, digests...) })
	return row, err
}

// check looks whether all fits before any weight is read. It gives the digests
// of the base and of the adapters.
func (o MergeOptions) check() ([]string, error) {
	if len(o.Adapters) == 0 {
		return nil, errors.New("merge model: name at least one adapter")
	}
	if err := atomicfile.CheckVacant(o.Out); err != nil {
		return nil, err
	}
	base, err := lm.ModelSHA256(o.Model)
	if err != nil {
		return nil, err
	}
	digests := []string{base}
	for _, adapter := range o.Adapters {
		if err := lm.CheckAdapter(o.Model, adapter); err != nil {
			return nil, err
		}
		sum, err := lm.AdapterSHA256(adapter)
		if err != nil {
			return nil, err
		}
		digests = append(digests, sum)
	}
	return digests, nil
}

// write merges on the Go backend: each weight is touched once, and no program
// is compiled.
func (o MergeOptions) write(ctx context.Context) error {
	model, err := lm.Load(ctx, o.Model, lm.Options{Backend: "go"})
	if err != nil {
		return err
	}
	defer model.Close()
	for _, adapter := range o.Adapters {
		if err := model.MergeAdapter(adapter); err != nil {
			return err
		}
	}
	return atomicfile.WriteDir(o.Out, func(fresh string) error { return model.SaveModelAs(fresh, o.DType) })
}
