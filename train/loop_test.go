package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/tensors"

	"alignctl/internal/progress"
	"alignctl/train/batch"
	"alignctl/train/lm"
)

// A cycle yields the same micro-batches over and over.
type cycle struct {
	batches [][]any
	taken   int
	before  func(taken int) // called before each one
}

func (c *cycle) Next(context.Context) (MicroBatch, error) {
	if c.before != nil {
		c.before(c.taken)
	}
	at := c.taken % len(c.batches)
	c.taken++
	return MicroBatch{Inputs: c.batches[at], Examples: []string{fmt.Sprintf("example-%d", at)}, Tokens: 10,
		Labels: 10, After: batch.Position{Batch: c.taken}}, nil
}

// kept is where a loop publishes and saves in tests.
type kept struct {
	rows  []StepRow
	saved []Progress
}

func (k *kept) save(p Progress) error {
	k.saved = append(k.saved, p)
	return nil
}

func (k *kept) publish(_ context.Context, rows []StepRow) error {
	k.rows = append(k.rows, rows...)
	return nil
}

// of lists a metric's values by step.
func (k *kept) of(metric string) []float64 {
	var values []float64
	for _, row := range k.rows {
		if row.Metric == metric {
			values = append(values, row.Value)
		}
	}
	return values
}

func tinyLoop(t *testing.T, steps int) (*loop, *kept, *cycle) {
	t.Helper()
	rows := &kept{}
	source := &cycle{batches: [][]any{rowsOf(12, 1, fourRows[:2]...), rowsOf(12, 3, fourRows[2:]...)}}
	return &loop{
		options: LoopOptions{Schedule: Schedule{Kind: "linear", Peak: 1e-2, Total: steps}, EvalEvery: 2},
		work: &sft{descent: descent{
			accumulate: 2,
			stepper:    stepperOf(t, tiny(t, lm.TrainLoRA), StepperOptions{Optimizer: DefaultAdamW(), Clip: 1}),
			train:      source,
			dev:        []MicroBatch{{Inputs: rowsOf(12, 1, fourRows...)}},
		}},
		save:     rows.save,
		recorder: newRecorder("run-1", rows.publish),
	}, rows, source
}

// A scriptedProbe gives the precisions of a script in turn.
type scriptedProbe []float64

func (p *scriptedProbe) Precision(context.Context) (float64, error) {
	next := (*p)[0]
	*p = (*p)[1:]
	return next, nil
}

func (*scriptedProbe) Close() {}

func TestLoopRecordsEveryStep(t *testing.T) {
	l, rows, source := tinyLoop(t, 5)
	l.probe = &scriptedProbe{0.1, 0.3, 0.2}
	outcome, err := l.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := Outcome{Steps: 5, Examples: 10, Tokens: 100, TrainedTokens: 5 * 20, EvalPrecision: 0.2}
	got := outcome
	got.Loss, got.EvalLoss, got.Best, got.Seconds, got.Waited = 0, 0, Best{}, 0, 0
	if got != want || source.taken != 10 {
		t.Errorf("outcome %+v after %d micro-batches, want %+v after 10", got, source.taken, want)
	}
	if rates := rows.of("learning_rate"); !slices.EqualFunc(rates, []float64{1e-2, 8e-3, 6e-3, 4e-3, 2e-3},
		func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
		t.Errorf("learning rates %v", rates)
	}
	if tokens := rows.of("num_tokens"); !slices.Equal(tokens, []float64{20, 40, 60, 80, 100}) {
		t.Errorf("num_tokens %v", tokens)
	}
	for _, metric := range []string{"loss", "grad_norm", "tokens_per_second", "data_wait_share"} {
		if n := len(rows.of(metric)); n != 5 {
			t.Errorf("%d rows of %s, want 5", n, metric)
		}
	}
	// Steps 2 and 4 by EvalEvery, step 5 as the last.
	evals := rows.of("eval_loss")
	if len(evals) != 3 || !(evals[2] < evals[0]) || outcome.EvalLoss != evals[2] || outcome.Best != (Best{Step: 5, Loss: evals[2]}) {
		t.Errorf("eval losses %v, outcome %g", evals, outcome.EvalLoss)
	}
	if precisions := rows.of("eval_p_at_5"); !slices.Equal(precisions, []float64{0.1, 0.3, 0.2}) {
		t.Errorf("eval_p_at_5 %v", precisions)
	}
	if note := l.note(1); !strings.Contains(note, "P@5 0.200") {
		t.Errorf("the live line %q doesn't tell P@5", note)
	}
}

func TestInterruptFinishesTheStep(t *testing.T) {
	l, rows, source := tinyLoop(t, 100)
	ctx, cancel := context.WithCancel(t.Context())
	source.before = func(taken int) {
		if taken == 2 { // the first half of step 2
			cancel()
		}
	}
	outcome, err := l.run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !outcome.Interrupted || outcome.Steps != 2 || source.taken != 4 {
		t.Errorf("outcome %+v after %d micro-batches", outcome, source.taken)
	}
	if n := len(rows.of("loss")); n != 2 {
		t.Errorf("%d losses were published, want 2", n)
	}
	if len(rows.saved) != 1 || rows.saved[0].Steps != 2 || rows.saved[0].Position != (batch.Position{Batch: 4}) {
		t.Errorf("saved %+v, want the state after step 2 and 4 micro-batches", rows.saved)
	}
}

