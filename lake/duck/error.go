package duck

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// A QueryError is what is wrong with a text of SQL, and where.
type QueryError struct {
	Kind    string // "Parser", "Binder", "Catalog", ...; "" when the fault isn't DuckDB's to find
	Message string
	Missing string // the kind of thing that isn't there, such as "Table"; else ""
	Query   string
	Offset  int // of the fault, in bytes; -1: not known
	// FirstLine is the number of the query's first line in a larger text; 0
	// says that it stands alone.
	FirstLine int

	cause error
}

// Error is the message and, where the place is known, its line with a mark.
func (e *QueryError) Error() string {
	text := e.Message
	if e.Kind != "" {
		text = e.Kind + " Error: " + text
	}
	if e.Offset < 0 || e.Offset > len(e.Query) {
		return text
	}
	return text + "\n\n" + mark(e.Query, e.Offset, e.FirstLine)
}

// Unwrap is the driver's error; a cancelled query's holds the context's.
func (e *QueryError) Unwrap() error { return e.cause }

// Line is the number of the line at which the fault lies.
func (e *QueryError) Line() int {
	line := max(e.FirstLine, 1)
	if e.Offset > 0 && e.Offset <= len(e.Query) {
		line += strings.Count(e.Query[:e.Offset], "\n")
	}
	return line
}

// queryError reads DuckDB's JSON form of an error (the setting errors_as_json).
// An error in another form stays as it is.
func queryError(query string, err error) error {
	var raw *duckdb.Error
	if !errors.As(err, &raw) {
		return err
	}
	var fields struct {
		Kind     string `json:"exception_type"`
		Message  string `json:"exception_message"`
		Subtype  string `json:"error_subtype"`
		Type     string `json:"type"`
		Position string `json:"position"`
	}
	// The parser's errors stand after a prefix, "Parser Error: ".
	start := strings.IndexByte(raw.Msg, '{')
	if start < 0 || json.Unmarshal([]byte(raw.Msg[start:]), &fields) != nil || fields.Kind == "" {
		return err
	}
	e := &QueryError{Kind: fields.Kind, Message: strings.TrimSpace(fields.Message), Query: query, Offset: -1, cause: err}
	if at, err := strconv.Atoi(fields.Position); err == nil && at <= len(query) {
		e.Offset = at
	}
	if fields.Subtype == "MISSING_ENTRY" {
		e.Missing = fields.Type
	}
	return e
}
