//go:build linux

// Command wvs measures `alignctl eval wvs --readout likelihood` beside a
// straightforward loop of transformers (bench/peers/wvs_transformers.py), which
// computes each prompt for each of its options: 221 questions in 4 orders, on the
// same prompts and options, in float32. The questions are invented, with the
// survey's own scales and texts of the usual length.
//
// Each run is a process of its own; the programs take turns, and the median of
// each counts. The seconds are those of asking: loading the model is left out,
// compiling isn't.
//
//	go run ./bench/wvs -model FOLDER [-items 221] [-orders 4] [-repeat 3] [-backend xla:cpu]
//
// ALIGNCTL_PYTHON is a python that has what bench/peers/requirements-train.txt
// names; without it alignctl is measured alone.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"alignctl/bench/measure"
)

type options struct {
	model    string
	backend  string
	items    int
	orders   int
	repeat   int
	dir      string
	alignctl string
	python   string
}

func main() {
	o := options{python: os.Getenv("ALIGNCTL_PYTHON")}
	flag.StringVar(&o.model, "model", "", "folder of the model")
	flag.StringVar(&o.backend, "backend", "xla:cpu", "alignctl's backend")
	flag.IntVar(&o.items, "items", 221, "questions")
	flag.IntVar(&o.orders, "orders", 4, "orders of the options")
	flag.IntVar(&o.repeat, "repeat", 3, "times that each program runs")
	flag.StringVar(&o.dir, "dir", "", "folder to work in (default: a temporary one)")
	flag.StringVar(&o.alignctl, "alignctl", "bin/alignctl", "the program to measure")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "wvs:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, o options) (err error) {
	if o.model == "" {
		return errors.New("give -model, the folder of a model")
	}
	for _, path := range []*string{&o.alignctl, &o.model} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(o.dir, "wvsbench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{options: o, dir: dir}
	if err := b.load(ctx); err != nil {
		return err
	}
	programs := []program{{"alignctl", b.ask}}
	if o.python == "" {
		fmt.Fprintln(os.Stderr, "left out: transformers, ALIGNCTL_PYTHON names no python that has it")
	} else {
		programs = append(programs, program{"transformers", b.peer})
	}
	return b.turns(ctx, out, programs)
}

// A bench is a folder with a lake that programs run on.
type bench struct {
	options
	dir string
}

// A program asks all of the prompts once.
type program struct {
	name string
	run  func(context.Context) (result, error)
}

// A result is what a program says that asking took, and what its process took.
type result struct {
	Options    int     `json:"options"`
	Seconds    float64 `json:"seconds"`
	Difference float64 `json:"largest_difference"` // of a log-probability, to alignctl's
	usage      measure.Usage
}

// turns has the programs run in turns, and prints the median of each.
func (b *bench) turns(ctx context.Context, out io.Writer, programs []program) error {
	runs := make([][]result, len(programs))
	for range b.repeat {
		for i, p := range programs {
			r, err := p.run(ctx)
			if err != nil {
				return fmt.Errorf("measure %s: %w", p.name, err)
			}
			fmt.Fprintf(os.Stderr, "%s: %.1f s\n", p.name, r.Seconds)
			runs[i] = append(runs[i], r)
		}
	}
	fmt.Fprintf(out, "%d cores; %d questions in %d orders; median of %d\n\n", runtime.NumCPU(), b.items, b.orders, b.repeat)
	fmt.Fprintln(out, "| | asking s | CPU s | peak MiB | times alignctl's | largest difference of a log-probability |\n|---|---|---|---|---|---|")
	first := median(runs[0]).Seconds
	for i, p := range programs {
		r := median(runs[i])
		fmt.Fprintf(out, "| %s | %.1f | %.1f | %.0f | %.2f | %.1e |\n", p.name, r.Seconds, r.usage.CPU.Seconds(), r.usage.Peak,
			r.Seconds/first, r.Difference)
	}
	return nil
}

// median is the run in the middle, by what asking took.
func median(runs []result) result {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b result) int { return cmp.Compare(a.Seconds, b.Seconds) })
	return sorted[len(sorted)/2]
}

// readouts are the options as alignctl showed them last, for the peer.
const (
	readoutsFile = "readouts.jsonl"
	readouts     = `select prompt, label as answer, logprob from eval.readouts join eval.samples using (run_id, item_id, variant, sample)
		where run_id = (select max_by(run_id, started_at) from eval.runs) order by prompt, place`
)

// ask has alignctl ask, and writes what the peer reads.
func (b *bench) ask(ctx context.Context) (r result, err error) {
	cmd := b.command(ctx, "eval", "wvs", "--quiet", "-o", "csv", "--model", b.model, "--backend", b.backend, "--between", country,
		"--readout", "likelihood", "--orders", strconv.Itoa(b.orders), "--limit", strconv.Itoa(b.items))
	var said bytes.Buffer
	cmd.Stdout = &said
	if r.usage, err = measure.Run(cmd); err != nil {
		return r, err
	}
	rows, err := csv.NewReader(&said).ReadAll()
	if err != nil || len(rows) != 2 {
		return r, errors.Join(err, fmt.Errorf("read what eval wvs said: %d lines", len(rows)))
	}
	if items, _ := strconv.Atoi(rows[1][1]); items != b.items {
		return r, fmt.Errorf("%d questions were asked, want %d", items, b.items)
	}
	if r.Seconds, err = strconv.ParseFloat(rows[1][3], 64); err != nil {
		return r, err
	}
	return r, b.sql(ctx, readoutsFile, "jsonl", readouts)
}

// peer has transformers ask the same.
func (b *bench) peer(ctx context.Context) (r result, err error) {
	script, err := filepath.Abs(filepath.Join("bench", "peers", "wvs_transformers.py"))
	if err != nil {
		return r, err
	}
	cmd := exec.CommandContext(ctx, b.python, script, b.model, readoutsFile)
	cmd.Dir = b.dir
	var said bytes.Buffer
	cmd.Stdout = &said
	usage, err := measure.Run(cmd)
	if err != nil {
		return r, err
	}
	err = json.Unmarshal(said.Bytes(), &r)
	r.usage = usage
	return r, err
}

// command is alignctl in the lake's folder.
func (b *bench) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.alignctl, args...)
	cmd.Dir = b.dir
	return cmd
}

// sql writes what a query gives to a file.
func (b *bench) sql(ctx context.Context, file, format, query string) error {
	return measure.Create(b.dir, file, func(w io.Writer) error {
		cmd := b.command(ctx, "sql", "-o", format, query)
		cmd.Stdout, cmd.Stderr = w, os.Stderr
		return cmd.Run()
	})
}
