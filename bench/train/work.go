//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"alignctl/bench/measure"
)

// A bench measures programs in one folder.
type bench struct {
	options
	dir string
}

// A result is what a program took, run by run.
type result struct {
	program
	usages  []measure.Usage
	seconds []float64 // of the second half of the steps, of each run
	losses  []float64 // of the first run, by step
}

// takeTurns runs each program, and again, so that what disturbs the machine
// disturbs all of them.
func (b *bench) takeTurns(ctx context.Context, programs []program) ([]result, error) {
	results := make([]result, len(programs))
	for range b.repeat {
		for i, p := range programs {
			u, steps, err := p.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("run %s: %w", p.name, err)
			}
			results[i].program = p
			results[i].add(u, steps)
		}
	}
	return results, nil
}

// add takes one run into account.
func (r *result) add(u measure.Usage, steps []step) {
	var seconds float64
	for _, s := range steps[len(steps)/2:] {
		seconds += s.Seconds
	}
	if r.usages == nil {
		for _, s := range steps {
			r.losses = append(r.losses, s.Loss)
		}
	}
	r.usages, r.seconds = append(r.usages, u), append(r.seconds, seconds)
}

func median(numbers []float64) float64 {
	sorted := slices.Sorted(slices.Values(numbers))
	return sorted[len(sorted)/2]
}

// lossGap is the largest difference of two loss curves, step by step; NaN when
// they have different steps.
func lossGap(a, b []float64) (gap float64) {
	if len(a) != len(b) {
		return math.NaN()
	}
	for i := range a {
		gap = math.Max(gap, math.Abs(a[i]-b[i]))
	}
	return gap
}

// report prints what each program did in a second, the first one's as multiples
// of each.
func report(out io.Writer, title, unit string, amount float64, results []result) {
	fmt.Fprintf(out, "\n%s\n\n| | %s/s | alignctl's / its | peak MiB | its / alignctl's | first loss | last loss | loss differs by up to |\n",
		title, unit)
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|")
	ours := results[0]
	for _, r := range results {
		peak, ourPeak := measure.Median(r.usages).Peak, measure.Median(ours.usages).Peak
		fmt.Fprintf(out, "| %s | %.2f | %.2f | %.0f | %.2f | %.4f | %.4f | %.4f |\n", r.name, amount/median(r.seconds),
			median(r.seconds)/median(ours.seconds), peak, peak/ourPeak, r.losses[0], r.losses[len(r.losses)-1],
			lossGap(r.losses, ours.losses))
	}
}

// step measures 8 x 64 tokens beside PEFT.
func (b *bench) step(ctx context.Context, out io.Writer) error {
	const tokens = 64
	rows := halves(batchSize*b.steps, tokens)
	if err := newLake(ctx, b, "step", rows); err != nil {
		return err
	}
	if err := b.writePeers("step-tokens.jsonl", rows); err != nil {
		return err
	}
	programs := []program{b.alignctlOn("alignctl", "step", b.steps, "--precision", b.precision)}
	if b.python != "" {
		if err := b.saveStart(ctx, "sft", "step"); err != nil {
			return err
		}
		programs = append(programs, b.peer("PEFT", "sft_peft.py", "step-tokens.jsonl", b.precision))
	}
	results, err := b.takeTurns(ctx, programs)
	if err != nil {
		return err
	}
	report(out, fmt.Sprintf("%d x %d tokens, half labelled, %s", batchSize, tokens, b.precision), "tokens",
		float64(b.steps*batchSize*tokens), results)
	return nil
}

// study measures the study's kind of example beside TRL, and what each of
// alignctl's layouts adds.
func (b *bench) study(ctx context.Context, out io.Writer) error {
	rows := studies(batchSize * b.steps)
	if err := newLake(ctx, b, "study", rows); err != nil {
		return err
	}
	if err := b.writePeers("study-tokens.jsonl", rows); err != nil {
		return err
	}
	programs := []program{
		b.alignctlOn("alignctl, both", "study", b.steps, "--packing", "--share-prefix"),
		b.alignctlOn("alignctl --packing", "study", b.steps, "--packing"),
		b.alignctlOn("alignctl --share-prefix", "study", b.steps, "--share-prefix"),
		b.alignctlOn("alignctl, neither", "study", b.steps),
	}
	if b.python != "" {
		if err := b.saveStart(ctx, "sft", "study"); err != nil {
			return err
		}
		programs = append(programs, b.peer("TRL", "sft_trl.py", "study-tokens.jsonl"),
			b.peer("TRL, packing", "sft_trl.py", "study-tokens.jsonl", "packing"))
	}
	results, err := b.takeTurns(ctx, programs)
	if err != nil {
		return err
	}
	report(out, "prompts of 150 tokens, lists of 60 to 500", "examples", float64(len(rows)), results)
	return nil
}

