//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"alignctl/bench/measure"
	"alignctl/etl/swow/swowtest"
)

// A cost is what the load of a file took.
type cost struct {
	Means    string // digest of what was measured
	Records  int
	RawBytes int64
	Lake     int64 // bytes of the lake after the load
	Load     used
	Steps    []phase
	Rows     map[string]int64 // by table
	Sets     []built
}

// Used is what a process took: itself, and of the disk at its fullest.
type used struct {
	measure.Usage
	Spill, Disk int64 // bytes: of the folder tmp, and of the whole lake
}

// A built is a data set that was built.
type built struct {
	Name string
	Rows int64
	used
}

// A trial is the load of one file in a folder of its own.
type trial struct {
	options
	means   string // options' digest
	records int
	dir     string
}

const perCue = 108 // records, as in the published file; its sample takes 100 of them

// cost measures, or gives what was measured before.
func (t *trial) cost(ctx context.Context) (*cost, error) {
	if err := t.makeFiles(); err != nil || t.generate {
		return nil, err
	}
	c, figures := &cost{}, filepath.Join(t.dir, "cost.json")
	text, err := os.ReadFile(figures)
	if err == nil {
		err = json.Unmarshal(text, c)
	}
	if err == nil && c.Means == t.means && !t.again {
		return c, nil
	}
	if c, err = t.measure(ctx); err != nil {
		return nil, err
	}
	if text, err = json.MarshalIndent(c, "", "\t"); err != nil {
		return nil, err
	}
	return c, os.WriteFile(figures, text, 0o644)
}

// makeFiles makes the raw files, unless they are there.
func (t *trial) makeFiles() error {
	files := filepath.Join(t.dir, "raw")
	if _, err := os.Stat(files); err == nil {
		return nil
	}
	t.say("writing the file")
	part := files + ".part"
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(part, 0o755)); err != nil {
		return err
	}
	if err := swowtest.WriteStudy(part, swowtest.Size{Cues: t.records / perCue, PerCue: perCue}, 1); err != nil {
		return err
	}
	return os.Rename(part, files)
}

// measure loads the file into a fresh lake, builds the data sets, and takes the
// lake away.
func (t *trial) measure(ctx context.Context) (c *cost, err error) {
	lake := filepath.Join(t.dir, "lake")
	if err := os.RemoveAll(lake); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(lake)) }()
	if c, err = t.load(ctx, lake); err != nil || t.records > t.setsUpTo {
		return c, err
	}
	for _, name := range strings.Split(t.sets, ",") {
		t.say("building " + name)
		set, err := t.build(ctx, lake, name)
		if err != nil {
			return nil, err
		}
		c.Sets = append(c.Sets, set)
	}
	return c, nil
}

// load loads the file by a process of its own.
func (t *trial) load(ctx context.Context, lake string) (*cost, error) {
	t.say("loading")
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	raw := filepath.Join(t.dir, "raw")
	told, took, err := watch(exec.CommandContext(ctx, self, loadWord, raw, lake, t.memory), lake)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	c := &cost{}
	if err := json.Unmarshal(told, c); err != nil {
		return nil, fmt.Errorf("read what the load told: %w", err)
	}
	c.Means, c.Records, c.Load = t.means, t.records/perCue*perCue, took
	for _, step := range c.Steps { // the system's own mark was reset at each step
		c.Load.Peak = max(c.Load.Peak, step.Peak)
	}
	info, err := os.Stat(filepath.Join(raw, swowtest.CompleteFile))
	if err != nil {
		return nil, err
	}
	c.RawBytes, c.Lake = info.Size(), diskUse(lake)
	return c, nil
}

// build builds a data set by alignctl.
func (t *trial) build(ctx context.Context, lake, name string) (built, error) {
	cmd := exec.CommandContext(ctx, t.alignctl, "data", "build", "--quiet", "--lake", lake, "-o", "jsonl", name)
	cmd.Dir = t.dir // whose workspace is the built-in one
	told, took, err := watch(cmd, lake)
	if err != nil {
		return built{}, fmt.Errorf("build %s: %w", name, err)
	}
	lines := bytes.Split(bytes.TrimSpace(told), []byte("\n")) // what it reads has lines before it
	set := built{}
	if err := json.Unmarshal(lines[len(lines)-1], &set); err != nil {
		return built{}, fmt.Errorf("read what the build of %s told: %w", name, err)
	}
	set.Name, set.used = name, took
	return set, nil
}

// watch runs a command and gives what it said on stdout, and what it took.
func watch(cmd *exec.Cmd, lake string) ([]byte, used, error) {
	var told bytes.Buffer
	cmd.Stdout = &told
	disk := watchDisk(lake)
	usage, err := measure.Run(cmd)
	u := used{Usage: usage}
	u.Spill, u.Disk = disk.end()
	return told.Bytes(), u, err
}

func (t *trial) say(what string) { fmt.Fprintf(os.Stderr, "%d records: %s\n", t.records, what) }
