package sql

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"strings"

	"alignctl/lake"
)

// Rows are the rows of a query, read one by one, and the session they come
// from. Close ends both.
type Rows struct {
	*stdsql.Rows
	session *lake.Session
}

// Close ends the query and its session.
func (r *Rows) Close() error { return errors.Join(r.Rows.Close(), r.session.Close()) }

// Query runs one statement that reads (SELECT, WITH, FROM, VALUES, DESCRIBE,
// SHOW, SUMMARIZE, PIVOT with its IN list, EXPLAIN) in a read-only session over the version of
// the lake that at names ([lake.Lake.At]; "" is now). Errors of the SQL show the
// line and the place in it. The caller closes the rows.
func Query(ctx context.Context, l *lake.Lake, query, at string) (*Rows, error) {
	pins, err := l.At(ctx, at)
	if err != nil {
		return nil, err
	}
	session, err := l.Session(ctx, pins, lake.SessionOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	rows, err := queryIn(ctx, session, query)
	if err != nil {
		return nil, errors.Join(err, session.Close())
	}
	return &Rows{rows, session}, nil
}

func queryIn(ctx context.Context, s *lake.Session, query string) (*stdsql.Rows, error) {
	if err := readsOnly(ctx, s, query); err != nil {
		return nil, err
	}
	return s.Query(ctx, query)
}

// readsOnly refuses statements whose effect would be lost with the session, so
// that nobody takes a table made there for a table of the lake.
func readsOnly(ctx context.Context, s *lake.Session, query string) error {
	_, _, err := parse(ctx, s, query)
	if errors.Is(err, errManyStatements) {
		return err
	}
	if !errors.Is(err, errNotQuery) {
		return nil // DuckDB reports a syntax error with its place when it runs
	}
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(query)), " ")
	if first != "explain" { // which reads, though DuckDB's parser doesn't serialize it
		return fmt.Errorf("run %s: a query session only reads: use SELECT, FROM, WITH, DESCRIBE, SHOW, SUMMARIZE "+
			"or EXPLAIN (tables are written by alignctl etl and alignctl data build)", strings.ToUpper(first))
	}
	if strings.Contains(strings.TrimRight(query, "; \t\n"), ";") {
		return errManyStatements
	}
	return nil
}
