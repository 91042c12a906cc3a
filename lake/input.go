package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alignctl/lake/duck"
)

// Input records that the run reads a table as its session shows it, and says
// which version that is. A later change of the table doesn't conflict with the
// run: it read a version that stays.
func (r *Run) Input(ctx context.Context, table string) (Pin, error) { return r.input(ctx, table, "") }

// InputScope is Input for a run that reads one scope of a table, so that its
// lineage follows only the run that made that scope.
func (r *Run) InputScope(ctx context.Context, table, scope string) (Pin, error) {
	return r.input(ctx, table, scope)
}

// InputScopes is InputScope for each scope of a table that holds a row for
// which the condition, in SQL over the table's columns, is true; a table without
// scopes is read as a whole. It gives these scopes, in order. When the session
// has no such table, there is nothing to record.
func (r *Run) InputScopes(ctx context.Context, table, condition string, args ...any) ([]string, error) {
	column, found, err := r.scopeColumn(ctx, table)
	if err != nil || !found {
		return nil, err
	}
	scopes := []string{""}
	if column != "" {
		if scopes, err = r.scopesWhere(ctx, table, column, condition, args...); err != nil {
			return nil, fmt.Errorf("input %s: %w", table, err)
		}
	}
	for _, scope := range scopes {
		if _, err := r.input(ctx, table, scope); err != nil {
			return nil, err
		}
	}
	return scopes, nil
}

// scopeColumn is the scope column of a table of the session; found is false when
// there is no such table.
func (r *Run) scopeColumn(ctx context.Context, name string) (column string, found bool, err error) {
	if s, ok := r.tables[name]; ok {
		return s.spec.Scope, true, nil
	}
	if _, pinned := r.info.Pins[name]; r.info.Pins != nil && !pinned {
		return "", false, nil
	}
	table, err := r.base.table(ctx, name)
	if err != nil || table == nil || removed(table) {
		return "", false, err
	}
	info, err := infoOf(table)
	return info.Spec.Scope, true, err
}

func (r *Run) scopesWhere(ctx context.Context, table, column, condition string, args ...any) (
	scopes []string, err error) {
	rows, err := r.session.Query(ctx, fmt.Sprintf("select distinct %[1]s from %[2]s where %[3]s order by %[1]s",
		duck.Name(column), duck.Ident(table), condition), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var scope string
		if err := rows.Scan(&scope); err != nil {
			return nil, err
		}
		scopes = append(scopes, scope)
	}
	return scopes, rows.Err()
}

func (r *Run) input(ctx context.Context, table, scope string) (Pin, error) {
	pin, err := r.pin(ctx, table)
	if err != nil {
		return Pin{}, fmt.Errorf("input %s: %w", strings.TrimSpace(table+" "+scope), err)
	}
	row := inputRow{RunID: r.id, Table: table, Snapshot: pin.Snapshot, Digest: pin.Digest, Rows: pin.Rows, Scope: scope}
	if !slices.Contains(r.inputs, row) {
		r.inputs = append(r.inputs, row)
	}
	return pin, nil
}

func (r *Run) pin(ctx context.Context, name string) (Pin, error) {
	if s, ok := r.tables[name]; ok {
		return currentPin(s.table), nil
	}
	if r.info.Pins != nil {
		pin, ok := r.info.Pins[name]
		if !ok {
			return Pin{}, errors.New("the lake had no such table then")
		}
		return pin, nil
	}
	table, err := r.base.table(ctx, name)
	if err != nil {
		return Pin{}, err
	}
	if table == nil || removed(table) {
		return Pin{}, errors.New("no such table in the lake")
	}
	return currentPin(table), nil
}

// inputRows are the inputs that meta.inputs doesn't have yet. Where the run read
// what it staged itself, the row names the snapshot that is published: a
// second write or a replay has changed the id since.
func (r *Run) inputRows() []inputRow {
	rows := slices.Clone(r.inputs[r.recorded.inputs:])
	for i, row := range rows {
		s, ours := r.tables[row.Table]
		if !ours {
			continue
		}
		if _, published := s.base.Snapshot(row.Snapshot); published || row.Snapshot == 0 {
			continue
		}
		pin := currentPin(s.table)
		rows[i].Snapshot, rows[i].Digest, rows[i].Rows = pin.Snapshot, pin.Digest, pin.Rows
	}
	slices.SortFunc(rows, func(a, b inputRow) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Snapshot, b.Snapshot))
	})
	return slices.Compact(rows)
}
