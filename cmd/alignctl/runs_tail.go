package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/internal/cell"
	"alignctl/lake"
	"alignctl/train"
)

type runsTailOptions struct {
	every time.Duration
	last  int
}

func runsTailCommand(t *terminal) *cli.Command {
	var o runsTailOptions
	return checked(&cli.Command{
		Name:  "tail",
		Usage: "follow a run of training or evaluation that another process works on, until it ends",
		Description: "RUN is an id, as runs ls lists them; without it, the newest run of training or evaluation. In a pipe\n" +
			"there is a line for each step, or for the answers since the last look; on a terminal one live line,\n" +
			"and a line that stays for each evaluation. Runs publish what they have done every half minute. A run\n" +
			"that failed or was stopped ends with exit code 1.",
		Flags: t.flags(
			&cli.DurationFlag{Name: "every", Usage: "look that often", Value: 2 * time.Second, Destination: &o.every},
			&cli.IntFlag{Name: "last", Aliases: []string{"n"}, Usage: "begin with the last `N` steps", Value: 10, Destination: &o.last},
		),
		Action: func(c *cli.Context) error {
			if o.every <= 0 {
				return usagef("runs tail: --every %s: must be more than 0", o.every)
			}
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runRunsTail(ctx, t, l, c.Args().First(), o)
			})
		},
	}, arguments{0, 1, "[RUN]"})
}

// runRunsTail looks at a run again and again, until it has ended.
func runRunsTail(ctx context.Context, t *terminal, l *lake.Lake, id string, o runsTailOptions) error {
	run, err := findMeasured(ctx, l, id)
	if err != nil {
		return err
	}
	f := &follower{terminal: t, lake: l, last: o.last, look: lookOf(t.out)}
	for {
		if err := f.catchUp(ctx, run); err != nil {
			return err
		}
		if run.Status != runRunning {
			return f.end(run)
		}
		select {
		case <-ctx.Done():
			f.settle()
			return ctx.Err()
		case <-time.After(o.every):
		}
		if run, err = findMeasured(ctx, l, run.ID); err != nil {
			return err
		}
	}
}

// findMeasured finds a run of training or evaluation: the newest for "" and
// "latest".
func findMeasured(ctx context.Context, l *lake.Lake, id string) (lakeRun, error) {
	runs, err := listRuns(ctx, l)
	if err != nil {
		return lakeRun{}, err
	}
	for _, r := range runs {
		switch {
		case r.measured() && (id == "" || id == "latest" || id == r.ID):
			return r, nil
		case id == r.ID:
			return r, fmt.Errorf("follow run %q: it is of kind %s: only training and evaluation can be followed", id, r.Kind)
		}
	}
	if id == "" || id == "latest" {
		return lakeRun{}, errors.New("the lake has no run of training or evaluation yet")
	}
	return lakeRun{}, fmt.Errorf("follow run %q: the lake has no such run (alignctl runs ls)", id)
}

// A follower prints what is new of a run.
type follower struct {
	*terminal
	lake *lake.Lake
	last int  // steps to begin with
	look look // of out

	begun   bool
	step    int64           // the newest seen
	seen    map[string]bool // metrics of that step that were printed
	answers any
	open    bool // a live line stands
}

func (f *follower) catchUp(ctx context.Context, run lakeRun) error {
	if run.Steps != nil {
		return f.lookSteps(ctx, run)
	}
	if run.Answers != f.answers || !f.begun {
		f.answers, f.begun = run.Answers, true
		f.show(run.done()+rate(run), false)
	}
	return nil
}

// rate is how many answers came in a second, where that is known.
func rate(run lakeRun) string {
	answers, seconds := asFloat(run.Answers), asFloat(run.Seconds)
	if seconds <= 0 {
		return ""
	}
	return fmt.Sprintf(", %.2g/s", answers/seconds)
}

func asFloat(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}

// newSteps reads the metrics from a step on: the last steps first.
const newSteps = `SELECT step, metric, value FROM train.steps
	WHERE run_id = ? AND step >= greatest(?, (SELECT max(step) - ? + 1 FROM train.steps WHERE run_id = ?) * ?)
	ORDER BY step, metric`

func (f *follower) lookSteps(ctx context.Context, run lakeRun) error {
	first := 1
	if f.begun {
		first = 0
	}
	f.begun = true
	var found *grid
	err := withTables(ctx, f.lake, []lake.Spec{train.StepsSpec()}, func(s *lake.Session) (err error) {
		found, err = collect(ctx, s, newSteps, run.ID, f.step, f.last, run.ID, first)
		return err
	})
	if err != nil {
		return err
	}
	for len(found.rows) > 0 {
		step := found.rows[0][0]
		n := slices.IndexFunc(found.rows, func(row []any) bool { return row[0] != step })
		if n < 0 {
			n = len(found.rows)
		}
		f.showStep(step.(int64), found.rows[:n])
		found.rows = found.rows[n:]
	}
	return nil
}

// showStep prints those metrics of a step that are new.
func (f *follower) showStep(step int64, rows [][]any) {
	if step > f.step || f.seen == nil {
		f.step, f.seen = step, map[string]bool{}
	}
	values := map[string]any{}
	for _, row := range rows {
		if name := cell.Text(row[1]); !f.seen[name] {
			f.seen[name], values[name] = true, row[2]
		}
	}
	var parts []string
	measured := false
	for _, name := range tailMetrics {
		if value, ok := values[name]; ok {
			parts = append(parts, fmt.Sprintf("%s %v", name, brief(value)))
			measured = measured || strings.HasPrefix(name, "eval_")
		}
	}
	if len(parts) > 0 {
		f.show(fmt.Sprintf("step %d: %s", step, strings.Join(parts, ", ")), measured)
	}
}

// tailMetrics are the metrics that a line has room for, in its order.
var tailMetrics = []string{"loss", "objective/scores", "objective/kl", "rewards/accuracies", "eval_loss", "eval_rewards/accuracies",
	"eval_reward", "eval_p_at_5", "learning_rate", "tokens_per_second"}

// show prints a line: in the place of the live one on a terminal, where it stays
// if it is to.
func (f *follower) show(text string, stays bool) {
	text = oneLine(text)
	if !f.look.live {
		fmt.Fprintln(f.out, text)
		return
	}
	fmt.Fprintf(f.out, "\r%s\x1b[K", f.look.cut(text, f.look.width-1))
	f.open = true
	if stays {
		f.settle()
	}
}

// settle leaves the live line as it is.
func (f *follower) settle() {
	if f.open {
		fmt.Fprintln(f.out)
	}
	f.open = false
}

// end tells how the run ended.
func (f *follower) end(run lakeRun) error {
	f.settle()
	if run.ended() {
		f.remark("run %s is %s: %s", run.ID, run.Status, run.done())
		return nil
	}
	return fmt.Errorf("run %s is %s after %s (alignctl doctor says how to go on with it)", run.ID, run.Status, run.done())
}
