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

// Needed lists, by training run, the snapshots that the models recorded in
// train.models came from: what gc must keep until RemoveModel.
func Needed(ctx context.Context, l *lake.Lake) (map[string][]lake.Pin, error) {
	runs, err := modelRuns(ctx, l)
	if err != nil {
		return nil, err
	}
	pins, err := l.Upstream(ctx, runs)
	if err != nil {
		return nil, err
	}
	needed := map[string][]lake.Pin{}
	for run, upstream := range pins {
		needed["training run "+run] = upstream
	}
	return needed, nil
}

// modelRuns are the runs that train.models has rows of.
func modelRuns(ctx context.Context, l *lake.Lake) (runs []string, err error) {
	err = queryNow(ctx, l, ModelsSpec().Name, func(rows *sql.Rows) error {
		var run string
		err := rows.Scan(&run)
		runs = append(runs, run)
		return err
	}, "select distinct run_id from train.models order by run_id")
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

// RemoveModel takes a training run's models out of train.models, so that gc may
// let go of the data that they came from. The run stays in train.runs, and the
// model's folder on the disk.
func RemoveModel(ctx context.Context, l *lake.Lake, run string, info lake.RunInfo) (err error) {
	runs, err := modelRuns(ctx, l)
	if err != nil {
		return err
	}
	if !slices.Contains(runs, run) {
		return fmt.Errorf("no model of training run %q in train.models%s", run, nearest.Hint(run, runs))
	}
	r, err := l.Begin(ctx, info)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if _, err := lake.ReplaceRows(ctx, r, ModelsSpec(), run, []ModelRow{}); err != nil {
		return err
	}
	_, err = r.Publish(ctx, lake.Done)
	return err
}
