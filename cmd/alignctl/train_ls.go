package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/internal/cell"
	"alignctl/lake"
	"alignctl/train"
)

func trainListCommand(t *terminal) *cli.Command {
	var format string
	return checked(&cli.Command{
		Name:  "ls",
		Usage: "list the training runs, newest first",
		Flags: t.flags(outputFlag(&format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return withTrainRuns(ctx, l, func(s *lake.Session) error {
					rows, err := s.Query(ctx, trainRunsQuery)
					if err != nil {
						return err
					}
					defer rows.Close()
					return t.printRows(format, rows)
				})
			})
		},
	}, noArguments)
}

// trainRunsQuery gives each run with the last value of what was measured.
const trainRunsQuery = `
SELECT run_id, status, method, steps, round(loss, 4) AS loss, round(eval_loss, 4) AS eval_loss,
    round(eval_reward, 4) AS eval_reward, round(eval_p_at_5, 4) AS eval_p_at_5, round(tokens_per_second, 1) AS tokens_per_second, backend, dataset,
    base_path AS model
FROM train.runs
LEFT JOIN (
    SELECT run_id, arg_max(value, step) FILTER (metric = 'loss') AS loss,
        arg_max(value, step) FILTER (metric = 'eval_loss') AS eval_loss,
        arg_max(value, step) FILTER (metric = 'eval_reward') AS eval_reward,
        arg_max(value, step) FILTER (metric = 'eval_p_at_5') AS eval_p_at_5
    FROM train.steps GROUP BY run_id
) USING (run_id)
ORDER BY started_at DESC, run_id DESC`

// withTrainRuns gives the work a session on the tables of training, as they are
// now. A table that training hasn't written yet is empty.
func withTrainRuns(ctx context.Context, l *lake.Lake, work func(*lake.Session) error) error {
	pins, err := l.At(ctx, "")
	if err != nil {
		return err
	}
	if _, any := pins[train.RunsSpec().Name]; !any {
		return errors.New("the lake has no training run yet (alignctl train sft)")
	}
	return withTables(ctx, l, train.Specs(), work)
}

// withTables gives the work a session on some tables, as they are now. Those that
// aren't in the lake yet are empty.
func withTables(ctx context.Context, l *lake.Lake, specs []lake.Spec, work func(*lake.Session) error) (err error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return err
	}
	held, missing := lake.Pins{}, []lake.Spec{}
	for _, spec := range specs {
		if pin, written := pins[spec.Name]; written {
			held[spec.Name] = pin
		} else {
			missing = append(missing, spec)
		}
	}
	s, err := l.Session(ctx, held, lake.SessionOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, spec := range missing {
		if err := s.Exec(ctx, emptyView(spec)); err != nil {
			return err
		}
	}
	return work(s)
}

// emptyView stands for a table that isn't there.
func emptyView(spec lake.Spec) string {
	columns := make([]string, len(spec.Columns))
	for i, c := range spec.Columns {
		columns[i] = "NULL::" + c.Type.SQL() + " AS " + c.Name
	}
	return "CREATE VIEW " + spec.Name + " AS SELECT " + strings.Join(columns, ", ") + " WHERE false"
}

// collect reads a result into memory.
func collect(ctx context.Context, s *lake.Session, query string, args ...any) (*grid, error) {
	rows, err := s.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	g := newGrid(columns...)
	err = eachRow(rows, len(columns), func(values []any) error {
		g.add(append([]any(nil), values...)...)
		return nil
	})
	return g, err
}

// findTrainRun checks that a run is there, and finds the newest for "latest".
func findTrainRun(ctx context.Context, s *lake.Session, run string) (string, error) {
	found, err := collect(ctx, s, `SELECT run_id FROM train.runs WHERE ? IN (run_id, 'latest')
		ORDER BY started_at DESC, run_id DESC LIMIT 1`, run)
	if err != nil {
		return "", err
	}
	if len(found.rows) == 0 {
		return "", fmt.Errorf("find training run %q: it is not in train.runs (alignctl train ls)", run)
	}
	return cell.Text(found.rows[0][0]), nil
}
