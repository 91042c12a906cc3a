// Package etl is the frame that every source of raw files shares: a file is
// checked against its contract and counted before anything is loaded (Check),
// staged by DuckDB under that contract (Stage), and what came of it is told
// in one value (Report). The sources themselves live in the folders below:
// each declares its raw format as a Layout and its cleaning as SQL files.
//
// The frame exists because CSV readers guess. A reader that sniffs loses
// headers, swaps columns, and turns the words NA and null into holes, all
// without an error. So the header is compared with the contract first,
// columns are mapped by name, every byte is looked at by an independent pass,
// and the two passes must count the same records.
package etl

import (
	"context"
	"database/sql"
)

// A Session runs SQL in DuckDB; a *lake.Session is one.
type Session interface {
	Exec(ctx context.Context, query string, args ...any) error
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Scan reads the single row of a query into dest.
func Scan(ctx context.Context, e Session, query string, dest ...any) error {
	rows, err := e.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	return rows.Close()
}
