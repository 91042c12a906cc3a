package duck

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// refused are the statements that a confined database doesn't run: DuckDB's own
// switches would let them write into the directory that may be read.
var refused = map[duckdb.StmtType]string{
	duckdb.STATEMENT_TYPE_COPY:      "copy",
	duckdb.STATEMENT_TYPE_EXPORT:    "export",
	duckdb.STATEMENT_TYPE_ATTACH:    "attach",
	duckdb.STATEMENT_TYPE_DETACH:    "detach",
	duckdb.STATEMENT_TYPE_LOAD:      "load",
	duckdb.STATEMENT_TYPE_EXTENSION: "extension",
	duckdb.STATEMENT_TYPE_PREPARE:   "prepare",
	duckdb.STATEMENT_TYPE_EXECUTE:   "execute",
	duckdb.STATEMENT_TYPE_MULTI:     "several statements",
}

// explainCopy finds "explain analyze copy ...", which runs the copy.
var explainCopy = regexp.MustCompile(`(?i)\b(copy|export|attach)\b`)

// ErrReadOnly says that a statement would write outside the session.
var ErrReadOnly = errors.New("session is read-only")

// admit refuses, in a confined database, what could change a file. It takes
// one statement a call: preparing several runs all but the last.
func (d *DB) admit(query string) error {
	if !d.readOnly {
		return nil
	}
	return d.conn.Raw(func(raw any) error {
		prepared, err := raw.(driver.Conn).Prepare(query)
		if err != nil {
			return err
		}
		defer prepared.Close()
		kind, err := prepared.(*duckdb.Stmt).StatementType()
		if err != nil {
			return err
		}
		if name, no := refused[kind]; no {
			return fmt.Errorf("%w: %s is refused", ErrReadOnly, name)
		}
		if kind == duckdb.STATEMENT_TYPE_EXPLAIN && explainCopy.MatchString(query) {
			return fmt.Errorf("%w: explain of a statement that writes is refused", ErrReadOnly)
		}
		return nil
	})
}