// pairBatch is how many pairs a step takes.
const pairBatch = 4

// dpo measures pairs of which the prompt is a third beside TRL.
func (b *bench) dpo(ctx context.Context, out io.Writer) error {
	const tokens = 32
	rows := duels(pairBatch*b.steps, tokens)
	if err := newLake(ctx, b, "dpo", rows); err != nil {
		return err
	}
	if err := b.writePairs("dpo-pairs.jsonl", rows); err != nil {
		return err
	}
	programs := []program{b.alignctlBy("dpo", trained, "alignctl", "dpo", b.steps, "--batch", strconv.Itoa(pairBatch))}
	if b.python != "" {
		if err := b.saveStart(ctx, "dpo", "dpo"); err != nil {
			return err
		}
		programs = append(programs, b.peer("TRL", "dpo_trl.py", "dpo-pairs.jsonl"))
	}
	results, err := b.takeTurns(ctx, programs)
	if err != nil {
		return err
	}
	report(out, fmt.Sprintf("%d pairs of 2 x %d tokens", pairBatch, 2*tokens), "pairs", float64(b.steps*pairBatch), results)
	return nil
}

// draw measures how fast a policy's answers are drawn beside transformers.
func (b *bench) draw(ctx context.Context, out io.Writer) error {
	const asked, group, tokens = 2, 8, 48
	rows := studies(asked * b.steps)
	if err := newLake(ctx, b, "draw", rows); err != nil {
		return err
	}
	if err := measure.Create(b.dir, "draw.jsonl", func(w io.Writer) error { return writeLines(w, rows) }); err != nil {
		return err
	}
	programs := []program{b.alignctlBy("grpo", drawn, "alignctl", "draw", b.steps, "--lr", "1e-30",
		"--reward-sql", "length(completion)", "--group", strconv.Itoa(group), "--rollouts", strconv.Itoa(asked*group),
		"--max-new-tokens", strconv.Itoa(tokens))}
	if b.python != "" {
		programs = append(programs, b.peer("transformers", "draw_hf.py", "draw.jsonl"))
	}
	results, err := b.takeTurns(ctx, programs)
	if err != nil {
		return err
	}
	report(out, fmt.Sprintf("%d answers of %d tokens to each of %d prompts of 150", group, tokens, asked), "tokens",
		float64(b.steps*asked*group*tokens), results)
	return nil
}

// scale measures steps of more and more tokens, and data sets of two sizes.
func (b *bench) scale(ctx context.Context, out io.Writer) error {
	if err := b.stepTimes(ctx, out); err != nil {
		return err
	}
	return b.dataSizes(ctx, out)
}

func (b *bench) stepTimes(ctx context.Context, out io.Writer) error {
	const tokens = 64
	sizes := []int{4, 8, 16, 32}
	if err := newLake(ctx, b, "scale", halves(slices.Max(sizes)*b.steps, tokens)); err != nil {
		return err
	}
	var programs []program
	for _, size := range sizes {
		programs = append(programs, b.alignctlOn(strconv.Itoa(size*tokens), "scale", b.steps, "--batch", strconv.Itoa(size)))
	}
	results, err := b.takeTurns(ctx, programs)
	if err != nil {
		return err
	}
	fmt.Fprint(out, "\n| tokens a step | seconds | microseconds a token | peak MiB |\n|---|---|---|---|\n")
	for i, r := range results {
		seconds := median(r.seconds) / float64(b.steps)
		fmt.Fprintf(out, "| %s | %.3f | %.0f | %.0f |\n", r.name, seconds, 1e6*seconds/float64(sizes[i]*tokens),
			measure.Median(r.usages).Peak)
	}
	return nil
}

// dataSizes measures two steps on data sets of which one is ten times the other.
func (b *bench) dataSizes(ctx context.Context, out io.Writer) error {
	sizes := []int{10_000, 100_000}
	var programs []program
	for _, n := range sizes {
		name := fmt.Sprint("data", n)
		if err := newLake(ctx, b, name, studies(n)); err != nil {
			return err
		}
		programs = append(programs, b.alignctlOn(strconv.Itoa(n), name, 1))
	}
	results, err := b.takeTurns(ctx, programs)
	if err != nil {
		return err
	}
	fmt.Fprint(out, "\n| examples | wall s of two steps | peak MiB |\n|---|---|---|\n")
	for _, r := range results {
		u := measure.Median(r.usages)
		fmt.Fprintf(out, "| %s | %.1f | %.0f |\n", r.name, u.Wall.Seconds(), u.Peak)
	}
	for _, n := range sizes {
		if err := os.RemoveAll(filepath.Join(b.dir, fmt.Sprint("data", n))); err != nil {
			return err
		}
	}
	return nil
}
