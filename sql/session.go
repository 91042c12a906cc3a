package sql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/internal/nearest"
	"alignctl/lake"
	"alignctl/lake/duck"
)

// A Session answers queries on one version of the lake. It reads only; one
// query's rows are closed before the next one runs.
type Session struct {
	lake    *lake.Lake
	session *lake.Session
	at      string
	pins    lake.Pins
	tables  []string          // of the pins, sorted
	now     []string          // of the lake as it is, sorted
	named   []string          // of any version, sorted: table@VERSION may name them
	views   map[string]string // "table@version" -> its name in SQL
	live    []*View           // the views under core and eval that stand
	lacking map[string]string // why others don't
}

// SessionOptions are the settings of a session; the zero value is useful.
type SessionOptions struct {
	At       string // the version of the lake, as [lake.Lake.At] takes it
	Threads  int    // 0: one per core
	Memory   string // such as "2GB"; "": DuckDB's choice
	External bool   // files outside the lake may be read
	// Copies are read in place of tables, as in [lake.SessionOptions].
	Copies map[string]string
}

// Keywords are the words of SQL that are worth completing.
var Keywords = []string{"select", "from", "where", "group by", "order by", "having", "limit", "join", "left join",
	"using", "with", "distinct", "count", "describe", "summarize", "show all tables", "qualify", "between", "explain"}

