package eval

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"alignctl/lake"
)

// Begin starts a run on a lake that must have the named tables.
func Begin(ctx context.Context, l *lake.Lake, info lake.RunInfo, tables ...string) (*lake.Run, error) {
	if err := Need(ctx, l, tables...); err != nil {
		return nil, err
	}
	return l.Begin(ctx, info)
}

// Need says which of some tables a lake lacks, and what makes it.
func Need(ctx context.Context, l *lake.Lake, tables ...string) error {
	pins, err := l.At(ctx, "")
	if err != nil {
		return err
	}
	for _, table := range tables {
		if _, ok := pins[table]; !ok {
			return fmt.Errorf("read table %s: the lake doesn't have it yet (%s)", table, makerOf(table))
		}
	}
	return nil
}

// makerOf is the command that makes a table.
func makerOf(table string) string {
	switch {
	case table == SamplesTable.Name || table == RunsTable.Name:
		return "alignctl eval generate"
	case table == strengthTable:
		return "alignctl etl swow"
	case strings.HasPrefix(table, "core.wvs_"):
		return "alignctl etl wvs"
	case table == "eval.readouts":
		return "alignctl eval wvs"
	}
	return "alignctl eval score RUN"
}

// texts gives the one column of a query.
func texts(ctx context.Context, s *lake.Session, query string, args ...any) ([]string, error) {
	var all []string
	err := s.Each(ctx, query, args, func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		all = append(all, text)
		return err
	})
	return all, err
}

// holds says whether the session has a table.
func holds(ctx context.Context, s *lake.Session, table lake.Spec) (bool, error) {
	schema, name, _ := strings.Cut(table.Name, ".")
	found, err := texts(ctx, s, "select table_name from information_schema.tables "+
		"where table_schema = $1 and table_name = $2", schema, name)
	if err != nil {
		return false, fmt.Errorf("find table %s: %w", table.Name, err)
	}
	return len(found) > 0, nil
}
