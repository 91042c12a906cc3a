//go:build linux

// Command data measures `alignctl data build` at the size of the study: 12,271
// cues of which 70 % train, some 116 different responses to each, invented. The
// file of people's answers is loaded as any other; then each data set is built,
// built again, when there is nothing left to do, looked at and exported. Each
// command is a process of its own, so that its peak memory is its own.
//
//	go run ./bench/data [-cues 12271] [-sets sft_ranked,...] [-model FOLDER] [-repeat 3] [-dir FOLDER]
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
	model    string // whose tokenizer the preview uses; "": none
	repeat   int
	dir      string
	alignctl string
}

func main() {
	var o options
	flag.IntVar(&o.cues, "cues", 12_271, "cues of the invented file")
	flag.StringVar(&o.sets, "sets", "sft_ranked,sft_triples,rank_questions,pairs,pairs_word", "data sets to build")
	flag.StringVar(&o.model, "model", "", "preview as this model reads it, too")
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
	b := bench{options: o, dir: dir, runs: map[string][]measure.Usage{}, sizes: map[string]int64{}}
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
	sizes map[string]int64 // bytes of what an export wrote
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
	return errors.Join(err, b.look(ctx, lake), b.export(ctx, lake))
}

// look measures the first page of the first data set.
func (b *bench) look(ctx context.Context, lake string) error {
	first, _, _ := strings.Cut(b.sets, ",")
	err := b.measure(ctx, "preview", "data", "preview", "--lake", lake, first)
	if b.model != "" {
		page := []string{"data", "preview", "--quiet", "--model", b.model, "--lake", lake, first}
		err = errors.Join(err, b.measure(ctx, "preview --model, with lengths", page...))
	}
	return err
}

// export measures what the first data set takes to go out.
func (b *bench) export(ctx context.Context, lake string) error {
	first, _, _ := strings.Cut(b.sets, ",")
	for _, layout := range []string{"jsonl", "trl"} {
		dir := lake + "-" + layout
		name := "export --for " + layout
		err := b.measure(ctx, name, "data", "export", "--quiet", "--for", layout, "-o", dir, "--i-have-the-rights", "--lake", lake, first)
		if err != nil {
			return err
		}
		if b.sizes[name], err = sizeOf(filepath.Join(b.dir, dir)); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(b.dir, dir)); err != nil {
			return err
		}
	}
	return nil
}

// sizeOf adds up the files of a folder, in bytes.
func sizeOf(dir string) (bytes int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		bytes += info.Size()
	}
	return bytes, nil
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
	fmt.Fprintln(out, "| | wall s | CPU s | peak MiB | MB/s |")
	fmt.Fprintln(out, "|---|---|---|---|---|")
	for _, name := range b.names {
		u := measure.Median(b.runs[name])
		rate := ""
		if size := b.sizes[name]; size > 0 {
			rate = fmt.Sprintf("%.0f", float64(size)/1e6/u.Wall.Seconds())
		}
		fmt.Fprintf(out, "| %s | %.2f | %.2f | %.0f | %s |\n", name, u.Wall.Seconds(), u.CPU.Seconds(), u.Peak, rate)
	}
}
