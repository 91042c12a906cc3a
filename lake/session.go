package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"alignctl/lake/duck"
	"alignctl/lake/iceberg"
)

// A Session is a private in-memory DuckDB in which every pinned table is a view
// schema.table. It is one connection: temporary tables and variables are seen
// by all of its statements, and the rows of a query are closed before the next
// statement. What it makes is gone with Close.
type Session struct {
	lake  *Lake
	db    *duck.DB
	lease lease
}

// SessionOptions are the settings of a session; the zero value is useful.
type SessionOptions struct {
	Threads int    // 0: one per core
	Memory  string // such as "2GB"; "": DuckDB's choice
	// ReadOnly confines the session to the lake's files: no other path is read,
	// nothing is written, one statement a call.
	ReadOnly bool
	// External lets a ReadOnly session read any file.
	External bool
	// Copies are files that hold a version of a table each, made by [Lake.Copy],
	// by the text of its pin: they are read in place of the table's own.
	Copies map[string]string
}

// Session opens a session on a version of the lake.
func (l *Lake) Session(ctx context.Context, pins Pins, o SessionOptions) (*Session, error) {
	s, err := l.openSession(ctx, o, Holder{Pins: pins.snapshots()})
	if err != nil {
		return nil, err
	}
	if err := l.viewPins(ctx, s, pins, o.Copies); err != nil {
		return nil, errors.Join(s.explain(ctx, err), s.Close())
	}
	if err := s.confine(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open session: %w", err), s.Close())
	}
	return s, nil
}

func (s *Session) confine(ctx context.Context, o SessionOptions) error {
	switch {
	case !o.ReadOnly:
		return nil
	case o.External:
		return s.db.ReadOnly(ctx)
	}
	return s.db.Confine(ctx, s.lake.warehouse(), s.lake.Temp())
}

