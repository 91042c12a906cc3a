package train

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alignctl/internal/progress"
	"alignctl/lake"
	"alignctl/train/lm"
)

// stopAt cancels a context after some steps, as Ctrl-C would.
type stopAt struct {
	notes
	steps  int
	cancel context.CancelFunc
}

func (s *stopAt) Start(name string, _ int64, _ string) progress.Task {
	if name == "train" {
		return s
	}
	return &notes{}
}

func (s *stopAt) Note(string) {
	if s.steps--; s.steps == 0 {
		s.cancel()
	}
}

// sftUntil trains, or goes on, and is interrupted after so many steps.
func sftUntil(t *testing.T, l *lake.Lake, steps int, train func(context.Context) (Result, error)) Result {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result, err := train(progress.With(ctx, &stopAt{steps: steps, cancel: cancel}))
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "--resume "+result.RunID) {
		t.Fatalf("interrupted after %d steps: %v", steps, err)
	}
	return result
}

// goOn resumes a run with its own options.
func goOn(ctx context.Context, l *lake.Lake, run string) (Result, error) {
	r, err := FindResumption(ctx, l, run)
	if err != nil {
		return Result{}, err
	}
	return Resume(ctx, l, r, r.Method)
}

// metrics are the rows of a run in train.steps, but for those that measure time.
func metrics(t *testing.T, l *lake.Lake, run string) (rows []string) {
	t.Helper()
	err := queryNow(t.Context(), l, "train.steps", func(r *sql.Rows) error {
		var step int
		var metric string
		var value float64
		err := r.Scan(&step, &metric, &value)
		rows = append(rows, fmt.Sprint(step, " ", metric, " ", value))
		return err
	}, `SELECT step, metric, value FROM train.steps
		WHERE run_id = ? AND metric NOT IN ('tokens_per_second', 'data_wait_share') ORDER BY step, metric`, run)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// sameBytes compares a file of two folders.
func sameBytes(t *testing.T, name string, folders ...string) {
	t.Helper()
	var contents [2][]byte
	for i, folder := range folders {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		contents[i] = content
	}
	if !slices.Equal(contents[0], contents[1]) {
		t.Errorf("%s differs between %v", name, folders)
	}
}

// A run that is interrupted twice ends as one that isn't: the same weights and
// moments to the last bit, the same metrics, each step once.
func TestResumeEqualsUninterrupted(t *testing.T) {
	for _, full := range []bool{false, true} {
		t.Run(fmt.Sprint("full ", full), func(t *testing.T) {
			l := tinyLake(t, wordExamples(16))
			o := tinySFT(t, l)
			o.Full, o.MaxSteps, o.Accumulate, o.Batch, o.EvalEvery, o.SaveEvery = full, 20, 2, 3, 4, 10
			o.LabelSmoothing = 0.1
			if !full {
				o.LoRA.Dropout, o.LoRAPlusRatio = 0.3, 4
				o.Packing, o.Share = true, true
			}
			whole, err := Run(t.Context(), l, &o)
			if err != nil {
				t.Fatal(err)
			}
			first := sftUntil(t, l, 7, func(ctx context.Context) (Result, error) { return Run(ctx, l, &o) })
			again := sftUntil(t, l, 4, func(ctx context.Context) (Result, error) { return goOn(ctx, l, first.RunID) })
			last, err := goOn(t.Context(), l, first.RunID)
			if err != nil {
				t.Fatal(err)
			}
			if first.Steps != 7 || again.Steps != 11 || last.Steps != 20 || last.SHA256 != whole.SHA256 {
				t.Errorf("after steps %d, %d, %d: %s, uninterrupted %s", first.Steps, again.Steps, last.Steps, last.SHA256, whole.SHA256)
			}
			sameBytes(t, optimizerFile, checkpointsOf(whole.Out).path(20), checkpointsOf(last.Out).path(20))
			want, got := metrics(t, l, whole.RunID), metrics(t, l, last.RunID)
			if !slices.Equal(want, got) {
				t.Errorf("metrics\n%v\nuninterrupted\n%v", got, want)
			}
			whole.RunID, whole.Out, whole.Seconds, whole.Waited = last.RunID, last.Out, last.Seconds, last.Waited
			whole.EvalPrecision, last.EvalPrecision = 0, 0 // NaN without a probe
			if whole != last {
				t.Errorf("result %+v, uninterrupted %+v", last, whole)
			}
			var status, resumed string
			one(t, l, fmt.Sprintf("SELECT status, regexp_replace(resumed, '2[^@]*', 'R', 'g') FROM train.runs WHERE run_id = '%s'",
				last.RunID), &status, &resumed)
			if status != "done" || resumed != "R@7,R@11" {
				t.Errorf("train.runs: %s, resumed %s", status, resumed)
			}
		})
	}
}

// What an interruption leaves is a checkpoint that loads as an adapter, and no
// result.
func TestSFTInterrupted(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	o := tinySFT(t, l)
	o.Out = filepath.Join(t.TempDir(), "adapter")
	result := sftUntil(t, l, 3, func(ctx context.Context) (Result, error) { return Run(ctx, l, &o) })
	m, err := lm.Load(t.Context(), o.Model, lm.Options{Backend: "go", Adapter: result.Out})
	if err != nil {
		t.Fatalf("the saved adapter doesn't load: %v", err)
	}
	m.Close()
	if _, err := os.Stat(o.Out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the result's folder: %v", err)
	}
	var status string
	var losses int
	one(t, l, `SELECT status, (SELECT count(*) FROM train.steps WHERE metric = 'loss') FROM train.runs`, &status, &losses)
	if status != "interrupted" || losses != 3 || result.Steps != 3 {
		t.Errorf("status %s with %d losses after %d steps", status, losses, result.Steps)
	}
}

// A checkpoint whose files aren't what was saved is passed over; the one before
// it gives the same result.
func TestTornCheckpoints(t *testing.T) {
	for name, tear := range map[string]func(folder string) error{
		"cut":            func(f string) error { return os.Truncate(filepath.Join(f, optimizerFile), 900) },
		"no manifest":    func(f string) error { return os.Remove(filepath.Join(f, manifestFile)) },
		"empty manifest": func(f string) error { return os.Truncate(filepath.Join(f, manifestFile), 0) },
		"file gone":      func(f string) error { return os.Remove(filepath.Join(f, stateFile)) },
		"empty":          os.RemoveAll,
	} {
		t.Run(name, func(t *testing.T) {
			l := tinyLake(t, wordExamples(16))
			o := tinySFT(t, l)
			o.MaxSteps, o.SaveEvery, o.Out = 8, 2, filepath.Join(t.TempDir(), "out")
			first := sftUntil(t, l, 5, func(ctx context.Context) (Result, error) { return Run(ctx, l, &o) })
			places := checkpointsOf(o.Out)
			if err := errors.Join(tear(places.path(5)), os.MkdirAll(places.path(5), 0o755),
				os.Mkdir(filepath.Join(places.folder, ".tmp-step-000009-1"), 0o755)); err != nil {
				t.Fatal(err)
			}
			r, err := FindResumption(t.Context(), l, o.Out)
			if err != nil || r.RunID != first.RunID || r.Step != 4 || len(r.Torn) != 1 || r.Torn[0].Step != 5 {
				t.Fatalf("found %+v, %v", r, err)
			}
			if _, err := Resume(t.Context(), l, r, r.Method); err != nil {
				t.Fatal(err)
			}
			if steps, err := places.steps(); err != nil || !slices.Equal(steps, []int{6, 8}) {
				t.Errorf("checkpoints %v, %v", steps, err)
			}
			if left, err := filepath.Glob(filepath.Join(places.folder, ".tmp-*")); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// What isn't the checkpoint's is refused, and named.
func TestResumeRefuses(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	o := tinySFT(t, l)
	o.MaxSteps, o.Out = 8, filepath.Join(t.TempDir(), "out")
	first := sftUntil(t, l, 3, func(ctx context.Context) (Result, error) { return Run(ctx, l, &o) })
	resume := func(change func(*Resumption, *SFTOptions)) error {
		r, err := FindResumption(t.Context(), l, o.Out+".checkpoints")
		if err != nil {
			return err
		}
		options := *r.Method.(*SFTOptions)
		options.LoRA.Targets = slices.Clone(options.LoRA.Targets)
		change(r, &options)
		_, err = Resume(t.Context(), l, r, &options)
		return err
	}
	for want, change := range map[string]func(*Resumption, *SFTOptions){
		"learning_rate is 1, its checkpoint has 0.01": func(_ *Resumption, o *SFTOptions) { o.LearningRate = 1 },
		"max_steps is 9":           func(_ *Resumption, o *SFTOptions) { o.MaxSteps = 9 },
		"lora.Rank is 3":           func(_ *Resumption, o *SFTOptions) { o.LoRA.Rank = 3 },
		"dataset is data.other":    func(_ *Resumption, o *SFTOptions) { o.Dataset = "data.other" },
		"the checkpoint is of abc": func(r *Resumption, _ *SFTOptions) { r.state.BaseSHA256 = "abc" },
		"backend xla:cuda":         func(r *Resumption, _ *SFTOptions) { r.state.Backend = "xla:cuda" },
		"another process has just": func(r *Resumption, _ *SFTOptions) { r.Step = 2 },
	} {
		if err := resume(change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	busy := checkpointsOf(o.Out)
	if err := busy.hold(); err != nil {
		t.Fatal(err)
	}
	if err := resume(func(*Resumption, *SFTOptions) {}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a run that is being trained: %v", err)
	}
	if _, err := Run(t.Context(), l, &o); err == nil || !strings.Contains(err.Error(), "--resume") {
		t.Errorf("a new run beside another's checkpoints: %v", err)
	}
	if err := busy.release(); err != nil {
		t.Fatal(err)
	}
	if _, err := goOn(t.Context(), l, "nobody"); err == nil || !strings.Contains(err.Error(), "no training run") {
		t.Errorf("an unknown run: %v", err)
	}
	if err := resume(func(_ *Resumption, o *SFTOptions) { o.Keep = 5 }); err != nil {
		t.Error(err)
	}
	r, err := FindResumption(t.Context(), l, first.RunID)
	if err != nil || !r.Done {
		t.Errorf("the finished run: %+v, %v", r, err)
	}
	if _, err := Resume(t.Context(), l, r, r.Method); err == nil {
		t.Error("a finished run went on")
	}
}

// The result of --save best has the weights of the step with the lowest dev
// loss, whatever came after; its checkpoint stays.
func TestSaveBest(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	o := tinySFT(t, l)
	o.MaxSteps, o.EvalEvery, o.Schedule, o.Save, o.Keep, o.LearningRate, o.Patience = 30, 1, "constant", "best", 1, 0.3, 4
	o.MaxGradNorm, o.LossLimit = 0, 0
	result, err := Run(t.Context(), l, &o)
	if err != nil {
		t.Fatal(err)
	}
	if result.Saved != result.Best.Step || result.Saved == result.Steps || !result.EarlyStop {
		t.Fatalf("saved step %d of %+v", result.Saved, result.Outcome)
	}
	sameBytes(t, "adapter_model.safetensors", result.Out, checkpointsOf(result.Out).path(result.Saved))
	var best, saved int
	var loss float64
	var early bool
	one(t, l, "SELECT best_step, saved_step, best_eval_loss, early_stop FROM train.runs", &best, &saved, &loss, &early)
	if best != result.Saved || saved != result.Saved || loss != result.Best.Loss || !early {
		t.Errorf("train.runs: best %d, saved %d, loss %g, early %v", best, saved, loss, early)
	}
}
