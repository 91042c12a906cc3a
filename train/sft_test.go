package train

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alignctl/lake"
	"alignctl/train/lm"
)

// scratchModel is a small new model whose tokenizer is learnt from data.tiny.
func scratchModel(t *testing.T, l *lake.Lake) string {
	t.Helper()
	texts, err := DatasetTexts(t.Context(), l, "data.tiny")
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "base")
	_, err = NewModel(texts, NewModelOptions{Folder: folder, Vocab: 300, Hidden: 32, Layers: 2, Heads: 2,
		MaxPositions: 128, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func tinySFT(t *testing.T, l *lake.Lake) SFTOptions {
	o := DefaultSFT()
	o.Model, o.Dataset, o.Backend = scratchModel(t, l), "data.tiny", "go"
	o.Batch, o.Epochs, o.LearningRate = 4, 20, 1e-2
	return o
}

// one reads the only row of a query on the lake as it is now.
func one(t *testing.T, l *lake.Lake, query string, into ...any) {
	t.Helper()
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	session, err := l.Session(t.Context(), pins, lake.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	rows, err := session.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatalf("no row: %s", query)
	}
	if err := rows.Scan(into...); err != nil {
		t.Fatal(err)
	}
}

// A full run from a table to a model that learnt it, with everything recorded.
func TestSFTEndToEnd(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	o := tinySFT(t, l)
	o.Full, o.EvalEvery = true, 40
	result, err := Run(t.Context(), l, &o)
	if err != nil {
		t.Fatal(err)
	}
	if result.Steps != 80 || result.Examples != 320 || !(result.Loss < 0.2) || !(result.EvalLoss < 0.2) {
		t.Errorf("result %+v", result.Outcome)
	}
	var status, snapshot, sha, template string
	var steps, trained int
	one(t, l, `SELECT status, dataset_snapshot, base_sha256, template, steps, trained_tokens FROM train.runs`,
		&status, &snapshot, &sha, &template, &steps, &trained)
	base, err := lm.ModelSHA256(o.Model)
	if err != nil {
		t.Fatal(err)
	}
	if status != "done" || sha != base || template != "ranked-en-1" || steps != 80 || trained != result.TrainedTokens {
		t.Errorf("train.runs: %s, %s, %s, %d steps, %d trained tokens", status, sha, template, steps, trained)
	}
	var losses, evals int
	one(t, l, `SELECT count(*) FILTER (metric = 'loss'), count(*) FILTER (metric = 'eval_loss') FROM train.steps`,
		&losses, &evals)
	if losses != 80 || evals != 2 {
		t.Errorf("train.steps has %d losses and %d dev losses", losses, evals)
	}
	var kind, path, modelSHA string
	one(t, l, `SELECT kind, path, sha256 FROM train.models JOIN meta.inputs USING (run_id)
		WHERE table_name = 'data.tiny' AND snapshot_id::VARCHAR = dataset_snapshot`, &kind, &path, &modelSHA)
	saved, err := lm.ModelSHA256(result.Out)
	if err != nil || kind != "base" || path != result.Out || modelSHA != saved {
		t.Errorf("train.models: %s, %s, %s (%v)", kind, path, modelSHA, err)
	}
}

// The same run twice gives the same bytes.
func TestSFTRepeats(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	o := tinySFT(t, l)
	o.MaxSteps, o.Accumulate = 3, 2
	first, err := Run(t.Context(), l, &o)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Run(t.Context(), l, &o)
	if err != nil {
		t.Fatal(err)
	}
	if first.SHA256 != second.SHA256 || first.RunID == second.RunID {
		t.Errorf("two runs: %s and %s", first.SHA256, second.SHA256)
	}
}

func TestSFTRefuses(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	good := tinySFT(t, l)
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*SFTOptions)
		want   string
	}{
		"unknown data":       {func(o *SFTOptions) { o.Dataset = "data.none" }, "alignctl data ls"},
		"no room":            {func(o *SFTOptions) { o.MaxTokens = 4 }, "0 trainable tokens"},
		"no tokenizer":       {func(o *SFTOptions) { o.Model = tinyFolder }, "tokenizer.json"},
		"out in use":         {func(o *SFTOptions) { o.Out = full }, "--out"},
		"unknown schedule":   {func(o *SFTOptions) { o.Schedule = "step" }, "schedule"},
		"unknown projection": {func(o *SFTOptions) { o.LoRA.Targets = []string{"x_proj"} }, "x_proj"},
		"dropout of all":     {func(o *SFTOptions) { o.LoRA.Dropout = 1 }, "dropout 1"},
		"smoothed to naught": {func(o *SFTOptions) { o.LabelSmoothing = 1 }, "--label-smoothing 1"},
		"LoRA+ of no LoRA":   {func(o *SFTOptions) { o.Full, o.LoRAPlusRatio = true, 16 }, "--loraplus-ratio"},
		"unknown precision":  {func(o *SFTOptions) { o.Precision = "fp8" }, `"fp8"`},
		"floor above peak":   {func(o *SFTOptions) { o.MinLR = 1 }, "lowest learning rate 1"},
		"no batch":           {func(o *SFTOptions) { o.Batch = 0 }, "--batch"},
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			c.change(&o)
			_, err := Run(t.Context(), l, &o)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, c.want)
			}
			_, planErr := NewPlan(t.Context(), l, &o, false)
			if planErr == nil && name != "out in use" {
				t.Error("the plan passed")
			}
		})
	}
}

func TestPlan(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	o := tinySFT(t, l)
	plan, err := NewPlan(t.Context(), l, &o, false)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Train.Examples != 16 || plan.Dev.Examples != 4 || plan.Steps != 80 || plan.Train.Labelled <= 16 ||
		plan.Tokens != 20*plan.Train.Tokens || plan.Seconds() != 0 {
		t.Errorf("plan %+v", plan)
	}
}
