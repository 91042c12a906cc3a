// Package iceberg keeps the lake's tables in Apache Iceberg's format: the
// catalog, in the SQL schema that PyIceberg's SqlCatalog and Java's
// JdbcCatalog read; table metadata; and the commit of several tables in one
// transaction. It is the only importer of iceberg-go, which commits one table
// at a time, doesn't sync, and doesn't retry: this room adds these three.
package iceberg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	icebergo "github.com/apache/iceberg-go"
	icebergcatalog "github.com/apache/iceberg-go/catalog"
	sqlcatalog "github.com/apache/iceberg-go/catalog/sql"
	_ "modernc.org/sqlite" // the driver "sqlite" of catalog.db

	"alignctl/internal/failpoint"
)

// CatalogName is the catalog's name in its own rows. Other engines must use it
// too, else they see no namespaces.
const CatalogName = "align"

// A Catalog is an open catalog.db.
type Catalog struct {
	db        *sql.DB
	warehouse string // absolute path
}

// Create makes catalog.db in dir, with the given namespaces, and opens it.
func Create(ctx context.Context, dir string, namespaces []string) (*Catalog, error) {
	c, err := open(dir)
	if err != nil {
		return nil, err
	}
	props := icebergo.Properties{"warehouse": URI(c.warehouse)}
	catalog, err := sqlcatalog.NewCatalog(CatalogName, c.db, sqlcatalog.SQLite, props)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create catalog in %q: %w", dir, err), c.Close())
	}
	for _, name := range namespaces {
		err := catalog.CreateNamespace(ctx, []string{name}, nil)
		if err != nil && !errors.Is(err, icebergcatalog.ErrNamespaceAlreadyExists) { // made by an interrupted Create
			return nil, errors.Join(fmt.Errorf("create namespace %q: %w", name, err), c.Close())
		}
	}
	return c, nil
}

// Open opens the catalog.db in dir.
func Open(ctx context.Context, dir string) (*Catalog, error) {
	if _, err := os.Stat(filepath.Join(dir, "catalog.db")); err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	c, err := open(dir)
	if err != nil {
		return nil, err
	}
	if _, err := c.Heads(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func open(dir string) (*Catalog, error) {
	path := url.PathEscape(filepath.Join(dir, "catalog.db"))
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(10000)"+
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, fmt.Errorf("open catalog in %q: %w", dir, err)
	}
	return &Catalog{db: db, warehouse: filepath.Join(dir, "warehouse")}, nil
}

// Close closes the catalog.
func (c *Catalog) Close() error { return c.db.Close() }

// Heads are the tables' current metadata locations, by schema.table. One
// statement reads them, so they never split a publish.
func (c *Catalog) Heads(ctx context.Context) (map[string]string, error) {
	rows, err := c.db.QueryContext(ctx, `select table_namespace || '.' || table_name, metadata_location
		from iceberg_tables where catalog_name = ? and (iceberg_type is null or iceberg_type = 'TABLE')`, CatalogName)
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	defer rows.Close()
	heads := map[string]string{}
	for rows.Next() {
		var name, location string
		if err := rows.Scan(&name, &location); err != nil {
			return nil, fmt.Errorf("read catalog: %w", err)
		}
		heads[name] = location
	}
	return heads, rows.Err()
}

// A Move swaps one table's metadata location. From is "" for a new table.
type Move struct{ Table, From, To string }

// ErrMoved says that a table no longer stands where a Move starts.
var ErrMoved = errors.New("table moved")

// ErrUnknown says that the catalog didn't answer whether a transaction was
// committed. Re-read Heads; delete nothing.
var ErrUnknown = errors.New("outcome of the publish unknown")

// Swap makes all moves in one transaction. On ErrMoved, or any error but
// ErrUnknown, no table moved.
func (c *Catalog) Swap(ctx context.Context, moves []Move) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("publish: begin transaction: %w", err)
	}
	for _, m := range moves {
		if err := swap(ctx, tx, m); err != nil {
			return errors.Join(fmt.Errorf("publish %s: %w", m.Table, err), tx.Rollback())
		}
		failpoint.Hit("lake.publish.in-tx")
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return nil
}

func swap(ctx context.Context, tx *sql.Tx, m Move) error {
	namespace, name, _ := strings.Cut(m.Table, ".")
	var result sql.Result
	var err error
	if m.From == "" {
		result, err = tx.ExecContext(ctx, `insert into iceberg_tables
			(catalog_name, table_namespace, table_name, iceberg_type, metadata_location)
			values (?, ?, ?, 'TABLE', ?) on conflict do nothing`, CatalogName, namespace, name, m.To)
	} else {
		result, err = tx.ExecContext(ctx, `update iceberg_tables
			set metadata_location = ?, previous_metadata_location = ?
			where catalog_name = ? and table_namespace = ? and table_name = ? and metadata_location = ?`,
			m.To, m.From, CatalogName, namespace, name, m.From)
	}
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return ErrMoved
}
