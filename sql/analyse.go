package sql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"alignctl/lake"
)

// An analysis is what DuckDB's parser finds in a statement.
type analysis struct {
	canonical string         // the statement in DuckDB's own spelling, without comments
	tables    []string       // schema-qualified, sorted
	lines     map[string]int // of the view's file, in which a table is named first
	named     []naming       // each place at which a table is named, in order
}

// A naming is a place in a statement at which a table is named.
type naming struct {
	table   string
	at      int  // byte offset
	aliased bool // the statement gives it another name there
}

// analyser reads the statements of one view with DuckDB's parser and refuses
// what would make its rows depend on more than its inputs.
type analyser struct {
	session  *lake.Session
	file     string
	unstable []string // functions whose result may differ from run to run
}

func newAnalyser(ctx context.Context, s *lake.Session, file string) (*analyser, error) {
	const unstable = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
	names, err := texts(ctx, s, unstable)
	if err != nil {
		return nil, fmt.Errorf("list functions: %w", err)
	}
	return &analyser{session: s, file: file, unstable: names}, nil
}

// A parseTree is DuckDB's JSON form of a text of SQL.
type parseTree struct {
	Error        bool              `json:"error"`
	ErrorType    string            `json:"error_type"`
	ErrorMessage string            `json:"error_message"`
	Position     string            `json:"position"` // byte offset of the error
	Statements   []json.RawMessage `json:"statements"`
}

var (
	// errNotQuery says that a text parses, but as something else than a query.
	errNotQuery       = errors.New("not a query: want one SELECT, WITH, FROM or VALUES")
	errManyStatements = errors.New("want exactly one statement")
)

// parse gives the tree of a text that holds exactly one query. The offset tells
// where in the text an error lies, or is -1.
func parse(ctx context.Context, s *lake.Session, query string) (tree json.RawMessage, offset int, err error) {
	const serialize = "SELECT json_serialize_sql(?::VARCHAR, skip_null := true, skip_empty := true)::VARCHAR"
	text, err := scalar(ctx, s, serialize, query)
	if err != nil {
		return nil, -1, err
	}
	var parsed parseTree
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return nil, -1, fmt.Errorf("read parse tree: %w", err)
	}
	switch {
	case parsed.Error && parsed.ErrorType == "not implemented":
		return nil, -1, errNotQuery
	case parsed.Error:
		if offset, err = strconv.Atoi(parsed.Position); err != nil {
			offset = -1
		}
		return nil, offset, errors.New(parsed.ErrorMessage)
	case len(parsed.Statements) != 1:
		return nil, -1, errManyStatements
	}
	return parsed.Statements[0], -1, nil
}

// scalar runs a query that gives one string.
func scalar(ctx context.Context, s *lake.Session, query string, args ...any) (value string, err error) {
	rows, err := s.Query(ctx, query, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&value)
	}
	return value, errors.Join(err, rows.Err())
}

// texts runs a query that gives one column of strings.
func texts(ctx context.Context, s *lake.Session, query string, args ...any) (values []string, err error) {
	rows, err := s.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}

// statement analyses one statement of the view. Faults are *[ParseError].
func (a *analyser) statement(ctx context.Context, s Statement) (analysis, error) {
	tree, offset, err := parse(ctx, a.session, s.SQL)
	if err != nil {
		return analysis{}, a.errorAt(s, offset, err.Error())
	}
	var root any
	if err := json.Unmarshal(tree, &root); err != nil {
		return analysis{}, fmt.Errorf("read parse tree: %w", err)
	}
	w := &treeWalk{unstable: a.unstable, known: []string{"templates"}}
	visit(root, w.collectNames)
	visit(root, w.check)
	if w.fault != "" {
		return analysis{}, a.errorAt(s, w.offset, w.fault)
	}
	const canonical = "SELECT json_deserialize_sql(json_serialize_sql(?::VARCHAR))"
	text, err := scalar(ctx, a.session, canonical, s.SQL)
	if err != nil {
		return analysis{}, a.errorAt(s, -1, err.Error())
	}
	slices.SortFunc(w.named, func(a, b naming) int { return a.at - b.at })
	found := analysis{canonical: text, lines: map[string]int{}, named: w.named}
	for _, n := range w.named {
		if _, before := found.lines[n.table]; !before {
			found.lines[n.table] = s.lineAt(n.at)
		}
	}
	found.tables = slices.Sorted(maps.Keys(found.lines))
	return found, nil
}

