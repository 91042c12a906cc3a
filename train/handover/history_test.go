package handover

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"alignctl/train"
)

// TestParseHistory: metrics come by step, of two values the first, without what
// is about the run as a whole.
func TestParseHistory(t *testing.T) {
	got, err := parseHistory([]byte(`{"log_history": [
		{"step": 2, "loss": NaN, "grad_norm": -Infinity, "num_input_tokens_seen": 70, "train_runtime": 3, "train_tokens_per_second": 23},
		{"step": 1, "loss": 3, "epoch": 0.5, "num_input_tokens_seen": 30},
		{"step": 2, "eval_loss": 2.5e0, "eval_runtime": 1, "eval_samples_per_second": 9},
		{"step": 2, "eval_loss": 1, "rewards/chosen": -0.25},
		{"step": 2, "train_runtime": 4.5, "train_loss": 2, "total_flos": 1e300}
	], "global_step": 2, "log_history_of_another": [{"step": "NaN Infinity"}], "best_metric": null, "note": "a \"NaN\" \\"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &train.History{Steps: 2, Tokens: new(int64(70)), Seconds: new(4.5), Metrics: []train.StepRow{
		{Step: 1, Metric: "loss", Value: 3}, {Step: 1, Metric: "num_tokens", Value: 30},
		{Step: 2, Metric: "eval_loss", Value: 2.5}, {Step: 2, Metric: "grad_norm", Value: math.Inf(-1)},
		{Step: 2, Metric: "loss", Value: math.NaN()}, {Step: 2, Metric: "num_tokens", Value: 70},
		{Step: 2, Metric: "rewards/chosen", Value: -0.25}}}
	want.File.Rows = 5
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
}

func TestParseHistoryRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "1: unexpected end",
		"\n{\"a\": 1,\n]":                  "3: invalid character ']'",
		"[]":                               "1: it is no object",
		"NaN":                              "1: it is no object",
		`{"global_step": 1}`:               "1: it has no global_step or no log_history",
		`{"log_history": []}`:              "1: it has no global_step or no log_history",
		"{\n\"global_step\":\n1.5}":        "3: global_step is no number of steps",
		`{"global_step": -1}`:              "1: global_step is no number of steps",
		`{"log_history": {}}`:              "1: log_history is no list",
		`{"log_history": null}`:            "1: log_history is no list",
		"{\"log_history\": [\n1]}":         "2: an entry of log_history is no object",
		`{"log_history": [null]}`:          "1: an entry of log_history is no object",
		"{\"log_history\": [\n{}]}":        `2: an entry of log_history has the step "": no number of steps`,
		`{"log_history": [{"step": 1.5}]}`: `1: an entry of log_history has the step "1.5"`,
		`{"log_history": [{"step": -1}]}`:  `1: an entry of log_history has the step "-1"`,
		"{\"log_history\": [{\"step\": 1},\n\n{\"step\": 2,\n\"loss\": \"low\"}]}":      `3: metric "loss" of step 2: "\"low\"" is no number`,
		`{"log_history": [{"step": 1, "loss": null}]}`:                                  `1: metric "loss" of step 1: "null" is no number`,
		`{"log_history": [{"step": 1, "loss": true}]}`:                                  `1: metric "loss" of step 1: "true" is no number`,
		`{"log_history": [{"step": 1, "loss": 1e999}]}`:                                 `is no number that a float64 holds`,
		`{"log_history": [{"step": 1, "a\nb": 1}]}`:                                     `1: step 1 has a metric with no proper name: "a\nb"`,
		`{"log_history": [{"step": 1, "` + strings.Repeat("a", maxMetric+1) + `": 1}]}`: `1: step 1 has a metric with no proper name`,
		`{"log_history": [{"step": 1, "": 1}]}`:                                         `1: step 1 has a metric with no proper name: ""`,
		`{"global_step": 1, "log_history": [{"step": 2, "loss": 1}]}`:                   `1: log_history has step 2, and global_step is 1`,
	} {
		if _, err := parseHistory([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseHistory(%q): %v, want %s", text, err, want)
		}
	}
}

// TestFindHistory: the result's own comes before those of checkpoints, of which
// the newest counts.
func TestFindHistory(t *testing.T) {
	folder := t.TempDir()
	if h, err := readHistory(folder); h != nil || err != nil {
		t.Errorf("readHistory of an empty folder = %v, %v", h, err)
	}
	for i, place := range []string{"checkpoint-9", "checkpoint-10", "checkpoint-x", "."} {
		path := filepath.Join(folder, place, historyFile)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(`{"global_step": 1, "log_history": []}`), 0o644); err != nil {
			t.Fatal(err)
		}
		want := []string{"checkpoint-9", "checkpoint-10", "checkpoint-10", "."}[i]
		if got, err := findHistory(folder); err != nil || got != filepath.Join(folder, want, historyFile) {
			t.Errorf("with %s, findHistory = %q, %v", place, got, err)
		}
	}
	if err := os.Remove(filepath.Join(folder, historyFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, historyFile), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := readHistory(folder); err == nil {
		t.Error("a folder was read as a history")
	}
}

// FuzzParseHistory: whatever a file holds, it is refused with a line, or gives
// each metric of a step once, at steps that were done.
func FuzzParseHistory(f *testing.F) {
	for _, text := range []string{
		`{"global_step": 3, "log_history": [{"step": 1, "loss": 2.5, "epoch": 1.0}, {"step": 3, "eval_loss": NaN}]}`,
		`{"global_step": 0, "log_history": [{"step": 0, "loss": -Infinity, "loss": 1}]}`, `[]`, `{"log_history": [{}]`, ``,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := parseHistory(text)
		if err != nil {
			line, _, _ := strings.Cut(err.Error(), ":")
			if _, wrong := strconv.Atoi(line); wrong != nil {
				t.Fatalf("error without a line: %v", err)
			}
			return
		}
		for i, m := range h.Metrics {
			if m.Step < 0 || m.Step > h.Steps || m.Metric == "" {
				t.Fatalf("metric %v of %d steps", m, h.Steps)
			}
			if i > 0 && (m.Step < h.Metrics[i-1].Step || m.Step == h.Metrics[i-1].Step && m.Metric <= h.Metrics[i-1].Metric) {
				t.Fatalf("%v after %v", m, h.Metrics[i-1])
			}
		}
	})
}
