//go:build linux

// Command data measures `alignctl data build` at the size of the study: 12,271
// cues of which 70 % train, some 116 different responses to each, invented. The
// file of people's answers is loaded as any other; then each data set is built,
// and built again, when there is nothing left to do. Each command is a process
// of its own, so that its peak memory is its own.
//
//	go run ./bench/data [-cues 12271] [-sets sft_ranked,sft_triples] [-repeat 3] [-dir FOLDER]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"alignctl/bench/measure"
	"alignctl/etl/swow/swowtest"
)

type options struct {
	cues     int
	sets     string // names of data sets, joined by commas
	repeat   int
	dir      string
	alignctl string
}

func main() {
	var o options
	flag.IntVar(&o.cues, "cues", 12_271, "cues of the invented file")
	flag.StringVar(&o.sets, "sets", "sft_ranked,sft_triples", "data sets to build")
	flag.IntVar(&o.repeat, "repeat", 3, "times that each is built, in a fresh lake each time")
	flag.StringVar(&o.dir, "dir", "", "folder to work in (default: a temporary one)")
	flag.StringVar(&o.alignctl, "alignctl", "bin/alignctl", "the program to measure")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "data:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, o options) (err error) {
	if o.alignctl, err = filepath.Abs(o.alignctl); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "databench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := bench{options: o, dir: dir, runs: map[string][]measure.Usage{}}
	if err := b.generate(); err != nil {
		return err
	}
	for i := range o.repeat {
		if err := b.turn(ctx, fmt.Sprint("lake", i)); err != nil {
			return err
		}
	}
	b.report(out)
	return nil
}

// A bench measures commands in one folder.
type bench struct {
	options
	dir   string
	names []string // of what was run, in order
	runs  map[string][]measure.Usage
}

const (
	answers     = "answers.csv"
	corrections = "cues.tsv"
	perCue      = 70 // records, for some 116 different responses
)

func (b *bench) generate() error {
	size := swowtest.Size{Cues: b.cues, PerCue: perCue}
	return errors.Join(
		measure.Create(b.dir, answers, func(w io.Writer) error { return swowtest.WriteComplete(w, size, 1) }),
		measure.Create(b.dir, corrections, func(w io.Writer) error { return swowtest.WriteCueCorrections(w, size) }),
	)
}

// turn loads the file into a fresh lake and builds every data set twice.
func (b *bench) turn(ctx context.Context, lake string) error {
	err := errors.Join(
		b.measure(ctx, "init", "init", lake),
		b.measure(ctx, "etl swow", "etl", "swow", "--lang", "en", "--cue-corrections", corrections, "--quiet", "--lake", lake, answers),
	)
	err = errors.Join(err, b.measure(ctx, "core.split", "data", "build", "--quiet", "--lake", lake, "core.split"))
	for _, set := range strings.Split(b.sets, ",") {
		build := []string{"data", "build", "--quiet", "--lake", lake, set}
		err = errors.Join(err, b.measure(ctx, set, build...), b.measure(ctx, set+", built before", build...))
	}
	return err
}

// measure runs alignctl once.
func (b *bench) measure(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, b.alignctl, args...)
	cmd.Dir = b.dir
	u, err := measure.Run(cmd)
	if err != nil {
		return fmt.Errorf("run alignctl %s: %w", strings.Join(args, " "), err)
	}
	if _, known := b.runs[name]; !known {
		b.names = append(b.names, name)
	}
	b.runs[name] = append(b.runs[name], u)
	return nil
}

func (b *bench) report(out io.Writer) {
	fmt.Fprintf(out, "\n%d cues, %d records; %d cores, median of %d\n\n", b.cues, b.cues*perCue, runtime.NumCPU(), b.repeat)
	fmt.Fprintln(out, "| | wall s | CPU s | peak MiB |")
	fmt.Fprintln(out, "|---|---|---|---|")
	for _, name := range b.names {
		u := measure.Median(b.runs[name])
		fmt.Fprintf(out, "| %s | %.2f | %.2f | %.0f |\n", name, u.Wall.Seconds(), u.CPU.Seconds(), u.Peak)
	}
}
