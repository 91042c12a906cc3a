package train

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"alignctl/lake"
)

// pairData declares a table of pairs.
func pairData() lake.Spec {
	spec := tinyData()
	spec.Name = "data.duel"
	spec.Columns = slices.Clone(spec.Columns)
	spec.Columns[3] = lake.Column{Name: "chosen", Type: lake.String, Required: true, Doc: "the better answer"}
	spec.Columns = append(spec.Columns, lake.Column{Name: "rejected", Type: lake.String, Required: true, Doc: "the worse answer"})
	return spec
}

// wordPairs is a query of n train and n/4 dev pairs, in which the better answer
// follows from the cue.
func wordPairs(n int) string {
	return fmt.Sprintf(`SELECT format('en:{:05d}', i) AS example_id,
		CASE WHEN i < %[1]d THEN 'train' ELSE 'dev' END AS split,
		[{'role': 'system', 'content': 'Associate.'}, {'role': 'user', 'content': 'cue ' || (i %% 7)}] AS messages,
		'answer ' || (i %% 7) AS chosen, 'ranked-en-1' AS template, 'cue ' || ((i + 1) %% 7) || ' no' AS rejected
		FROM range(%[1]d + %[1]d // 4) AS r(i)`, n)
}

// addPairs puts data.duel into a lake.
func addPairs(t *testing.T, l *lake.Lake, query string) {
	t.Helper()
	run, err := l.Begin(t.Context(), lake.RunInfo{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if _, err := run.Write(t.Context(), pairData(), "", query); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Publish(t.Context(), lake.Done); err != nil {
		t.Fatal(err)
	}
}

func tinyDPO(t *testing.T, query string) (*lake.Lake, DPOOptions) {
	t.Helper()
	l := tinyLake(t, wordExamples(16))
	addPairs(t, l, query)
	o := DefaultDPO()
	o.Model, o.Dataset, o.Backend = scratchModel(t, l), "data.duel", "go"
	o.Batch, o.MaxSteps, o.Epochs, o.LearningRate, o.Warmup = 4, 12, 100, 1e-2, 0
	return l, o
}

// valueOf is a metric of a run's step.
func valueOf(t *testing.T, l *lake.Lake, run string, step int, name string) (value float64) {
	t.Helper()
	one(t, l, fmt.Sprintf("SELECT value FROM train.steps WHERE run_id = '%s' AND step = %d AND metric = '%s'", run, step, name), &value)
	return value
}

// At first the policy is the reference, to the last bit: whatever beta is, the
// loss is ln 2 and nothing is preferred. Then it learns, on held-out pairs too.
func TestDPOLearns(t *testing.T) {
	l, o := tinyDPO(t, wordPairs(16))
	o.EvalEvery = 6
	for _, beta := range []float64{0.1, 0.7} {
		for _, full := range []bool{false, true} {
			o.Beta, o.Full = beta, full
			result, err := Run(t.Context(), l, &o)
			if err != nil {
				t.Fatal(err)
			}
			run := result.RunID
			within(t, "first loss", valueOf(t, l, run, 1, "loss"), math.Ln2, 1e-7)
			for _, name := range []string{"rewards/margins", "rewards/accuracies", "rewards/chosen", "rewards/rejected"} {
				if value := valueOf(t, l, run, 1, name); value != 0 {
					t.Errorf("step 1: %s is %g, want 0", name, value)
				}
			}
			if margin := valueOf(t, l, run, 2, "rewards/margins"); !(margin > 0) {
				t.Errorf("step 2: margin %g", margin)
			}
			if accuracy := valueOf(t, l, run, 12, "eval_rewards/accuracies"); accuracy != 1 || !(result.EvalLoss < 0.6) {
				t.Errorf("in the end: held-out accuracy %g, loss %g", accuracy, result.EvalLoss)
			}
			checkPreferences(t, l, run, beta)
			if result.Examples != 48 || result.TrainedTokens == 0 {
				t.Errorf("result %+v", result.Outcome)
			}
		}
	}
	var runs, rows int
	one(t, l, "SELECT count(DISTINCT run_id), count(*) FROM train.reference", &runs, &rows)
	if runs != 1 || rows != 20 {
		t.Errorf("train.reference has %d rows of %d runs: want one run's 20 pairs, read by the others", rows, runs)
	}
}

// checkPreferences looks whether train.preferences gives the reference at step 0,
// and the metrics of train.steps after it.
func checkPreferences(t *testing.T, l *lake.Lake, run string, beta float64) {
	t.Helper()
	var pairs, same int
	one(t, l, fmt.Sprintf(`SELECT count(*), count_if(p.chosen = r.chosen AND p.rejected = r.rejected
			AND reference_chosen = r.chosen AND reference_rejected = r.rejected)
		FROM train.preferences AS p JOIN train.reference AS r USING (example_id)
		WHERE p.run_id = '%s' AND step = 0`, run), &pairs, &same)
	if pairs != 4 || same != 4 {
		t.Errorf("train.preferences has %d pairs at step 0, %d as train.reference has them, want 4", pairs, same)
	}
	for _, step := range []int{6, 12} {
		var margin, accuracy float64
		one(t, l, fmt.Sprintf(`SELECT avg(%g * delta), avg((delta > 0)::INTEGER)
			FROM (SELECT (chosen - reference_chosen) - (rejected - reference_rejected) AS delta
				FROM train.preferences WHERE run_id = '%s' AND step = %d)`, beta, run, step), &margin, &accuracy)
		within(t, "held-out margin", margin, valueOf(t, l, run, step, "eval_rewards/margins"), 1e-5)
		within(t, "held-out accuracy", accuracy, valueOf(t, l, run, step, "eval_rewards/accuracies"), 0)
	}
}

// preferencesOf are the rows of a run in train.preferences.
func preferencesOf(t *testing.T, l *lake.Lake, run string) (rows []string) {
	t.Helper()
	err := queryNow(t.Context(), l, PreferencesSpec().Name, func(r *sql.Rows) error {
		var row string
		err := r.Scan(&row)
		rows = append(rows, row)
		return err
	}, `SELECT format('{} {} {} {}', step, example_id, chosen, rejected) FROM train.preferences WHERE run_id = ? ORDER BY step, example_id`, run)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Swapping the answers turns the preference round.
func TestDPOSwapped(t *testing.T) {
	swapped := strings.NewReplacer("AS chosen", "AS rejected", "AS rejected", "AS chosen").Replace(wordPairs(16))
	var margins []float64
	for _, query := range []string{wordPairs(16), swapped} {
		l, o := tinyDPO(t, query)
		o.MaxSteps = 2
		result, err := Run(t.Context(), l, &o)
		if err != nil {
			t.Fatal(err)
		}
		value := valueOf(t, l, result.RunID, 2, "logps/chosen") - valueOf(t, l, result.RunID, 2, "logps/rejected")
		margins = append(margins, value)
	}
	if !(margins[0]*margins[1] < 0) {
		t.Errorf("the chosen answer is likelier by %v", margins)
	}
}

// A run that is interrupted ends as one that isn't.
func TestDPOResumes(t *testing.T) {
	l, o := tinyDPO(t, wordPairs(16))
	o.Accumulate, o.Batch, o.EvalEvery, o.SaveEvery, o.LoRA.Dropout, o.Share, o.Packing = 2, 3, 4, 6, 0.3, true, true
	whole, err := Run(t.Context(), l, &o)
	if err != nil {
		t.Fatal(err)
	}
	first := sftUntil(t, l, 7, func(ctx context.Context) (Result, error) { return Run(ctx, l, &o) })
	last, err := goOn(t.Context(), l, first.RunID)
	if err != nil {
		t.Fatal(err)
	}
	if last.SHA256 != whole.SHA256 || !slices.Equal(metrics(t, l, last.RunID), metrics(t, l, whole.RunID)) {
		t.Errorf("resumed to %s, uninterrupted %s", last.SHA256, whole.SHA256)
	}
	if got, want := preferencesOf(t, l, last.RunID), preferencesOf(t, l, whole.RunID); len(want) != 16 || !slices.Equal(got, want) {
		t.Errorf("resumed, the held-out pairs are %v, uninterrupted %v", got, want)
	}
	sameBytes(t, optimizerFile, checkpointsOf(whole.Out).path(12), checkpointsOf(last.Out).path(12))
}

func TestDPORefuses(t *testing.T) {
	l, good := tinyDPO(t, wordPairs(16))
	for name, c := range map[string]struct {
		change func(*DPOOptions)
		want   string
	}{
		"completions":     {func(o *DPOOptions) { o.Dataset = "data.tiny" }, "no column chosen: train dpo learns from pairs"},
		"cut to nothing":  {func(o *DPOOptions) { o.MaxTokens = 4 }, "none of its 16 pairs has room for an answer within --max-tokens 4"},
		"no beta":         {func(o *DPOOptions) { o.Beta = 0 }, "--beta 0"},
		"unknown loss":    {func(o *DPOOptions) { o.Loss = "kto" }, `--loss "kto": unknown, have [hinge ipo sigmoid]`},
		"smoothed by all": {func(o *DPOOptions) { o.LabelSmoothing = 0.5 }, "--label-smoothing 0.5"},
		"smoothed hinge":  {func(o *DPOOptions) { o.Loss, o.LabelSmoothing = "hinge", 0.1 }, "is of --loss sigmoid"},
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			c.change(&o)
			if _, err := Run(t.Context(), l, &o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	sft := tinySFT(t, l)
	sft.Dataset = "data.duel"
	if _, err := Run(t.Context(), l, &sft); err == nil || !strings.Contains(err.Error(), "no column completion") {
		t.Errorf("completions from pairs: %v", err)
	}
}

// Pairs that teach nothing are counted and left out, and refused where there is
// no other.
func TestDPOFaultyPairs(t *testing.T) {
	query := `SELECT * REPLACE (CASE i % 4 WHEN 0 THEN rejected WHEN 1 THEN ' ' ELSE chosen END AS chosen)
		FROM (SELECT *, row_number() OVER (ORDER BY example_id) - 1 AS i FROM (` + wordPairs(16) + `))`
	columns := "SELECT example_id, split, messages, chosen, template, rejected FROM (" + query + ")"
	l, o := tinyDPO(t, columns)
	plan, err := NewPlan(t.Context(), l, &o, true)
	if err != nil {
		t.Fatal(err)
	}
	want := Counts{Examples: 8, Tokens: plan.Train.Tokens, Labelled: plan.Train.Labelled, Equal: 4, Empty: 4}
	if plan.Train != want || !(plan.Speed.TokensPerSecond > 0) {
		t.Errorf("plan %+v, want %+v", plan.Train, want)
	}
	o.MaxSteps = 1
	result, err := Run(t.Context(), l, &o)
	if err != nil || result.LeftOut != (Counts{Equal: 5, Empty: 5}) {
		t.Errorf("left out %+v: %v", result.LeftOut, err)
	}
	l, o = tinyDPO(t, "SELECT * FROM ("+columns+") WHERE chosen = ' ' OR chosen = rejected")
	if _, err := Run(t.Context(), l, &o); err == nil ||
		!strings.Contains(err.Error(), "of its 8 pairs, 4 have two equal answers, 4 an empty one, and 0 no room") {
		t.Errorf("nothing but faulty pairs: %v", err)
	}
}
