// Package duck runs SQL on DuckDB and knows its manners: extensions are never
// fetched, a session is one connection, results come as rows or as Arrow
// record batches. It is the only importer of DuckDB, and knows nothing of the
// lake's tables.
package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// Options are the settings of a database.
type Options struct {
	Threads int    // 0: DuckDB's choice, one per core
	Memory  string // such as "2GB"; "": DuckDB's choice, 80 % of the machine
	TempDir string // where results larger than Memory spill
	Files   Files  // the zero value: all files are at their paths
}

// A DB is a private in-memory database with one connection, so that temporary
// tables and variables are seen by every statement. Statements run one after
// the other: close the rows of a query before the next one.
type DB struct {
	db       *sql.DB
	conn     *sql.Conn
	readOnly bool
	files    *files // nil: all are at their paths
}

// Open makes an empty in-memory database.
func Open(ctx context.Context, o Options) (*DB, error) {
	connector, err := duckdb.NewConnector("", func(execer driver.ExecerContext) error {
		return configure(ctx, execer, o)
	})
	if err != nil {
		return nil, fmt.Errorf("open duckdb: %w", err)
	}
	db := sql.OpenDB(connector)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open duckdb: %w", err), db.Close())
	}
	if err := addFunctions(conn); err != nil {
		return nil, errors.Join(fmt.Errorf("open duckdb: %w", err), conn.Close(), db.Close())
	}
	return &DB{db: db, conn: conn, files: newFiles(o.Files)}, nil
}

func configure(ctx context.Context, execer driver.ExecerContext, o Options) error {
	settings := []string{
		"set autoinstall_known_extensions = false",
		"set autoload_known_extensions = false",
		"set TimeZone = 'UTC'",
		"set preserve_insertion_order = true",
		"set enable_progress_bar = false",
		"set errors_as_json = true", // queryError reads them
	}
	if o.Threads > 0 {
		settings = append(settings, fmt.Sprintf("set threads = %d", o.Threads))
	}
	if o.Memory != "" {
		settings = append(settings, "set memory_limit = "+Literal(o.Memory))
	}
	if o.TempDir != "" {
		settings = append(settings, "set temp_directory = "+Literal(o.TempDir))
	}
	for _, setting := range settings {
		if _, err := execer.ExecContext(ctx, setting, nil); err != nil {
			return fmt.Errorf("%s: %w", setting, err)
		}
	}
	return nil
}

// Close ends the database; what it holds is gone.
func (d *DB) Close() error {
	if d.files != nil {
		d.files.release()
	}
	return errors.Join(d.conn.Close(), d.db.Close())
}

// Confine makes the database read-only for the user, as ReadOnly does, and lets
// it read files in the folders alone.
func (d *DB) Confine(ctx context.Context, folders ...string) error {
	allowed := make([]string, len(folders))
	for i, folder := range folders {
		allowed[i] = Literal(folder)
	}
	for _, setting := range []string{
		"set allowed_directories = [" + strings.Join(allowed, ", ") + "]",
		"set enable_external_access = false",
	} {
		if err := d.Exec(ctx, setting); err != nil {
			return err
		}
	}
	return d.ReadOnly(ctx)
}

// ReadOnly locks the configuration, and from then on refuses statements that
// write files, attach databases or load extensions. Any file may be read.
func (d *DB) ReadOnly(ctx context.Context) error {
	if err := d.Exec(ctx, "set lock_configuration = true"); err != nil {
		return err
	}
	d.readOnly = true
	return nil
}

// Exec runs statements that give no rows.
func (d *DB) Exec(ctx context.Context, query string, args ...any) error {
	if err := d.need(ctx, query); err != nil {
		return err
	}
	if err := d.admit(query); err != nil {
		return queryError(query, err)
	}
	_, err := d.conn.ExecContext(ctx, query, args...)
	return queryError(query, err)
}

// Query runs a statement and gives its rows.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := d.need(ctx, query); err != nil {
		return nil, err
	}
	if err := d.admit(query); err != nil {
		return nil, queryError(query, err)
	}
	rows, err := d.conn.QueryContext(ctx, query, args...)
	return rows, queryError(query, err)
}

// Arrow runs a statement and gives its rows as record batches. DuckDB holds
// the whole result in memory before the first batch: page by key when large.
func (d *DB) Arrow(ctx context.Context, query string, args ...any) (array.RecordReader, error) {
	if err := d.need(ctx, query); err != nil {
		return nil, err
	}
	if err := d.admit(query); err != nil {
		return nil, queryError(query, err)
	}
	var reader array.RecordReader
	err := d.conn.Raw(func(raw any) error {
		arrow, err := duckdb.NewArrowFromConn(raw.(driver.Conn))
		if err == nil {
			reader, err = arrow.QueryContext(ctx, query, args...)
		}
		return err
	})
	return reader, queryError(query, err)
}

// Count runs a query of one integer.
func (d *DB) Count(ctx context.Context, query string, args ...any) (n int64, err error) {
	if err := d.need(ctx, query); err != nil {
		return 0, err
	}
	err = d.conn.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, queryError(query, err)
}

// A Column is a column of a query's result: its name and DuckDB type.
type Column struct{ Name, Type string }

// Describe gives the columns of a query without running it.
func (d *DB) Describe(ctx context.Context, query string) ([]Column, error) {
	if err := d.need(ctx, query); err != nil {
		return nil, err
	}
	describe := "select column_name, column_type from (describe " + query + "\n)"
	rows, err := d.conn.QueryContext(ctx, describe)
	if err != nil {
		return nil, Within(query, queryError(describe, err))
	}
	defer rows.Close()
	var columns []Column
	for rows.Next() {
		var c Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

// Within moves an error's place from a longer text, which was run, to the query
// in it that the user wrote.
func Within(query string, err error) error {
	var fault *QueryError
	if errors.As(err, &fault) && fault.Offset >= 0 {
		fault.Offset -= strings.Index(fault.Query, query)
		if fault.Query = query; fault.Offset < 0 || fault.Offset > len(query) {
			fault.Offset = -1
		}
	}
	return err
}

// Ident quotes the name of a table, schema.table, or of a schema's member
// without one. A schema may have dots in it, where another engine nested it.
func Ident(name string) string {
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		return Name(name[:dot]) + "." + Name(name[dot+1:])
	}
	return Name(name)
}

// Name quotes one name, which may have dots in it: a column's.
func Name(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Names quotes names and joins them by commas.
func Names(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = Name(name)
	}
	return strings.Join(quoted, ", ")
}

// Literal quotes a string value.
func Literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// PortableLiteral is a text in the SQL of every engine, on one line; a backslash
// begins something else on some.
func PortableLiteral(text string) string { return "(" + apart.Replace(Literal(text)) + ")" }

// apart gives the characters that don't stand in a portable text by their codes.
var apart = strings.NewReplacer(`\`, `' || chr(92) || '`, "\n", `' || chr(10) || '`, "\r", `' || chr(13) || '`)