// Checkpoints come every n steps and, where asked for, at each new best; none
// comes twice, and the metrics up to each are published before it.
func TestLoopSaves(t *testing.T) {
	l, rows, _ := tinyLoop(t, 5)
	l.options.SaveEvery, l.options.SaveBest = 3, true
	var published []int
	l.save = func(p Progress) error {
		published = append(published, len(rows.of("loss")))
		return rows.save(p)
	}
	if _, err := l.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(published, []int{2, 3, 4, 5}) { // evaluated at 2, 4 and 5, each better
		t.Errorf("checkpoints with %v steps published, want 2, 3, 4, 5", published)
	}
	full := errors.New("disk full")
	l.options.Schedule.Total, l.save = 9, func(Progress) error { return full }
	if outcome, err := l.run(t.Context()); !errors.Is(err, full) || outcome.Steps != 6 {
		t.Errorf("after a checkpoint that failed: %d steps, error %v", outcome.Steps, err)
	}
}

// A dev loss that no longer falls ends the run, after as many evaluations as
// patience allows.
func TestEarlyStop(t *testing.T) {
	l, rows, _ := tinyLoop(t, 100)
	l.options.Schedule.Peak, l.options.Schedule.Kind = 1, "constant" // so high that nothing is learnt
	l.options.Patience, l.work.(*sft).accumulate = 3, 1
	outcome, err := l.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	evals := rows.of("eval_loss")
	if !outcome.EarlyStop || outcome.Steps != outcome.Best.Step+6 || slices.Min(evals) != outcome.Best.Loss {
		t.Errorf("outcome %+v after dev losses %v", outcome, evals)
	}
}

// Five losses on end, each above the limit, are an explosion; four aren't, and
// neither is what happens before the mean means anything, nor below one nat.
func TestLossWatch(t *testing.T) {
	see := func(w *lossWatch, loss float64, times int) (exploded bool) {
		for range times {
			exploded = w.exploded(loss, 3)
		}
		return exploded
	}
	w := &lossWatch{}
	if see(w, 50, 5) || see(w, 2, watchSpan*10) {
		t.Error("a falling loss exploded")
	}
	for range 3 {
		if see(w, 9, 4) || see(w, 2, 1) {
			t.Error("four high losses are an explosion")
		}
	}
	if mean := w.Mean; !see(w, 9, 5) || w.Mean != mean {
		t.Error("five high losses are none, or went into the mean")
	}
	small := &lossWatch{}
	if see(small, 0.01, 100) || see(small, 0.5, 100) {
		t.Error("a loss below a nat exploded")
	}
	if w.exploded(1e9, 0) {
		t.Error("without a limit a loss exploded")
	}
}

func TestBrokenLossNamesTheExamples(t *testing.T) {
	l, rows, _ := tinyLoop(t, 3)
	weight := l.work.(*sft).stepper.slots[0].weight
	broken := tensors.FromShape(weight.Shape())
	tensors.MustMutableFlatData(broken, func(flat []float32) { flat[0] = float32(math.NaN()) })
	if err := weight.SetValue(broken); err != nil {
		t.Fatal(err)
	}
	_, err := l.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "example-0, example-1") || !strings.Contains(err.Error(), "step 1") {
		t.Errorf("error %v names no step and examples", err)
	}
	if len(rows.rows) != 0 {
		t.Errorf("metrics of a broken step: %v", rows.rows)
	}
}

func TestRecorderFlushesInBatches(t *testing.T) {
	rows := &kept{}
	r := newRecorder("run-1", rows.publish)
	clock := r.flushed
	r.now = func() time.Time { return clock }
	add := func(step int) {
		if err := r.add(t.Context(), step, metric{"loss", 1}); err != nil {
			t.Fatal(err)
		}
	}
	add(1)
	clock = clock.Add(flushEvery / 2)
	add(2)
	if len(rows.rows) != 0 {
		t.Fatalf("published early: %v", rows.rows)
	}
	clock = clock.Add(flushEvery / 2)
	add(3)
	if len(rows.rows) != 3 {
		t.Fatalf("published %d rows, want 3", len(rows.rows))
	}
	broken := errors.New("disk full")
	r.publish = func(context.Context, []StepRow) error { return broken }
	if add(4); !errors.Is(r.flush(t.Context()), broken) || len(r.rows) != 1 {
		t.Error("a failed flush lost its rows or its error")
	}
}

// notes keeps what the live line said.
type notes struct{ texts []string }

func (n *notes) Start(string, int64, string) progress.Task { return n }
func (n *notes) Add(int64)                                 {}
func (n *notes) Note(text string)                          { n.texts = append(n.texts, text) }
func (n *notes) Done()                                     {}

func TestLiveLine(t *testing.T) {
	l, _, _ := tinyLoop(t, 3)
	live := &notes{}
	if _, err := l.run(progress.With(t.Context(), live)); err != nil {
		t.Fatal(err)
	}
	if len(live.texts) != 3 || !strings.Contains(live.texts[2], "dev ") || !strings.Contains(live.texts[0], "tok/s") {
		t.Errorf("live line: %q", live.texts)
	}
}
