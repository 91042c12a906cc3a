package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"alignctl/lake/duck"
	"alignctl/sql"
)

// maxReading is how deep files may read each other with .read: one that reads
// itself would never end.
const maxReading = 16

// stdin runs the statements that come from stdin.
func (r *sqlRunner) stdin(ctx context.Context) error {
	text, err := io.ReadAll(r.t.in)
	if err != nil {
		return fmt.Errorf("read stdin: %w", err)
	}
	return r.script(ctx, "stdin", string(text))
}

// script runs statements one after the other up to the first error, which then
// names the script and the line.
func (r *sqlRunner) script(ctx context.Context, name, text string) error {
	statements, rest := sql.Statements(text)
	if rest.SQL != "" {
		statements = append(statements, rest)
	}
	if len(statements) == 0 {
		return fmt.Errorf("read %s: it holds no statement", name)
	}
	if len(statements) > 1 && (r.o.binary() || r.o.out != "") {
		return usagef("%s holds %d statements: -o arrow, -o parquet and --out take one", name, len(statements))
	}
	for _, statement := range statements {
		if err := r.statement(ctx, statement); errors.Is(err, errQuit) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s:%d: %w", name, lineOf(statement, err), err)
		}
	}
	return nil
}

// lineOf is the line of a fault in a script: of its place in a query, or of the
// statement.
func lineOf(statement sql.Statement, err error) int {
	var fault *duck.QueryError
	if errors.As(err, &fault) && !strings.HasPrefix(statement.SQL, ".") {
		return fault.Line()
	}
	return statement.Line
}

// statement runs a query, or a command that begins with a dot.
func (r *sqlRunner) statement(ctx context.Context, statement sql.Statement) error {
	if strings.HasPrefix(statement.SQL, ".") {
		return r.command(ctx, statement.SQL)
	}
	return r.query(ctx, statement)
}

// readFile runs the statements of a file.
func (r *sqlRunner) readFile(ctx context.Context, path string) error {
	if r.reading >= maxReading {
		return fmt.Errorf("read %s: more than %d files read each other", path, maxReading)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read statements: %w", err)
	}
	r.reading++
	defer func() { r.reading-- }()
	return r.script(ctx, path, string(text))
}