func (l *Lake) openSession(ctx context.Context, o SessionOptions, h Holder) (*Session, error) {
	held, err := l.lease(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	db, err := l.openDuck(ctx, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open session: %w", err), held.end())
	}
	return &Session{lake: l, db: db, lease: held}, nil
}

func (l *Lake) openDuck(ctx context.Context, o SessionOptions) (*duck.DB, error) {
	options := duck.Options{Threads: o.Threads, Memory: o.Memory, TempDir: l.Temp()}
	if !l.disk.Local() {
		options.Files = duck.Files{Folder: l.warehouse(), Fetch: l.disk.Fetch}
	}
	db, err := duck.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	create := "create schema " + strings.Join(schemas, "; create schema ")
	if err := db.Exec(ctx, create); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (l *Lake) viewPins(ctx context.Context, s *Session, pins Pins, copies map[string]string) error {
	now, err := l.version(ctx)
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(pins))
	ahead, stop := context.WithCancel(ctx)
	defer stop()
	go func() { _ = now.readAhead(ahead, names, pins) }() // whoever needs a table meets the error
	for _, name := range names {
		table, err := now.table(ctx, name)
		if err != nil {
			return err
		}
		if table == nil {
			return fmt.Errorf("open session: no table %q in lake %q", name, l.dir)
		}
		pin := pins[name]
		if isMeta(name) {
			pin = currentPin(table) // meta tables have no past
		}
		if err := l.expectSnapshot(ctx, now, table, pin); err != nil {
			return fmt.Errorf("open session: %w", err)
		}
		if copied, ok := copies[pin.String()]; ok {
			err = s.makeView(ctx, name, selection{query: "select * from read_parquet(" + duck.Literal(copied) + ")"})
		} else {
			err = s.view(ctx, table, pin)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ViewAt makes a second view, of a table at another version, and gives its name
// in SQL: the table's, in a schema "SCHEMA@VERSION", so that a query may call
// its columns by the table's bare name.
func (s *Session) ViewAt(ctx context.Context, table, ref string) (name string, err error) {
	pin, err := s.lake.Pin(ctx, table, ref)
	if err != nil {
		return "", err
	}
	now, err := s.lake.version(ctx)
	if err != nil {
		return "", err
	}
	loaded, err := s.lake.find(ctx, now, table)
	if err != nil {
		return "", err
	}
	if err := s.lease.add(ctx, pin); err != nil {
		return "", err
	}
	if err := s.lake.expectSnapshot(ctx, now, loaded, pin); err != nil {
		return "", err
	}
	rows, err := s.readPinned(ctx, loaded, pin)
	if err != nil {
		return "", err
	}
	schema := schemaOf(table) + "@" + ref
	if err := s.db.Exec(ctx, "create schema if not exists "+duck.Name(schema)); err != nil {
		return "", fmt.Errorf("open view of %s at %q: %w", table, ref, err)
	}
	name = schema + table[len(schemaOf(table)):]
	return duck.Ident(name), s.makeView(ctx, name, rows)
}

// view makes, or replaces, the view of a table at a pin (snapshot 0: no rows).
func (s *Session) view(ctx context.Context, table *iceberg.Table, pin Pin) error {
	rows, err := s.readOrRefuse(ctx, table, pin)
	if err != nil {
		return err
	}
	if schema := schemaOf(table.Name()); !slices.Contains(schemas, schema) {
		if err := s.db.Exec(ctx, "create schema if not exists "+duck.Name(schema)); err != nil {
			return fmt.Errorf("open view %s: %w", table.Name(), err)
		}
	}
	return s.makeView(ctx, table.Name(), rows)
}

// A selection is a SELECT, and the fields that it gives.
type selection struct {
	fields []iceberg.Field
	query  string
}

// readOrRefuse is readPinned; for another engine's table that the lake can't
// read it is a SELECT that says so to whoever runs it: such a table must not
// keep anybody from the others.
func (s *Session) readOrRefuse(ctx context.Context, table *iceberg.Table, pin Pin) (selection, error) {
	rows, err := s.readPinned(ctx, table, pin)
	if errors.Is(err, iceberg.ErrUnsupported) {
		return selection{query: refuse(table, err)}, nil
	}
	return rows, err
}

// refuse is a SELECT that fails with why, whichever column is asked for.
func refuse(table *iceberg.Table, why error) string {
	fields, err := table.Fields(0)
	if err != nil { // the columns are what can't be read
		fields = []iceberg.Field{{Name: "unsupported"}}
	}
	columns := make([]string, len(fields))
	for i, f := range fields {
		columns[i] = "error(" + duck.Literal(why.Error()) + ") as " + duck.Name(f.Name)
	}
	return "select " + strings.Join(columns, ", ")
}

// schemaOf is the part of a table's name before the last dot.
func schemaOf(table string) string { return table[:strings.LastIndexByte(table, '.')] }

// makeView makes a view schema.table, or replaces it.
func (s *Session) makeView(ctx context.Context, name string, rows selection) error {
	v := duck.View{Schema: schemaOf(name), Name: name[len(schemaOf(name))+1:], Query: rows.query}
	for _, f := range rows.fields {
		v.Columns = append(v.Columns, duck.Column{Name: f.Name, Type: typeOf(f).SQL()})
	}
	if err := s.db.View(ctx, v); err != nil {
		return fmt.Errorf("open view %s: %w", name, err)
	}
	return nil
}

// readPinned is a SELECT of a table's rows at a pin.
func (s *Session) readPinned(ctx context.Context, table *iceberg.Table, pin Pin) (rows selection, err error) {
	columnsOf := pin.Snapshot
	if pin.Renamed {
		columnsOf = 0 // the table's, of now
	}
	if rows.fields, err = table.Fields(columnsOf); err != nil {
		return rows, err
	}
	files, err := table.Files(pin.Snapshot)
	if err != nil {
		return rows, damaged(err)
	}
	rows.query, err = s.readTable(ctx, table, rows.fields, files)
	return rows, err
}

// readTable is a SELECT from some of a table's files.
func (s *Session) readTable(ctx context.Context, table *iceberg.Table, fields []iceberg.Field,
	files []iceberg.DataFile) (string, error) {
	switch {
	case len(files) == 0:
		return noRows(fields), nil
	case needsFooters(table, fields):
		columns, err := s.footers(ctx, table, files)
		return readByFooter(fields, files, columns), err
	case table.Evolved() || !plainNames(fields):
		return readFiles(fields, files), nil
	}
	return readByName(fields, files), nil
}

// Exec runs a statement that gives no rows.
func (s *Session) Exec(ctx context.Context, query string, args ...any) error {
	return s.explain(ctx, s.db.Exec(ctx, query, args...))
}

// Query runs a statement and gives its rows. Close them before the session's
// next statement, which otherwise waits for ever.
func (s *Session) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := s.db.Query(ctx, query, args...)
	return rows, s.explain(ctx, err)
}

// Each scans the rows of a query one by one, and closes them before it returns,
// as the session's next statement needs.
func (s *Session) Each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := s.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// QueryArrow runs a statement and gives its rows as Arrow record batches.
// DuckDB holds the whole result in memory before the first one comes: page by
// key when it is large. Release the reader.
func (s *Session) QueryArrow(ctx context.Context, query string, args ...any) (array.RecordReader, error) {
	reader, err := s.db.Arrow(ctx, query, args...)
	return reader, s.explain(ctx, err)
}

// Describe gives the columns of a query without running it.
func (s *Session) Describe(ctx context.Context, query string) ([]duck.Column, error) {
	return s.db.Describe(ctx, query)
}

// SetVariable gives SQL a value, as getvariable('name').
func (s *Session) SetVariable(ctx context.Context, name string, value any) error {
	if err := s.db.Exec(ctx, "set variable "+duck.Name(name)+" = ?", value); err != nil {
		return fmt.Errorf("set variable %q: %w", name, err)
	}
	return nil
}

func (s *Session) explain(ctx context.Context, err error) error {
	return s.lake.explain(ctx, s.lease, err)
}

// Close ends the session.
func (s *Session) Close() error { return errors.Join(s.db.Close(), s.lease.end()) }
