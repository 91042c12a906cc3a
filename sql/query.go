package sql

import (
	"context"
	stdsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"alignctl/lake"
	"alignctl/lake/duck"
)

// Rows are the rows of a query, read one by one.
type Rows struct {
	*stdsql.Rows
	forms   []form   // of the columns; nil: all plain
	session *Session // that ends with the rows, or nil
}

// Close ends the query, and its session when it has one of its own.
func (r *Rows) Close() error {
	err := r.Rows.Close()
	if r.session != nil {
		err = errors.Join(err, r.session.Close())
	}
	return err
}

// Query runs one statement in a session of its own, over the version of the
// lake that at names. The caller closes the rows. See [Session.Query].
func Query(ctx context.Context, l *lake.Lake, query, at string) (*Rows, error) {
	statement, err := One(query)
	if err != nil {
		return nil, err
	}
	session, err := Open(ctx, l, SessionOptions{At: at})
	if err != nil {
		return nil, err
	}
	rows, err := session.Query(ctx, statement)
	if err != nil {
		return nil, errors.Join(err, session.Close())
	}
	rows.session = session
	return rows, nil
}

// Query runs one statement that reads: SELECT, WITH, FROM, VALUES, DESCRIBE,
// SHOW, SUMMARIZE, PIVOT with its IN list, EXPLAIN. Where it names a table of
// the lake as table@VERSION, it reads the table at that version: a snapshot id,
// a tag, a run id, a date or a time. A version of letters, digits, ".", "_" and
// "-" may stand bare; others, such as times, stand in quotes.
//
// Errors of the SQL are *[duck.QueryError] and show the line and the place. The
// caller closes the rows before the session's next query. Scan gives a *any
// what [Rows.Scan] says.
func (s *Session) Query(ctx context.Context, query Statement) (*Rows, error) {
	return s.query(ctx, query, "")
}

// First is Query for no more than the first n rows: DuckDB looks for no others.
func (s *Session) First(ctx context.Context, query Statement, n int) (*Rows, error) {
	return s.query(ctx, query, fmt.Sprintf("\nlimit %d", n))
}

func (s *Session) query(ctx context.Context, query Statement, limit string) (*Rows, error) {
	r, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	readable, forms := r.sql, []form(nil)
	if keyword(r.sql) != "explain" {
		columns, err := s.session.Describe(ctx, selectable(r.sql))
		if err != nil {
			return nil, s.explain(r, err)
		}
		readable, forms = presentable(r.sql, columns)
		if limit != "" {
			readable = "from (\n" + readable + "\n)" + limit
		}
	}
	rows, err := s.session.Query(ctx, readable)
	if err != nil {
		return nil, s.explain(r, err)
	}
	return &Rows{Rows: rows, forms: forms}, nil
}

// selectable gives SHOW and its like, which can't stand everywhere a SELECT can,
// as a query that can.
func selectable(query string) string {
	switch keyword(query) {
	case "describe", "desc", "show", "summarize":
		return "from (\n" + query + "\n)"
	}
	return query
}

// A form is how the values of a column reach a *any.
type form int

const (
	plain    form = iota // as the driver gives them: bool, integers, floats, string, time.Time
	asText               // string
	asNumber             // json.Number
	asJSON               // json.RawMessage
)

// formOf picks the form of a DuckDB type.
func formOf(columnType string) form {
	switch columnType {
	case "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
		"FLOAT", "DOUBLE", "VARCHAR", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE":
		return plain
	case "HUGEINT", "UHUGEINT", "BIGNUM":
		return asNumber
	case "JSON":
		return asJSON
	}
	switch {
	case strings.HasPrefix(columnType, "DECIMAL(") && !strings.HasSuffix(columnType, "]"):
		return asNumber
	case duck.Storable(columnType) == "JSON": // a union, a variant, a struct without names
		return asText
	case strings.HasSuffix(columnType, "]"), strings.HasPrefix(columnType, "STRUCT("),
		strings.HasPrefix(columnType, "MAP("):
		return asJSON
	}
	return asText
}

// presentable wraps a query so that DuckDB itself makes the text of what the
// driver has no good value for: intervals, decimals, lists and the like.
func presentable(query string, columns []duck.Column) (string, []form) {
	forms := make([]form, len(columns))
	for i, c := range columns {
		forms[i] = formOf(c.Type)
	}
	return duck.Project(selectable(query), columns, func(c duck.Column, name string) string {
		switch f := formOf(c.Type); {
		case f == plain:
			return name
		case f == asJSON && c.Type != "JSON":
			return "to_json(" + name + ")::VARCHAR"
		}
		return name + "::VARCHAR"
	}), forms
}

// Scan copies the row. A *any gets nil, bool, an integer, a float, string,
// time.Time (timestamps), json.Number (decimals and integers beyond 64 bits),
// json.RawMessage (lists, structs, maps and JSON), and of all other types the
// text that DuckDB makes of them.
func (r *Rows) Scan(into ...any) error {
	if err := r.Rows.Scan(into...); err != nil {
		return err
	}
	for i, f := range r.forms {
		value, ok := into[i].(*any)
		if !ok {
			continue
		}
		switch v := (*value).(type) {
		case string:
			*value = f.of(v)
		case time.Time:
			*value = finite(v)
		}
	}
	return nil
}

// Read reads the values of up to n rows into memory, as Scan gives them, and
// whether there are more; -1: of all.
func (r *Rows) Read(n int) (all [][]any, more bool, err error) {
	columns, err := r.Columns()
	if err != nil {
		return nil, false, err
	}
	for r.Next() {
		if len(all) == n {
			return all, true, nil
		}
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			return nil, false, err
		}
		all = append(all, values)
	}
	return all, false, r.Err()
}

// of gives a text the Go type of its form.
func (f form) of(text string) any {
	switch f {
	case asNumber:
		return json.Number(text)
	case asJSON:
		return json.RawMessage(text)
	}
	return text
}

// finite gives the text of a time that has no RFC 3339 form.
func finite(t time.Time) any {
	switch {
	case t.UnixMicro() == math.MaxInt64:
		return "infinity"
	case t.UnixMicro() == -math.MaxInt64:
		return "-infinity"
	case t.Year() < 0 || t.Year() > 9999:
		return t.UTC().Format(time.RFC3339Nano)
	}
	return t
}

// readsOnly refuses statements whose effect would be lost with the session, so
// that nobody takes a table made there for a table of the lake.
func readsOnly(ctx context.Context, s *lake.Session, query string) error {
	_, offset, err := parse(ctx, s, query)
	switch {
	case err == nil, errors.Is(err, errManyStatements):
		return err
	case !errors.Is(err, errNotQuery):
		return &duck.QueryError{Kind: "Parser", Message: err.Error(), Query: query, Offset: offset}
	case keyword(query) == "explain": // reads, though DuckDB's parser doesn't serialize it
		return nil
	}
	return fmt.Errorf("run %s: a query session only reads: use SELECT, FROM, WITH, DESCRIBE, SHOW, SUMMARIZE "+
		"or EXPLAIN (tables are written by alignctl etl and alignctl data build)", strings.ToUpper(keyword(query)))
}

// keyword is the first word of a statement, in lower case.
func keyword(query string) string {
	for at := 0; at < len(query); {
		t := nextToken(query, at)
		if t.kind == word {
			return strings.ToLower(t.text(query))
		}
		at = t.end
	}
	return ""
}
