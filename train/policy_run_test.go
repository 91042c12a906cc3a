package train

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"alignctl/lake"
)

// lettersSQL is a reward that a model without knowledge can earn: the share of
// the letter a in an answer.
const lettersSQL = "(len(completion) - len(replace(completion, 'a', ''))) / greatest(len(completion), 1)"

func tinyPPO(t *testing.T, l *lake.Lake) PPOOptions {
	o := DefaultPPO()
	o.Options = tinySFT(t, l).Options
	o.PolicyOptions = testPolicy()
	o.Reward.SQL = lettersSQL
	o.Batch, o.Accumulate, o.MaxTokens, o.MaxSteps, o.SampleEvery = 8, 1, 64, 6, 2
	return o
}

func tinyGRPO(t *testing.T, l *lake.Lake) GRPOOptions {
	p, o := tinyPPO(t, l), DefaultGRPO()
	o.Options, o.PolicyOptions, o.Group = p.Options, p.PolicyOptions, 4
	return o
}

// samplesOf are the rows of a run in train.samples.
func samplesOf(t *testing.T, l *lake.Lake, run string) (rows []string) {
	t.Helper()
	err := queryNow(t.Context(), l, "train.samples", func(r *sql.Rows) error {
		var row string
		err := r.Scan(&row)
		rows = append(rows, row)
		return err
	}, `SELECT concat_ws('|', step, split, example_id, draw, completion, reward, kl, entropy, tokens, finish, failed,
		parts[1].name, parts[1].value) FROM train.samples WHERE run_id = ? ORDER BY step, split, example_id, draw`, run)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// untimed leaves out what measures time.
func untimed(rows []string) []string {
	return slices.DeleteFunc(rows, func(row string) bool { return strings.Contains(row, " time/") })
}

// A run that is interrupted and goes on ends as one that isn't: weights, moments,
// value head, metrics and samples, to the last bit.
func TestPolicyResumeEqualsUninterrupted(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	ppo, grpo := tinyPPO(t, l), tinyGRPO(t, l)
	ppo.KLTarget, ppo.ScaleScores, ppo.EvalEvery, ppo.SaveEvery, ppo.Updates = 0.05, true, 2, 3, 2
	grpo.EvalEvery, grpo.SaveEvery = 2, 3
	for name, m := range map[string]Method{"ppo": &ppo, "grpo": &grpo} {
		t.Run(name, func(t *testing.T) {
			whole, err := Run(t.Context(), l, m)
			if err != nil {
				t.Fatal(err)
			}
			parted := sftUntil(t, l, 4, func(ctx context.Context) (Result, error) { return Run(ctx, l, m) })
			end, err := goOn(t.Context(), l, parted.RunID)
			if err != nil {
				t.Fatal(err)
			}
			sameBytes(t, "adapter_model.safetensors", whole.Out, end.Out)
			files := []string{optimizerFile, policyFile}
			if name == "ppo" {
				files = append(files, valueHeadFile)
			}
			for _, file := range files {
				sameBytes(t, file, whole.Out+".checkpoints/step-000006", end.Out+".checkpoints/step-000006")
			}
			want := untimed(metrics(t, l, whole.RunID))
			if got := untimed(metrics(t, l, end.RunID)); !slices.Equal(got, want) || len(want) < 100 {
				t.Errorf("%d metrics, want %d:\n%v\n%v", len(got), len(want), got, want)
			}
			samples := samplesOf(t, l, whole.RunID)
			if got := samplesOf(t, l, end.RunID); !slices.Equal(got, samples) {
				t.Errorf("samples\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(samples, "\n"))
			}
			if len(samples) != 3*8+4*4 { // steps 1, 3, 5; four held-out questions before training and after 2, 4, 6
				t.Errorf("%d samples: %v", len(samples), samples)
			}
		})
	}
}

func TestPolicyRefuses(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	for name, c := range map[string]struct {
		ppo  func(*PPOOptions)
		grpo func(*GRPOOptions)
		want string
	}{
		"group of one":      {grpo: func(o *GRPOOptions) { o.Group = 1 }, want: "--group 1"},
		"broken groups":     {grpo: func(o *GRPOOptions) { o.Group = 5 }, want: "multiple of --group 5"},
		"no reward":         {ppo: func(o *PPOOptions) { o.Reward.SQL = "" }, want: "reward"},
		"greedy":            {ppo: func(o *PPOOptions) { o.Temperature = 0 }, want: "--temperature 0"},
		"a mini-batch over": {ppo: func(o *PPOOptions) { o.Batch = 5 }, want: "--rollouts 16"},
		"no room":           {ppo: func(o *PPOOptions) { o.MaxTokens = 14 }, want: "leaves room for an answer"},
		"dropout":           {ppo: func(o *PPOOptions) { o.LoRA.Dropout = 0.1 }, want: "--lora-dropout"},
		"unknown estimator": {ppo: func(o *PPOOptions) { o.KLEstimator = "k2" }, want: "--kl-estimator"},
		"wrong data":        {ppo: func(o *PPOOptions) { o.Dataset = "data.none" }, want: "alignctl data ls"},
		"unknown collapse":  {grpo: func(o *GRPOOptions) { o.Limits.Collapse = "panic" }, want: "--collapse"},
		"reward of nothing": {ppo: func(o *PPOOptions) { o.Reward.SQL = "null" }, want: "reward"},
	} {
		t.Run(name, func(t *testing.T) {
			ppo, grpo := tinyPPO(t, l), tinyGRPO(t, l)
			var m Method = &ppo
			if c.grpo != nil {
				c.grpo(&grpo)
				m = &grpo
			} else {
				c.ppo(&ppo)
			}
			if _, err := Run(t.Context(), l, m); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// Answers that can't be read, step after step, end the run, and are shown.
func TestPolicyUnreadThroughout(t *testing.T) {
	l := tinyLake(t, wordExamples(16))
	o := tinyPPO(t, l)
	o.Limits.Unread = 2
	o.Reward.SQL = "select sample, -1 as reward, 'no list of words' as failed from samples"
	_, err := Run(t.Context(), l, &o)
	if err == nil || !strings.Contains(err.Error(), "in 2 steps on end no answer could be read") || !strings.Contains(err.Error(), "no list of words") {
		t.Fatalf("error %v", err)
	}
	var status string
	var unread int
	one(t, l, `SELECT status, (SELECT count(*) FROM train.samples WHERE failed <> '') FROM train.runs`, &status, &unread)
	if status != "failed" || unread == 0 {
		t.Errorf("run %s, %d samples unread", status, unread)
	}
}
