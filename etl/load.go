package etl

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"alignctl/internal/progress"
	"alignctl/lake"
)

// LoadOptions say how to carry out a load.
type LoadOptions struct {
	Info   lake.RunInfo // its Source names the load in messages
	Memory string       // DuckDB's share, such as 2GiB; "": DefaultMemory
	Engine Opener       // what runs the transforms; nil: DuckDB
	Steps  int          // how many there will be, for the display of progress
	Report *Report      // what is known before; the load adds to it
}

// DefaultMemory bounds DuckDB's share of a load; what doesn't fit spills to
// disk. It grows with the threads, each of which has buffers of its own. On two
// cores the English R100 file then loads within 1.5 GB.
func DefaultMemory() string { return fmt.Sprintf("%dMiB", 350*max(2, runtime.NumCPU())) }

// A Job is a load under way: one run of the lake.
type Job struct {
	Run    *lake.Run
	Engine Engine
	Report *Report
	task   progress.Task
}

// Load carries out a load as one run of the lake: what body writes is published
// together once body returns nil, and nothing of it otherwise.
func Load(ctx context.Context, l *lake.Lake, o LoadOptions, body func(context.Context, *Job) error) (_ *Report, err error) {
	if o.Memory == "" {
		o.Memory = DefaultMemory()
	}
	o.Info.Options.Memory = o.Memory
	run, err := l.Begin(ctx, o.Info)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	engine, err := openEngine(ctx, o.Engine, run)
	if err != nil {
		return nil, fmt.Errorf("load source %q: %w", o.Info.Source, err)
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	if o.Engine != nil {
		o.Report.Notes = append(o.Report.Notes, "the transforms run on "+o.Engine.Name())
	}
	j := &Job{Run: run, Engine: engine, Report: o.Report, task: progress.Start(ctx, "load "+o.Info.Source, int64(o.Steps+1), "steps")}
	defer j.task.Done()
	if err := body(ctx, j); err != nil {
		return nil, fmt.Errorf("load source %q: %w", o.Info.Source, err)
	}
	err = j.Step("publish", func() error {
		published, err := run.Publish(ctx, lake.Done)
		if err == nil {
			j.Report.Publish(published)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load source %q: %w", o.Info.Source, err)
	}
	return j.Report, nil
}

// Step times and shows a part of the load.
func (j *Job) Step(name string, do func() error) error {
	j.task.Note(name)
	defer j.task.Add(1)
	return j.Report.Time(name, do)
}

// Stage reads a checked file into a temporary table, and records the file among
// those of the run.
func (j *Job) Stage(ctx context.Context, table string, f *Checked, licence string) error {
	if err := Stage(ctx, j.Run.Session(), table, f); err != nil {
		return err
	}
	return j.Record(f.Path, licence, lake.RawFile{Name: f.Name(), SHA256: f.SHA256, Bytes: f.Bytes, Rows: f.Rows})
}

// Record notes a raw file among those of the run.
func (j *Job) Record(file, licence string, as lake.RawFile) error {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("find raw file %q: %w", file, err)
	}
	as.Source, as.Licence, as.Path = j.Report.Source, licence, absolute
	j.Run.File(as)
	return nil
}

// Audit runs the queries of a folder, each of which must give no row. An audit
// is called prefix.name.
func (j *Job) Audit(ctx context.Context, files embed.FS, dir, prefix string) error {
	entries, err := files.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := files.ReadFile(path.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		if err := j.Run.Audit(ctx, prefix+"."+strings.TrimSuffix(e.Name(), ".sql"), string(text)); err != nil {
			return err
		}
	}
	return nil
}
