package handover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"alignctl/internal/atomicfile"
	"alignctl/internal/nearest"
	"alignctl/lake"
	"alignctl/sql/export"
	"alignctl/train"
)

// A Trainer is another program that trains.
type Trainer struct {
	Name    string // as --for takes it
	Title   string // its own
	Version string // that its settings were written for
	Layout  string // of the rows: see [export.Layouts]
	Needs   string // command that installs it
	Launch  string // run.sh on several GPUs that share one model

	run, script string              // templates of run.sh; a further file, or ""
	notes       map[string][]string // by method, and of "" for all: differences that hang on no setting
	translate   func(s *sheet) configuration
}

// configuration is that of a trainer: a file, or without a name words of the
// command in run.sh.
type configuration struct {
	Name string
	Keys []entry
}

// Trainers lists those that trainings can be handed over to.
func Trainers() []Trainer { return []Trainer{trl, llamaFactory, openRLHF} }

// Find is a trainer by its name.
func Find(name string) (Trainer, error) {
	var names []string
	for _, t := range Trainers() {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return Trainer{}, fmt.Errorf("unknown trainer %q%s", name, nearest.Hint(name, names))
}

// Options say how a training leaves.
type Options struct {
	Trainer Trainer
	Folder  string // new, or empty
	Rights  bool   // whoever exports has the rights to rows that may not be passed on
}

// Write hands a training over: it writes the folder, which has its name only
// when it is whole, and records the job in train.jobs. Rows under a
// no-redistribution licence are [export.ErrNoRights] without Rights; a setting by which the other
// trainer would learn by another loss, or another adapter, is an error.
func Write(ctx context.Context, l *lake.Lake, m train.Method, o Options) (job Job, err error) {
	folder, err := filepath.Abs(o.Folder)
	if err != nil {
		return job, fmt.Errorf("hand over: %w", err)
	}
	if err := atomicfile.CheckVacant(folder); err != nil {
		return job, err
	}
	written := false
	_, err = train.HandOver(ctx, l, m, train.JobRow{Trainer: o.Trainer.Name, Path: folder}, func(h train.Handing) error {
		err := atomicfile.WriteDir(folder, func(fresh string) (err error) {
			job, err = o.fill(ctx, l, m, h, fresh)
			return err
		})
		written = err == nil
		return err
	})
	if err != nil && written { // a folder of a job that no lake knows could never come back
		err = errors.Join(err, os.RemoveAll(folder))
	}
	return job, err
}

// fill writes the files of a job.
func (o Options) fill(ctx context.Context, l *lake.Lake, m train.Method, h train.Handing, folder string) (Job, error) {
	card, err := export.Write(ctx, l, h.Job.Dataset, filepath.Join(folder, "data"), export.Options{Layout: o.Trainer.Layout,
		At: h.Job.DatasetSnapshot, Splits: []string{"train", "dev"}, Rights: o.Rights, Version: h.Job.Version})
	if err != nil {
		return Job{}, err
	}
	s := &sheet{Options: m.Common(), method: m, plan: h.Plan, end: h.End, card: card}
	config := o.Trainer.translate(s)
	if err := s.refused(); err != nil {
		return Job{}, fmt.Errorf("hand over to %s: %w", o.Trainer.Title, err)
	}
	job := newJob(h, o.Trainer, card, s.settings)
	files, err := o.files(page{Job: job, Trainer: o.Trainer, Config: config, Accumulate: s.Accumulate,
		Reference: m.Name() == "dpo" && s.Adapter != "", LeftOut: h.Plan.LeftOut().Useless()})
	if err != nil {
		return Job{}, err
	}
	if err := copyParent(s.Adapter, filepath.Join(folder, "parent")); err != nil {
		return Job{}, err
	}
	return job, writeAll(folder, files)
}

// files are those of a job besides its rows.
func (o Options) files(p page) (map[string][]byte, error) {
	record, err := p.Job.encode()
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", jobFile, err)
	}
	files := map[string][]byte{jobFile: record}
	if p.Config.Name != "" {
		files[p.Config.Name] = yaml(fmt.Sprintf("Job %s for %s %s, by alignctl %s; run.sh adds the model's folder.",
			p.Job.ID, p.Trainer.Title, p.Trainer.Version, p.Job.Version), p.Config.Keys)
	}
	if script := o.Trainer.script; script != "" {
		if files[filepath.Base(script)], err = trlFiles.ReadFile(script); err != nil {
			return nil, err
		}
	}
	for name, source := range map[string]string{"run.sh": o.Trainer.run, "README.md": "readme.md"} {
		var b bytes.Buffer
		if err := pages.ExecuteTemplate(&b, source, p); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		files[name] = b.Bytes()
	}
	return files, nil
}

// writeAll writes files; scripts can be run.
func writeAll(folder string, files map[string][]byte) error {
	for name, content := range files {
		mode := fs.FileMode(0o644)
		if strings.HasSuffix(name, ".sh") {
			mode = 0o755
		}
		if err := atomicfile.Write(filepath.Join(folder, name), content, mode); err != nil {
			return err
		}
	}
	return nil
}

// copyParent copies the adapter to go on from, if there is one.
func copyParent(adapter, to string) error {
	if adapter == "" {
		return nil
	}
	return atomicfile.WriteDir(to, func(fresh string) error {
		for _, name := range []string{"adapter_config.json", "adapter_model.safetensors"} {
			content, err := os.ReadFile(filepath.Join(adapter, name))
			if err != nil {
				return fmt.Errorf("copy adapter: %w", err)
			}
			if err := atomicfile.Write(filepath.Join(fresh, name), content, 0o644); err != nil {
				return err
			}
		}
		return nil
	})
}
