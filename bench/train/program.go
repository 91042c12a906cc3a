//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"alignctl/bench/measure"
)

// What all programs are given.
const (
	batchSize = 8
	seed      = 42
	maxTokens = 704
	epochs    = 2
)

// A step is an optimizer step as its program saw it.
type step struct {
	Loss    float64 `json:"loss"`    // nats per labelled token
	Seconds float64 `json:"seconds"` // wall time
}

// A program trains for all epochs and says what each step took.
type program struct {
	name string
	run  func(context.Context) (measure.Usage, []step, error)
}

// A program's steps are read from the lake's newest run, a row a step.
const (
	newestRun = `
		WITH wide AS (PIVOT (
			SELECT step, metric, value FROM train.steps
			WHERE run_id = (SELECT max_by(run_id, started_at) FROM train.runs)
		) ON metric IN ('loss', 'num_tokens', 'tokens_per_second', 'time/rollout', 'completions/mean_length')
		USING first(value))`
	trained = newestRun + `
		SELECT loss, (num_tokens - coalesce(lag(num_tokens) OVER (ORDER BY step), 0)) / tokens_per_second AS seconds
		FROM wide ORDER BY step`
	// Where answers end early, the time is that of answers that don't.
	drawn = newestRun + `
		SELECT 0 AS loss, "time/rollout" * 48 / "completions/mean_length" AS seconds
		FROM wide ORDER BY step`
)

// alignctlOn trains on a lake's examples, with more arguments if any.
func (b *bench) alignctlOn(name, lake string, steps int, more ...string) program {
	return b.alignctlBy("sft", trained, name, lake, steps, more...)
}

// alignctlBy trains by a method; query asks what its steps took.
func (b *bench) alignctlBy(method, query, name, lake string, steps int, more ...string) program {
	args := append([]string{"train", method, "--lake", lake, "--model", plainModel, "--data", table, "--quiet",
		"--backend", b.backend, "--batch", strconv.Itoa(batchSize), "--seed", strconv.Itoa(seed),
		"--max-tokens", strconv.Itoa(maxTokens), "--epochs", strconv.Itoa(epochs), "--max-steps", strconv.Itoa(epochs * steps),
		"--schedule", "constant", "--warmup", "0", "--lr", "2e-4", "--eval-examples", "0"}, more...)
	return program{name: name, run: func(ctx context.Context) (measure.Usage, []step, error) {
		cmd := exec.CommandContext(ctx, b.alignctl, args...)
		cmd.Dir = b.dir
		u, err := measure.Run(cmd)
		if err != nil {
			return u, nil, err
		}
		steps, err := b.readSteps(ctx, lake, query)
		return u, steps, err
	}}
}

// startAdapter is the folder of the adapter that all programs start from.
const startAdapter = "start"

// saveStart writes alignctl's fresh adapter, once, by a step of next to no
// length.
func (b *bench) saveStart(ctx context.Context, method, lake string) error {
	if _, err := os.Stat(filepath.Join(b.dir, startAdapter)); err == nil {
		return nil
	}
	_, _, err := b.alignctlBy(method, trained, "start", lake, 1, "--max-steps", "1", "--lr", "1e-30", "--out", startAdapter).run(ctx)
	return err
}

// readSteps asks a lake for the steps of its newest run.
func (b *bench) readSteps(ctx context.Context, lake, query string) ([]step, error) {
	cmd := exec.CommandContext(ctx, b.alignctl, "sql", "--lake", lake, "-o", "csv", query)
	cmd.Dir = b.dir
	said, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("read train.steps: %w", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(said)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read train.steps: %w", err)
	}
	var steps []step
	for _, row := range rows[1:] {
		loss, errLoss := strconv.ParseFloat(row[0], 64)
		seconds, errSeconds := strconv.ParseFloat(row[1], 64)
		if err := errors.Join(errLoss, errSeconds); err != nil {
			return nil, fmt.Errorf("read train.steps: %w", err)
		}
		steps = append(steps, step{loss, seconds})
	}
	return steps, nil
}

// peer runs a script of bench/peers, which prints a line of JSON a step.
func (b *bench) peer(name, script string, args ...string) program {
	path, _ := filepath.Abs(filepath.Join("bench", "peers", script)) // fails only without a working folder
	return program{name: name, run: func(ctx context.Context) (measure.Usage, []step, error) {
		cmd := exec.CommandContext(ctx, b.python, append([]string{path, plainModel, startAdapter}, args...)...)
		cmd.Dir = b.dir
		var said bytes.Buffer
		cmd.Stdout = &said
		u, err := measure.Run(cmd)
		if err != nil {
			return u, nil, err
		}
		steps, err := decodeSteps(&said)
		return u, steps, err
	}}
}

// decodeSteps takes the lines that are JSON objects; libraries say other things.
func decodeSteps(said *bytes.Buffer) (steps []step, err error) {
	for {
		line, err := said.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return steps, nil
		}
		if bytes.HasPrefix(line, []byte(`{"loss": `)) {
			var s step
			if err := json.Unmarshal(line, &s); err != nil {
				return nil, fmt.Errorf("read what the peer said: %w", err)
			}
			steps = append(steps, s)
		}
	}
}
