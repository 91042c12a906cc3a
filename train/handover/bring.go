package handover

import (
	"context"
	"fmt"

	"alignctl/lake"
	"alignctl/train"
)

// Bring records in train.models what came of a job, as [train.ImportModel] does,
// and in train.runs and train.steps what its trainer wrote down of it: o says
// which folder, and who says that the job in the file at path made it.
func Bring(ctx context.Context, l *lake.Lake, path string, o train.ImportOptions, info lake.RunInfo) (train.Imported, error) {
	job, err := ReadJob(path)
	if err != nil {
		return train.Imported{}, err
	}
	known, err := train.FindJob(ctx, l, job.ID)
	if err != nil {
		return train.Imported{}, fmt.Errorf("import by %q: %w", path, err)
	}
	if err := job.check(known); err != nil {
		return train.Imported{}, fmt.Errorf("import by %q: %w", path, err)
	}
	if o.History, err = readHistory(o.Folder); err != nil {
		return train.Imported{}, fmt.Errorf("import model %q: %w", o.Folder, err)
	}
	o.Job = job.ID
	return train.ImportModel(ctx, l, o, info)
}