// errorAt names the line of the view file at a byte offset into a statement.
func (a *analyser) errorAt(s Statement, offset int, msg string) error {
	return &ParseError{File: a.file, Line: s.lineAt(offset), Msg: msg}
}

// lineAt is the line of the view file at a byte offset into the statement.
func (s Statement) lineAt(offset int) int {
	if offset <= 0 || offset > len(s.SQL) {
		return s.Line
	}
	return s.Line + strings.Count(s.SQL[:offset], "\n")
}

// visit calls f for every object of a JSON value, outer ones first.
func visit(value any, f func(map[string]any)) {
	switch value := value.(type) {
	case map[string]any:
		f(value)
		for _, child := range value {
			visit(child, f)
		}
	case []any:
		for _, child := range value {
			visit(child, f)
		}
	}
}

// A treeWalk gathers the tables of a parse tree and the first fault in it.
type treeWalk struct {
	unstable []string
	known    []string // what a name without a schema may be: WITH queries, templates
	named    []naming
	fault    string
	offset   int // of the fault in the text
}

// rowFunctions are the table functions that read nothing but their arguments.
func rowFunctions() []string {
	return []string{"range", "generate_series", "unnest", "repeat", "json_each", "json_tree"}
}

// clockNames are functions that SQL calls without brackets.
func clockNames() []string {
	return []string{"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
}

func (w *treeWalk) collectNames(node map[string]any) {
	ctes, _ := node["cte_map"].(map[string]any)
	entries, _ := ctes["map"].([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		if name, ok := entry["key"].(string); ok {
			w.known = append(w.known, strings.ToLower(name))
		}
	}
}

func (w *treeWalk) check(node map[string]any) {
	if node["sample"] != nil {
		w.fail(node, "TABLESAMPLE differs from run to run: draw by md5 of a seed and the key")
	}
	w.checkOrder(node)
	switch node["type"] {
	case "BASE_TABLE":
		w.table(node)
	case "TABLE_FUNCTION":
		function, _ := node["function"].(map[string]any)
		if name, _ := function["function_name"].(string); !slices.Contains(rowFunctions(), name) {
			w.fail(node, fmt.Sprintf("%s() reads what no table of the lake holds: load it with alignctl etl", name))
		}
	case "FUNCTION":
		if name, _ := node["function_name"].(string); slices.Contains(w.unstable, name) {
			w.fail(node, name+"() differs from run to run: draw by md5 of a seed and the key")
		}
	case "COLUMN_REF":
		names, _ := node["column_names"].([]any)
		if name, _ := names[0].(string); len(names) == 1 && slices.Contains(clockNames(), strings.ToLower(name)) {
			w.fail(node, name+" differs from run to run")
		}
	}
}

func (w *treeWalk) table(node map[string]any) {
	name, _ := node["table_name"].(string)
	schema, _ := node["schema_name"].(string)
	switch catalog, _ := node["catalog_name"].(string); {
	case catalog != "":
		w.fail(node, fmt.Sprintf("table %s.%s.%s: want schema.table", catalog, schema, name))
	case schema != "":
		w.named = append(w.named, naming{strings.ToLower(schema + "." + name), place(node), node["alias"] != nil})
	case !slices.Contains(w.known, strings.ToLower(name)):
		w.fail(node, fmt.Sprintf("table %q: name a table of the lake with its schema, as in core.strength", name))
	}
}

// place is the byte offset of a node in the text, or 0.
func place(node map[string]any) int {
	if location, ok := node["query_location"].(float64); ok && location < 1<<53 {
		return int(location)
	}
	return 0
}

// fail keeps the fault that stands first in the text: objects are visited in no
// fixed order.
func (w *treeWalk) fail(node map[string]any, fault string) {
	at := place(node)
	if w.fault == "" || at < w.offset || (at == w.offset && fault < w.fault) {
		w.fault, w.offset = fault, at
	}
}
