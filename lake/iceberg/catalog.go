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
	"modernc.org/sqlite" // also the driver "sqlite" of catalog.db
	sqlite3 "modernc.org/sqlite/lib"

	"alignctl/internal/disk"
	"alignctl/internal/failpoint"
)

// CatalogName is the catalog's name in its own rows. Other engines must use it
// too, else they see no namespaces.
const CatalogName = "align"

// A Catalog is an open catalog.db.
type Catalog struct {
	db    *sql.DB
	disk  disk.FS
	place Place
}

// own are the lake's own tables in the catalog, beside those of Iceberg's SQL
// catalogs, which other engines leave alone:
//
//   - alignctl_lake: the folder that locations name, the content of lake.json,
//     a digest of the schema;
//   - alignctl_tables: the tables that the lake made;
//   - alignctl_files: what each file of the warehouse must be, and since when
//     nothing points at it.
const own = `
create table if not exists alignctl_lake (key text primary key, value text not null);
create table if not exists alignctl_files (path text primary key, bytes integer not null, sha256 text not null,
	retired_at integer, seal text not null);
create table if not exists alignctl_tables (name text primary key);
create index if not exists alignctl_retired on alignctl_files (retired_at)`

// Create makes catalog.db in dir, of a warehouse at a place, with the given
// namespaces, and opens it.
func Create(ctx context.Context, dir string, fs disk.FS, at Place, namespaces []string) (*Catalog, error) {
	c, err := open(dir, fs, at)
	if err != nil {
		return nil, err
	}
	if err := c.create(ctx, namespaces); err != nil {
		return nil, errors.Join(fmt.Errorf("create catalog in %q: %w", dir, err), c.Close())
	}
	return c, nil
}

func (c *Catalog) create(ctx context.Context, namespaces []string) error {
	props := icebergo.Properties{"warehouse": c.place.Location()}
	catalog, err := sqlcatalog.NewCatalog(CatalogName, c.db, sqlcatalog.SQLite, props)
	if err != nil {
		return err
	}
	for _, name := range namespaces {
		err := catalog.CreateNamespace(ctx, []string{name}, nil)
		if err != nil && !errors.Is(err, icebergcatalog.ErrNamespaceAlreadyExists) { // made by an interrupted Create
			return fmt.Errorf("namespace %q: %w", name, err)
		}
	}
	if _, err := c.db.ExecContext(ctx, own); err != nil {
		return err
	}
	if err := c.remember(ctx, "warehouse", c.place.Location()); err != nil {
		return err
	}
	digest, err := c.schemaDigest(ctx)
	if err != nil {
		return err
	}
	return c.remember(ctx, "schema", digest)
}

// Open opens the catalog.db in dir, of a warehouse that is at a place now.
func Open(ctx context.Context, dir string, fs disk.FS, at Place) (*Catalog, error) {
	if _, err := os.Stat(filepath.Join(dir, "catalog.db")); err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	c, err := open(dir, fs, at)
	if err != nil {
		return nil, err
	}
	if c.place.recorded, err = c.recordedWarehouse(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open catalog: %w", c.explain(err)), c.Close())
	}
	if at.Remote() != c.place.Remote() || at.Remote() && at.recorded != c.place.recorded {
		return nil, errors.Join(fmt.Errorf("open catalog: %w: its warehouse is %q, lake.json says %q", ErrDamaged,
			c.place.Location(), at.Location()), c.Close())
	}
	return c, nil
}

func open(dir string, fs disk.FS, at Place) (*Catalog, error) {
	path := url.PathEscape(filepath.Join(dir, "catalog.db"))
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(10000)"+
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, fmt.Errorf("open catalog in %q: %w", dir, err)
	}
	return &Catalog{db: db, disk: fs, place: at}, nil
}

// recordedWarehouse is the root that the locations have.
func (c *Catalog) recordedWarehouse(ctx context.Context) (string, error) {
	var location string
	err := c.db.QueryRowContext(ctx, "select value from alignctl_lake where key = 'warehouse'").Scan(&location)
	if err != nil {
		return "", err
	}
	return root(location)
}

// Moved says whether the warehouse is elsewhere than its metadata says, and
// where that is.
func (c *Catalog) Moved() (from string, moved bool) {
	return c.place.recorded, c.place.recorded != c.place.actual && !c.place.Remote()
}

// Close closes the catalog.
func (c *Catalog) Close() error { return c.db.Close() }

