package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/sql"
	"alignctl/train"
	"alignctl/train/lm"
)

// trainDryRunOptions say what a command shows instead of training.
type trainDryRunOptions struct {
	run        bool
	measure    bool
	showTokens int
}

func (o *trainDryRunOptions) flags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "dry-run", Destination: &o.run, Usage: "train nothing: show the settings and where they come " +
			"from, counts, memory, time, and three examples as the model sees them"},
		&cli.BoolFlag{Name: "measure", Usage: "of --dry-run: load the model and time a micro-batch", Destination: &o.measure},
		&cli.IntFlag{Name: "show-tokens", Destination: &o.showTokens, Usage: "of --dry-run: show only ids, labels (-100: " +
			"not learned) and mask (0: padding) of `N` examples, one a line, padded to one length"},
	}
}

func (o *trainRun) checkDry() error {
	switch {
	case !o.dry.run && (o.dry.measure || o.dry.showTokens != 0):
		return usagef("%s: --measure and --show-tokens need --dry-run", o.command)
	case o.dry.showTokens < 0:
		return usagef("%s: --show-tokens %d: must be at least 1", o.command, o.dry.showTokens)
	}
	return nil
}

// shownExamples is how many examples a dry run shows.
const shownExamples = 3

func runTrainDryRun(ctx context.Context, t *terminal, l *lake.Lake, o trainRun) error {
	if o.dry.showTokens > 0 {
		return t.printTokens(ctx, l, o)
	}
	plan, err := train.NewPlan(ctx, l, o.train, o.dry.measure)
	if err != nil {
		return err
	}
	t.remarkLeftOut(o.MaxTokens, plan.LeftOut())
	if o.format != "" && o.format != "json" {
		return t.printRows(o.format, trainPlanGrid(plan))
	}
	data, examples, err := openTrainExamples(ctx, l, o, shownExamples)
	if err != nil {
		return err
	}
	defer data.Close()
	encoder, err := lm.LoadEncoder(o.Model, o.MaxTokens)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return t.printPlanJSON(plan, o, encoder, examples)
	}
	if err := t.printPlan(plan, o); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "\nexamples\n")
	p := &modelPreview{terminal: t, data: data, encoder: encoder, o: dataPreviewOptions{maxTokens: o.MaxTokens}}
	return p.examples(examples)
}

// openTrainExamples reads the first examples of split train.
func openTrainExamples(ctx context.Context, l *lake.Lake, o trainRun, n int) (*sql.DataSet, []sql.Example, error) {
	return openPreview(ctx, l, o.Dataset, dataPreviewOptions{at: o.At, split: "train", count: n, model: o.Model})
}

// printPlan prints a plan for people.
func (t *terminal) printPlan(p train.Plan, o trainRun) error {
	table := newGrid("setting", "value", "origin")
	for _, s := range o.settings {
		table.add(s.Name, s.Value, s.Origin)
	}
	counts := newGrid("split", "examples", "tokens", "learned", "cut", "dropped")
	for _, split := range []struct {
		name string
		train.Counts
	}{{"train", p.Train}, {"dev", p.Dev}} {
		counts.add(split.name, split.Examples, split.Tokens, split.Labelled, split.Cut, split.Useless())
	}
	fmt.Fprintln(t.out, "settings")
	if err := printRows(t.out, "table", table); err != nil {
		return err
	}
	if err := printSection(t.out, "data", counts); err != nil {
		return err
	}
	fmt.Fprintln(t.out)
	printFacts(t, [][2]string{
		{"snapshot", fmt.Sprintf("%s at %d, digest %s", p.Dataset.Table, p.Dataset.Snapshot, p.Dataset.Digest)},
		{"steps", fmt.Sprintf("%d, %d of them warm-up; %d tokens", p.Steps, p.Warmup, p.Tokens)},
		{"memory", eachDevice(o.Devices) + memoryText(p.Memory)},
		{"time", timeText(p)},
	})
	return nil
}

// eachDevice says whose memory it is, where several have as much.
func eachDevice(n int) string {
	if n <= 1 {
		return ""
	}
	return fmt.Sprintf("on each of %d devices ", n)
}

func memoryText(f lm.Footprint) string {
	return fmt.Sprintf("%s: weights %s, optimizer %s, activations %s, logits %s, process %s", mebibytes(f.Total()),
		mebibytes(f.Weights), mebibytes(f.Optimizer), mebibytes(f.Activations), mebibytes(f.Logits), mebibytes(f.Process))
}

func mebibytes(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }

// timeText says how long a run would take, and how that is known.
func timeText(p train.Plan) string {
	s := p.Speed
	if s.TokensPerSecond == 0 {
		return "unknown: train.runs has no run of this model, method and backend (--measure times a micro-batch)"
	}
	source := "as measured now"
	if s.RunID != "" {
		source = "as in run " + s.RunID
	}
	took := time.Duration(p.Seconds() * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%s without evaluation, at %.0f tokens/s on %s, %s", took, s.TokensPerSecond, s.Backend, source)
}

// trainPlanGrid is a plan as one row.
func trainPlanGrid(p train.Plan) *grid {
	g := newGrid("data", "snapshot", "examples", "dropped", "cut", "tokens", "trained_tokens", "dev_examples", "steps",
		"memory_bytes", "seconds")
	var seconds any
	if s := p.Seconds(); s > 0 {
		seconds = s
	}
	g.add(p.Dataset.Table, strconv.FormatInt(p.Dataset.Snapshot, 10), p.Train.Examples, p.Train.Useless(), p.Train.Cut,
		p.Train.Tokens, p.Train.Labelled, p.Dev.Examples, p.Steps, p.Memory.Total(), seconds)
	return g
}

// planJSON is a dry run as data.
type planJSON struct {
	Settings []setting      `json:"settings"`
	Plan     map[string]any `json:"plan"`
	Dev      train.Counts   `json:"dev"`
	Train    train.Counts   `json:"train"`
	Memory   lm.Footprint   `json:"memory_bytes"`
	Speed    *train.Speed   `json:"speed"` // null: unknown
	Examples []tokenRow     `json:"examples"`
}

func (t *terminal) printPlanJSON(p train.Plan, o trainRun, encoder *lm.Encoder, examples []sql.Example) error {
	rows, err := tokenRows(encoder, examples)
	if err != nil {
		return err
	}
	all := planJSON{Settings: o.settings, Plan: trainPlanGrid(p).records()[0], Train: p.Train, Dev: p.Dev,
		Memory: p.Memory, Examples: rows}
	if p.Speed.TokensPerSecond > 0 {
		all.Speed = &p.Speed
	}
	encode := json.NewEncoder(t.out)
	encode.SetIndent("", "  ")
	return encode.Encode(all)
}

// printTokens prints examples as the numbers that training sees. The model
// needs no weights for it.
func (t *terminal) printTokens(ctx context.Context, l *lake.Lake, o trainRun) error {
	data, examples, err := openTrainExamples(ctx, l, o, o.dry.showTokens)
	if err != nil {
		return err
	}
	defer data.Close()
	encoder, err := lm.LoadEncoder(o.Model, o.MaxTokens)
	if err != nil {
		return err
	}
	rows, err := tokenRows(encoder, examples)
	if err != nil {
		return err
	}
	g := newGrid("example", "ids", "labels", "mask")
	for _, r := range rows {
		g.add(r.Example, r.IDs, r.Labels, r.Mask)
	}
	return errors.Join(t.printRows(o.format, g), data.Close())
}
