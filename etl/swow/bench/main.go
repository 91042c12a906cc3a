//go:build linux

// Command bench measures a load of an invented file of the size of the
// English R100 file against a bare DuckDB script that writes the same tables
// to Parquet. Each is a process of its own, so that its peak memory is its
// own; they take turns, and the best time of each counts.
//
//	go run -tags duckdb_arrow ./etl/swow/bench [-cues 12000] [-repeat 3] [-dir FOLDER]
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"alignctl/etl/swow"
	"alignctl/etl/swow/swowtest"
	"alignctl/lake"
	"alignctl/lake/duck"
)

//go:embed bare.sql
var bareScript string

// The limits that the load is held to.
const (
	maxRatio = 1.5   // of the bare script's time
	maxPeak  = 1.5e9 // bytes of resident memory
)

const (
	mib = 1 << 20 // bytes
	kib = 1 << 10
)

type options struct {
	size   swowtest.Size
	repeat int
	dir    string
	part   string // what this process does: "" measures, else one of parts
}

// parts are what a measured process can do, in dir.
var parts = map[string]func(ctx context.Context, dir string) error{"bare": bare, "etl": load}

func main() {
	o := options{size: swowtest.R100}
	flags := flag.NewFlagSet("bench", flag.ExitOnError) // a library has put a flag dir among the program's own
	flags.IntVar(&o.size.Cues, "cues", o.size.Cues, "cues of the file, 100 records each")
	flags.IntVar(&o.repeat, "repeat", 3, "times that each is run")
	flags.StringVar(&o.dir, "dir", "", "folder to work in (default: a temporary one)")
	flags.StringVar(&o.part, "part", "", "internal: run one part in -dir")
	_ = flags.Parse(os.Args[1:]) // which exits on an error
	if err := run(context.Background(), os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, o options) (err error) {
	if o.part != "" {
		return parts[o.part](ctx, o.dir)
	}
	dir, err := os.MkdirTemp(o.dir, "swowbench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := generate(csvIn(dir), o.size); err != nil {
		return err
	}
	return compare(ctx, out, dir, o)
}

func csvIn(dir string) string { return filepath.Join(dir, "SWOW-EN.R100.csv") }

func generate(path string, size swowtest.Size) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(swowtest.WriteR100(f, size, 1), f.Close())
}

// compare runs the parts in turn and prints the best of each.
func compare(ctx context.Context, out io.Writer, dir string, o options) error {
	best := map[string]usage{}
	for range o.repeat {
		for _, part := range []string{"bare", "etl"} {
			u, err := measure(ctx, part, dir)
			if err != nil {
				return fmt.Errorf("run part %q: %w", part, err)
			}
			if b, ok := best[part]; !ok || u.wall < b.wall {
				best[part] = u
			}
		}
	}
	rows := o.size.Cues * o.size.PerCue
	fmt.Fprintf(out, "part\trecords\tseconds\tcpu_seconds\tpeak_mib\n")
	for _, part := range []string{"bare", "etl"} {
		u := best[part]
		fmt.Fprintf(out, "%s\t%d\t%.2f\t%.2f\t%.0f\n", part, rows, u.wall.Seconds(), u.cpu.Seconds(), u.peak/mib)
	}
	ratio := best["etl"].wall.Seconds() / best["bare"].wall.Seconds()
	fmt.Fprintf(out, "ratio\t%.2f\t(at most %.1f)\n", ratio, maxRatio)
	if ratio > maxRatio || best["etl"].peak > maxPeak {
		return fmt.Errorf("load is over its limits: ratio %.2f of %.1f, peak %.0f of %.0f MiB",
			ratio, maxRatio, best["etl"].peak/mib, maxPeak/mib)
	}
	return nil
}

// usage is what a process took.
type usage struct {
	wall, cpu time.Duration
	peak      float64 // bytes of resident memory
}

// measure runs one part as a process in a fresh folder beside the file.
func measure(ctx context.Context, part, dir string) (usage, error) {
	self, err := os.Executable()
	if err != nil {
		return usage{}, err
	}
	if err := os.RemoveAll(workIn(dir)); err != nil {
		return usage{}, err
	}
	if err := os.Mkdir(workIn(dir), 0o700); err != nil {
		return usage{}, err
	}
	cmd := exec.CommandContext(ctx, self, "-part", part, "-dir", dir)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return usage{}, err
	}
	u := usage{wall: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = float64(r.Maxrss) * kib
	}
	return u, nil
}

func workIn(dir string) string { return filepath.Join(dir, "work") }

func bare(ctx context.Context, dir string) (err error) {
	db, err := duck.Open(ctx, duck.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Exec(ctx, strings.NewReplacer("{csv}", csvIn(dir), "{dir}", workIn(dir)).Replace(bareScript))
}

func load(ctx context.Context, dir string) (err error) {
	l, err := lake.Init(ctx, filepath.Join(workIn(dir), "lake"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	plan, err := swow.Prepare(ctx, l, swow.Options{Files: []string{csvIn(dir)}, Language: "en", Command: "bench"})
	if err != nil {
		return err
	}
	report, err := plan.Load(ctx)
	if err != nil {
		return err
	}
	for _, step := range report.Steps {
		fmt.Fprintf(os.Stderr, "  %s %.2f s\n", step.Name, step.Duration.Seconds())
	}
	return nil
}