// Open opens a session. The caller closes it.
func Open(ctx context.Context, l *lake.Lake, o SessionOptions) (*Session, error) {
	now, err := l.At(ctx, "")
	if err != nil {
		return nil, err
	}
	s := &Session{lake: l, at: o.At, now: slices.Sorted(maps.Keys(now)), views: map[string]string{}}
	if s.named, err = l.Names(ctx); err != nil {
		return nil, err
	}
	pins := now
	if o.At != "" {
		if pins, err = l.At(ctx, o.At); err != nil {
			return nil, s.unknownVersion(ctx, err)
		}
	}
	s.pins, s.tables = pins, slices.Sorted(maps.Keys(pins))
	s.session, err = l.Session(ctx, pins, lake.SessionOptions{ReadOnly: true,
		External: o.External, Threads: o.Threads, Memory: o.Memory, Copies: o.Copies})
	if err != nil {
		return nil, err
	}
	if err := s.makeViews(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends the session.
func (s *Session) Close() error { return s.session.Close() }

// Pins are the session's version of the lake.
func (s *Session) Pins() lake.Pins { return maps.Clone(s.pins) }

// Tables are the names of the tables at the session's version, sorted.
func (s *Session) Tables() []string { return slices.Clone(s.tables) }

// Columns gives the names of the columns of the session's tables, sorted.
func (s *Session) Columns(ctx context.Context) ([]string, error) {
	names, err := texts(ctx, s.session, "select distinct column_name from duckdb_columns() where not internal order by 1")
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	return names, nil
}

// Describe gives the names and DuckDB types of a query's columns without
// running it.
func (s *Session) Describe(ctx context.Context, query Statement) ([]duck.Column, error) {
	r, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	columns, err := s.session.Describe(ctx, selectable(r.sql))
	return columns, s.explain(r, err)
}

// prepare gives each table@VERSION in a statement a view, and refuses what
// doesn't read.
func (s *Session) prepare(ctx context.Context, statement Statement) (rewriting, error) {
	r := rewriting{original: statement}
	swaps, err := s.versioned(ctx, statement)
	if err == nil {
		r = rewrite(statement, swaps)
		err = readsOnly(ctx, s.session, r.sql)
	}
	return r, s.explain(r, err)
}

// versioned gives each table@VERSION in a statement the name of its view.
func (s *Session) versioned(ctx context.Context, in Statement) ([]swap, error) {
	found, err := references(in.SQL, s.named)
	if err != nil {
		return nil, err
	}
	swaps := make([]swap, len(found))
	for i, f := range found {
		name, err := s.view(ctx, in, f)
		if err != nil {
			return nil, err
		}
		swaps[i] = swap{f.start, f.end, name}
	}
	return swaps, nil
}

// view makes the view of a reference, once, and gives its name in SQL.
func (s *Session) view(ctx context.Context, in Statement, r reference) (string, error) {
	key := r.table + "@" + r.version
	if name, made := s.views[key]; made {
		return name, nil
	}
	name, err := s.session.ViewAt(ctx, r.table, r.version)
	if err != nil {
		return "", &duck.QueryError{Message: s.unknownVersion(ctx, err).Error(), Query: in.SQL, Offset: r.start}
	}
	s.views[key] = name
	return name, nil
}

// unknownVersion adds to an error what versions there are.
func (s *Session) unknownVersion(ctx context.Context, err error) error {
	known, listErr := s.versions(ctx)
	if listErr != nil || known == "" || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w; %s", err, known)
}

// versions names the lake's tags, or when it has none its last runs.
func (s *Session) versions(ctx context.Context) (string, error) {
	tags, err := s.lake.Tags(ctx)
	if err != nil {
		return "", err
	}
	if len(tags) == 0 {
		return s.lastRuns(ctx)
	}
	names := make([]string, len(tags))
	for i, tag := range tags {
		names[i] = tag.Name
	}
	return "tags: " + strings.Join(names, ", "), nil
}

// lastRuns names the runs of the last publishes, "" when there are none.
func (s *Session) lastRuns(ctx context.Context) (string, error) {
	now, err := s.lake.At(ctx, "")
	if err != nil {
		return "", err
	}
	outputs, there := now["meta.outputs"]
	if !there {
		return "", nil
	}
	session, err := s.lake.Session(ctx, lake.Pins{"meta.outputs": outputs}, lake.SessionOptions{Threads: 1})
	if err != nil {
		return "", err
	}
	names, err := scalar(ctx, session, `SELECT coalesce(string_agg(run_id, ', '), '') FROM (SELECT run_id
		FROM meta.outputs GROUP BY run_id ORDER BY max(publish) DESC LIMIT 5)`)
	return "last runs: " + names, errors.Join(err, session.Close())
}

// explain moves the place of an error to the text that the user wrote, and says
// which table was meant.
func (s *Session) explain(r rewriting, err error) error {
	var fault *duck.QueryError
	if !errors.As(err, &fault) {
		return err
	}
	told := *fault
	told.Query, told.FirstLine = r.original.SQL, r.original.Line
	if fault.Query != told.Query { // it ran in another form
		told.Offset = -1
		if start := strings.Index(fault.Query, r.sql); start >= 0 && fault.Offset >= start {
			told.Offset = r.origin(fault.Offset - start)
		}
	}
	if told.Missing == "Table" {
		told.Message = s.missingTable(told)
	}
	return &told
}

// missingTable says which table isn't there, and why, as DuckDB's own hint looks
// at its system tables too.
func (s *Session) missingTable(fault duck.QueryError) string {
	name := tableAt(fault.Query, fault.Offset)
	switch {
	case name == "":
		return fault.Message
	case s.lacking[name] != "":
		return s.lacking[name]
	case slices.Contains(s.named, name) && !slices.Contains(s.now, name):
		return fmt.Sprintf("table %q was taken out of the lake; earlier versions have it: %s@VERSION", name, name)
	case slices.Contains(s.now, name):
		return fmt.Sprintf("the lake had no table %q at version %q: it came later", name, s.at)
	}
	return fmt.Sprintf("no table %q in the lake%s", name, s.nearestTable(name))
}

// nearestTable hints at a table that a name may mean, with or without its
// schema.
func (s *Session) nearestTable(name string) string {
	known := s.tables
	for _, v := range s.live {
		known = append(slices.Clip(known), v.Name)
	}
	for _, table := range known {
		if _, bare, _ := strings.Cut(table, "."); bare == name {
			return fmt.Sprintf(" (did you mean %q?)", table)
		}
	}
	return nearest.Hint(name, known)
}

// tableAt reads the name, with its schema if it has one, at a place in a text.
func tableAt(text string, offset int) string {
	if offset < 0 || offset >= len(text) {
		return ""
	}
	t := nextToken(text, offset)
	if !isName(t) {
		return ""
	}
	name := nameOf(text, t)
	if t.end+1 < len(text) && text[t.end] == '.' {
		if next := nextToken(text, t.end+1); isName(next) {
			name += "." + nameOf(text, next)
		}
	}
	return name
}
