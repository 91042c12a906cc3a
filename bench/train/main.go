//go:build linux

// Command train measures `alignctl train` with SmolLM2-135M, LoRA of rank 8
// on q_proj and v_proj, beside PEFT and TRL (bench/peers):
//
//	step   8 examples of 64 tokens, half of them labelled: beside PEFT
//	study  the study's kind of example, a prompt of 150 tokens that differs only at
//	       its end and a list of 60 to 500: beside TRL's SFTTrainer, its packing
//	       off and on, on the same tokens in the same order
//	dpo    4 pairs of a prompt of 32 tokens and two answers of 32, by alignctl train
//	       dpo: beside TRL's DPOTrainer, on the same pairs in the same order
//	draw   8 answers of 48 tokens to each of two prompts of 150 that differ at
//	       their end, as alignctl train grpo draws them: beside transformers'
//	       generate
//	scale  the time of a step against its tokens, memory against the data's size
//
// Each run is a process of its own, so that its peak memory is its own; the
// programs take turns, and the median of each counts. Steps are timed in the
// second half of a run: by then everything is compiled and warm.
//
//	go run ./bench/train -model FOLDER [-work step,study,dpo,draw,scale] [-precision f32] [-repeat 3] [-steps 12] [-backend xla:cpu]
//
// ALIGNCTL_PYTHON is a python that has what bench/peers/requirements-train.txt
// names; without it alignctl is measured alone.
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
)

type options struct {
	work      string // joined by commas
	model     string
	backend   string
	precision string // of step
	repeat    int
	steps     int // of an epoch; every run does two
	dir       string
	alignctl  string
	python    string
}

func main() {
	o := options{python: os.Getenv("ALIGNCTL_PYTHON")}
	flag.StringVar(&o.work, "work", "step,study,dpo,draw,scale", "what to measure")
	flag.StringVar(&o.model, "model", "", "folder of SmolLM2-135M")
	flag.StringVar(&o.backend, "backend", "xla:cpu", "alignctl's backend")
	flag.StringVar(&o.precision, "precision", "f32", "of step: f32 or bf16")
	flag.IntVar(&o.repeat, "repeat", 3, "times that each program runs")
	flag.IntVar(&o.steps, "steps", 12, "steps that are timed, after as many that aren't")
	flag.StringVar(&o.dir, "dir", "", "folder to work in (default: a temporary one)")
	flag.StringVar(&o.alignctl, "alignctl", "bin/alignctl", "the program to measure")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

// works are what can be measured, by name.
var works = map[string]func(*bench, context.Context, io.Writer) error{
	"step": (*bench).step, "study": (*bench).study, "dpo": (*bench).dpo, "draw": (*bench).draw, "scale": (*bench).scale,
}

func run(ctx context.Context, out io.Writer, o options) (err error) {
	if o.model == "" {
		return errors.New("give -model, the folder of SmolLM2-135M")
	}
	for _, path := range []*string{&o.alignctl, &o.model} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(o.dir, "trainbench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{options: o, dir: dir}
	if err := b.plainModel(); err != nil {
		return err
	}
	if o.python == "" {
		fmt.Fprintln(os.Stderr, "left out: PEFT and TRL, ALIGNCTL_PYTHON names no python that has them")
	}
	fmt.Fprintf(out, "%d cores; median of %d; %d steps timed in each run\n", runtime.NumCPU(), o.repeat, o.steps)
	for _, name := range strings.Split(o.work, ",") {
		work, known := works[name]
		if !known {
			return fmt.Errorf("find workload %q: give step, study, dpo, draw or scale", name)
		}
		if err := work(b, ctx, out); err != nil {
			return fmt.Errorf("measure %s: %w", name, err)
		}
	}
	return nil
}