// Heads are the tables' current metadata locations, by schema.table. One
// statement reads them, so they never split a publish.
func (c *Catalog) Heads(ctx context.Context) (map[string]string, error) {
	rows, err := c.db.QueryContext(ctx, `select table_namespace || '.' || table_name, metadata_location
		from iceberg_tables where catalog_name = ? and (iceberg_type is null or iceberg_type = 'TABLE')`, CatalogName)
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", c.explain(err))
	}
	defer rows.Close()
	heads := map[string]string{}
	for rows.Next() {
		var name, location string
		if err := rows.Scan(&name, &location); err != nil {
			return nil, unread(err)
		}
		heads[name] = location
	}
	return heads, c.explain(rows.Err())
}

// A Move swaps one table's metadata location. From is "" for a new table.
type Move struct{ Table, From, To string }

// ErrMoved says that a table no longer stands where a Move starts.
var ErrMoved = errors.New("table moved")

// ErrUnknown says that the catalog didn't answer whether a transaction was
// committed, nor could be asked. Delete nothing.
var ErrUnknown = errors.New("outcome of the publish unknown")

// ErrBusy says that another process kept the catalog locked for longer than a
// statement waits.
var ErrBusy = errors.New("the catalog is locked")

// ErrDamaged says that bytes aren't what was recorded, or can't be what was
// written.
var ErrDamaged = disk.ErrDamaged

// explain marks the errors of a catalog that is locked, or isn't what SQLite
// wrote.
func (c *Catalog) explain(err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) || errors.Is(err, ErrBusy) || errors.Is(err, ErrDamaged) {
		return err
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR: // the last: another schema
		return fmt.Errorf("%w: catalog.db: %w", ErrDamaged, err)
	}
	return err
}

// unread marks the error of a row of the catalog that holds something else than
// was written into it.
func unread(err error) error { return fmt.Errorf("read catalog: %w: catalog.db: %w", ErrDamaged, err) }

// A Commit is what one transaction changes.
type Commit struct {
	Moves   []Move
	Files   []File   // new files that the moves bring
	Retired []string // paths that nothing points at any more once it is done

	warehouse string // the folder that all locations name from then on; "": as before
}

// Swap carries a commit out in one transaction. On ErrMoved, or any error but
// ErrUnknown, nothing changed.
func (c *Catalog) Swap(ctx context.Context, commit Commit) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("publish: begin transaction: %w", c.explain(err))
	}
	if err := c.apply(ctx, tx, commit); err != nil {
		return errors.Join(c.explain(err), tx.Rollback())
	}
	if err := c.disk.Commit(tx.Commit); err != nil {
		_ = tx.Rollback() // where it can still be done
		return c.decide(ctx, commit, err)
	}
	return nil
}

// decide finds out whether a commit that gave an error was done. All of it was
// or none, so one new file tells.
func (c *Catalog) decide(ctx context.Context, commit Commit, cause error) error {
	if len(commit.Files) == 0 {
		return fmt.Errorf("%w: %w", ErrUnknown, cause)
	}
	landed, err := c.landed(ctx, commit.Files[0])
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnknown, errors.Join(cause, err))
	case landed:
		return nil
	}
	return fmt.Errorf("publish: commit transaction: %w", c.explain(cause))
}

func (c *Catalog) apply(ctx context.Context, tx *sql.Tx, commit Commit) error {
	for _, m := range commit.Moves {
		if err := swap(ctx, tx, m); err != nil {
			return fmt.Errorf("publish %s: %w", m.Table, err)
		}
		failpoint.Hit("lake.publish.in-tx")
	}
	if err := c.record(ctx, tx, commit.Files); err != nil {
		return fmt.Errorf("publish: record files: %w", err)
	}
	if err := c.retire(ctx, tx, commit.Retired); err != nil {
		return fmt.Errorf("publish: retire files: %w", err)
	}
	if commit.warehouse == "" {
		return nil
	}
	// The version before has other locations, and isn't in the metadata's log.
	if _, err := tx.ExecContext(ctx, "update iceberg_tables set previous_metadata_location = null"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "update alignctl_lake set value = ? where key = 'warehouse'", commit.warehouse)
	return err
}

func swap(ctx context.Context, tx *sql.Tx, m Move) error {
	namespace, name, _ := strings.Cut(m.Table, ".")
	var result sql.Result
	var err error
	if m.From == "" {
		if _, err := tx.ExecContext(ctx, "insert into alignctl_tables values (?) on conflict do nothing", m.Table); err != nil {
			return err
		}
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
