//go:build linux

// Command etl measures `alignctl etl` on invented files of full size beside
// what people would write instead: polars, pandas, bare DuckDB, and R's
// data.table (bench/peers). Each run is a process of its own, so that its peak
// memory is its own; the programs take turns, and the median of each counts.
//
//	go run ./bench/etl [-work swow,wvs] [-records N] [-repeat 3] [-dir FOLDER]
//
// ALIGNCTL_PEERS is a python that has what bench/peers/requirements.txt names. A
// peer that isn't at hand is left out, and said.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"alignctl/bench/measure"
)

type options struct {
	work     string // names of workloads, joined by commas
	records  int    // 0: each workload's own
	repeat   int
	dir      string
	alignctl string
	python   string
	memory   string
}

func main() {
	o := options{python: os.Getenv("ALIGNCTL_PEERS")}
	flag.StringVar(&o.work, "work", "swow,wvs", "what to load")
	flag.IntVar(&o.records, "records", 0, "records of each file (default: 1.3 M and 5 M of SWOW, 97,000 of WVS)")
	flag.IntVar(&o.repeat, "repeat", 3, "times that each program runs")
	flag.StringVar(&o.dir, "dir", "", "folder to work in (default: a temporary one)")
	flag.StringVar(&o.alignctl, "alignctl", "bin/alignctl", "the program to measure")
	flag.StringVar(&o.memory, "memory", "2GiB", "bound of DuckDB's memory, within alignctl and alone")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "etl:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, o options) (err error) {
	if o.alignctl, err = filepath.Abs(o.alignctl); err != nil {
		return err
	}
	for _, name := range strings.Split(o.work, ",") {
		work, known := workloads[name]
		if !known {
			return fmt.Errorf("find workload %q: give swow or wvs", name)
		}
		sizes := work.sizes
		if o.records > 0 {
			sizes = []int{o.records}
		}
		for _, records := range sizes {
			if err := compare(ctx, out, work, records, o); err != nil {
				return fmt.Errorf("measure %s, %d records: %w", name, records, err)
			}
		}
	}
	return nil
}

// compare runs the programs in turn on one file and prints a table.
func compare(ctx context.Context, out io.Writer, work workload, records int, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "etlbench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := work.generate(dir, records); err != nil {
		return err
	}
	programs, absent := findPrograms(ctx, work, dir, o)
	for _, why := range absent {
		fmt.Fprintln(os.Stderr, "left out:", why)
	}
	runs := make([][]measure.Usage, len(programs))
	for range o.repeat {
		for i, p := range programs {
			u, err := p.measure(ctx, dir)
			if err != nil {
				return fmt.Errorf("run %s: %w", p.name, err)
			}
			runs[i] = append(runs[i], u)
		}
	}
	return report(out, work, filepath.Join(dir, work.file), records, programs, runs)
}

// report prints the medians, and each peer's as multiples of alignctl's, which
// comes first.
func report(out io.Writer, work workload, file string, records int, programs []program, runs [][]measure.Usage) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s: %d records, %d MB; %d cores, median of %d\n\n", work.title, records, info.Size()/1e6,
		runtime.NumCPU(), len(runs[0]))
	fmt.Fprintln(out, "| | wall s | CPU s | peak MiB | wall / alignctl's | peak / alignctl's |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|")
	ours := measure.Median(runs[0])
	for i, p := range programs {
		u := measure.Median(runs[i])
		fmt.Fprintf(out, "| %s %s | %.2f | %.2f | %.0f | %.2f | %.2f |\n", p.name, p.version, u.Wall.Seconds(),
			u.CPU.Seconds(), u.Peak, u.Wall.Seconds()/ours.Wall.Seconds(), u.Peak/ours.Peak)
	}
	return nil
}
