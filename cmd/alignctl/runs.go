package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"alignctl/eval"
	"alignctl/internal/cell"
	"alignctl/lake"
	"alignctl/train"
)

func runsCommand(t *terminal) *cli.Command {
	return &cli.Command{
		Name:        "runs",
		Usage:       "runs of every kind: list them, follow one",
		Subcommands: []*cli.Command{runsListCommand(t), runsTailCommand(t)},
	}
}

// The states of a run that no process has ended: one is at work on it, or none is
// any more. The others are as the lake records them.
const (
	runRunning = string(lake.Running)
	runBroken  = "broken off"
)

// A lakeRun is a row of meta.runs, with what training and evaluation know of it.
type lakeRun struct {
	ID, Kind, Name  string // of train the method, of eval the suite, of etl the source
	Status, Command string
	Started         time.Time
	Seconds, Steps  any    // nil: not known; optimizer steps of training
	Answers         any    // of evaluation
	resumed         string // the runs that went on with it
}

// measured reports whether it is a run of training, or one that asked a model.
func (r lakeRun) measured() bool { return r.Steps != nil || r.Answers != nil }

// ended reports whether it came to its end, here or as somebody declares.
func (r lakeRun) ended() bool { return r.Status == string(lake.Done) || r.Status == train.Declared }

// done says in words how far it came.
func (r lakeRun) done() string {
	switch {
	case r.Steps != nil:
		return fmt.Sprintf("%v steps", r.Steps)
	case r.Answers != nil:
		return fmt.Sprintf("%v answers", r.Answers)
	}
	return ""
}

func (r lakeRun) about() string { return fmt.Sprintf("%s %s: %s", r.Kind, r.Name, r.done()) }

// heldBy reports whether a process works on the run: its first, or one that goes
// on with it. Evaluation doesn't record the latter: one that may go on with this
// run counts.
func (r lakeRun) heldBy(h lake.Holder) bool {
	switch {
	case h.Run == "": // it only reads
		return false
	case h.Run == r.ID || strings.Contains(r.resumed, h.Run) || strings.Contains(h.Command, r.ID):
		return true
	}
	return r.Answers != nil && (strings.Contains(h.Command, " eval suite") || strings.Contains(h.Command, "--resume latest"))
}

const runsQuery = `
SELECT run_id,
	CASE WHEN t.run_id IS NOT NULL THEN 'train' WHEN e.run_id IS NOT NULL THEN 'eval'
		ELSE regexp_extract(m.command, '^\S+\s+([a-z]+)', 1) END AS kind,
	coalesce(t.method, e.suite, nullif(m.source, ''), regexp_extract(m.command, '^\S+\s+[a-z]+\s+([a-z-]+)', 1)) AS name,
	coalesce(t.status, e.status, m.status) AS status, m.command, m.started_at,
	round(epoch(coalesce(t.ended_at, e.ended_at, m.ended_at) - m.started_at), 1) AS seconds, t.steps, e.items,
	coalesce(t.resumed, '') AS resumed
FROM meta.runs m LEFT JOIN train.runs t USING (run_id) LEFT JOIN eval.runs e USING (run_id)
ORDER BY m.started_at DESC, run_id DESC`

// listRuns lists all runs of the lake, newest first. Who works on the lake is asked
// before and after: a run may begin or end meanwhile.
func listRuns(ctx context.Context, l *lake.Lake) (runs []lakeRun, err error) {
	before, err := l.Holders(ctx)
	if err != nil {
		return nil, err
	}
	var found *grid
	err = withTables(ctx, l, runTables(), func(s *lake.Session) error {
		found, err = collect(ctx, s, runsQuery)
		return err
	})
	if err != nil {
		return nil, err
	}
	after, err := l.Holders(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range found.rows {
		runs = append(runs, runOf(row, append(before, after...)))
	}
	return runs, nil
}

// runTables are what is read of runs.
func runTables() []lake.Spec {
	specs := slices.DeleteFunc(lake.Specs(), func(s lake.Spec) bool { return s.Name != "meta.runs" })
	return append(specs, train.RunsSpec(), eval.RunsTable)
}

// runOf reads a row of runsQuery.
func runOf(row []any, holders []lake.Holder) lakeRun {
	r := lakeRun{ID: cell.Text(row[0]), Kind: cell.Text(row[1]), Name: cell.Text(row[2]), Status: cell.Text(row[3]), Command: cell.Text(row[4]),
		Seconds: row[6], Steps: row[7], Answers: row[8], resumed: cell.Text(row[9])}
	r.Started, _ = row[5].(time.Time)
	if r.Status != runRunning {
		return r
	}
	if !slices.ContainsFunc(holders, r.heldBy) {
		r.Status = runBroken
		return r
	}
	r.Seconds = float64(time.Since(r.Started).Round(100*time.Millisecond)) / float64(time.Second)
	return r
}
