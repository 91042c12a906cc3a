package train

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"alignctl/internal/nearest"
	"alignctl/lake"
)

// Needed lists, by training run and by job, the snapshots that the models
// recorded in train.models came from, and those that are trained on elsewhere:
// what gc must keep until RemoveModel.
func Needed(ctx context.Context, l *lake.Lake) (map[string][]lake.Pin, error) {
	needed := map[string][]lake.Pin{}
	for _, holder := range holders() {
		runs, err := holder.runs(ctx, l)
		if err != nil {
			return nil, err
		}
		pins, err := l.Upstream(ctx, runs)
		if err != nil {
			return nil, err
		}
		for run, upstream := range pins {
			needed[holder.noun+" "+run] = upstream
		}
	}
	return needed, nil
}

// A holder is a table whose rows keep the data of their runs.
type holder struct {
	spec   lake.Spec
	noun   string // what a run of it is
	remove func(ctx context.Context, r *lake.Run, run string) error
}

func holders() []holder {
	return []holder{
		{ModelsSpec(), "training run", removeRows[ModelRow](ModelsSpec())},
		{JobsSpec(), "job", removeRows[JobRow](JobsSpec())},
	}
}

// removeRows empties scopes of a table.
func removeRows[T any](spec lake.Spec) func(context.Context, *lake.Run, string) error {
	return func(ctx context.Context, r *lake.Run, scope string) error {
		_, err := lake.ReplaceRows(ctx, r, spec, scope, []T{})
		return err
	}
}

// runs are the runs that the table has rows of.
func (h holder) runs(ctx context.Context, l *lake.Lake) (runs []string, err error) {
	err = queryNow(ctx, l, h.spec.Name, func(rows *sql.Rows) error {
		var run string
		err := rows.Scan(&run)
		runs = append(runs, run)
		return err
	}, fmt.Sprintf("select distinct %[1]s from %[2]s order by %[1]s", h.spec.Scope, h.spec.Name))
	return runs, err
}

// queryNow visits the rows that a query has of a table as it is now: none when
// the lake has no such table.
func queryNow(ctx context.Context, l *lake.Lake, table string, visit func(*sql.Rows) error, query string, args ...any) (err error) {
	pins, err := l.At(ctx, "")
	if err != nil {
		return err
	}
	pin, ok := pins[table]
	if !ok {
		return nil
	}
	s, err := l.Session(ctx, lake.Pins{table: pin}, lake.SessionOptions{Threads: 1, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	rows, err := s.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// RemoveModel takes a training run's models out of train.models, or a job out of
// train.jobs, so that gc may let go of the data that they came from. The run
// stays in train.runs, and the folder on the disk.
func RemoveModel(ctx context.Context, l *lake.Lake, run string, info lake.RunInfo) error {
	h, err := holderOf(ctx, l, run)
	if err != nil {
		return err
	}
	return inRun(ctx, l, info, func(r *lake.Run) error { return h.remove(ctx, r, run) })
}

// holderOf is the table that has rows of a run.
func holderOf(ctx context.Context, l *lake.Lake, run string) (holder, error) {
	var all []string
	for _, h := range holders() {
		runs, err := h.runs(ctx, l)
		if err != nil {
			return holder{}, err
		}
		if slices.Contains(runs, run) {
			return h, nil
		}
		all = append(all, runs...)
	}
	return holder{}, fmt.Errorf("no model of training run %q in train.models, and no such job in train.jobs%s", run,
		nearest.Hint(run, all))
}
