package iceberg

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	sqlcatalog "github.com/apache/iceberg-go/catalog/sql"
	"modernc.org/sqlite" // also the driver "sqlite" of catalog.db
	sqlite3 "modernc.org/sqlite/lib"
)

// openSQLite opens the catalog of a lake that one machine uses: a file, locked
// by whoever writes.
func openSQLite(path string) (*database, error) {
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+"?_txlock=immediate&_pragma=busy_timeout(10000)"+
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, fmt.Errorf("open catalog %q: %w", path, err)
	}
	return &database{DB: db, name: "catalog.db", dialect: sqlcatalog.SQLite, kind: sqliteKind,
		declared: `select type || name || tbl_name || coalesce(sql, '') from sqlite_master
			where tbl_name in ('iceberg_tables', 'iceberg_namespace_properties', 'alignctl_lake', 'alignctl_files', 'alignctl_tables')
			order by name`,
		problems: "pragma integrity_check"}, nil
}

// sqliteKind tells a catalog that is locked, or isn't what SQLite wrote.
func sqliteKind(err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return nil
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_BUSY:
		return ErrBusy
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR: // the last: another schema
		return ErrDamaged
	}
	return nil
}
