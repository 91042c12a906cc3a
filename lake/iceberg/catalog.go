// Package iceberg keeps the lake's tables in Apache Iceberg's format: the
// catalog, in the SQL schema that PyIceberg's SqlCatalog and Java's
// JdbcCatalog read; table metadata; and the commit of several tables in one
// transaction. It is the only importer of iceberg-go, which commits one table
// at a time, doesn't sync, and doesn't retry: this room adds these three.
package iceberg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	icebergo "github.com/apache/iceberg-go"
	icebergcatalog "github.com/apache/iceberg-go/catalog"
	sqlcatalog "github.com/apache/iceberg-go/catalog/sql"

	"alignctl/internal/disk"
	"alignctl/internal/failpoint"
)

// CatalogName is the catalog's name in its own rows. Other engines must use it
// too, else they see no namespaces.
const CatalogName = "align"

// A Catalog is the open catalog of a lake.
type Catalog struct {
	db     *database
	disk   disk.FS
	place  Place
	turn   chan struct{} // see Turn
	memory memory
}

// own are the lake's own tables in the catalog, beside those of Iceberg's SQL
// catalogs, which other engines leave alone:
//
//   - alignctl_lake: the folder that locations name, the content of lake.json,
//     a digest of the schema, the newest claim (see Claim), the mark (see Mark);
//   - alignctl_tables: the tables that the lake made;
//   - alignctl_files: what each file of the warehouse must be, and since when
//     nothing points at it.
const own = `
create table if not exists alignctl_lake (key text primary key, value text not null);
create table if not exists alignctl_files (path text primary key, bytes bigint not null, sha256 text not null,
	retired_at bigint, seal text not null);
create table if not exists alignctl_tables (name text primary key);
create index if not exists alignctl_retired on alignctl_files (retired_at);`

// Create makes a catalog at an address, of a warehouse at a place, with the given
// namespaces, and opens it. The address is the path of an SQLite file or that of
// a PostgreSQL database; a catalog that is there stays as it is. It holds no lake
// before Describe.
func Create(ctx context.Context, address string, fs disk.FS, at Place, namespaces []string) (*Catalog, error) {
	c, err := open(ctx, address, fs, at)
	if err != nil {
		return nil, err
	}
	if err := c.create(ctx, namespaces); err != nil {
		return nil, errors.Join(fmt.Errorf("create catalog %s: %w", c.db.name, c.db.explain(err)), c.Close())
	}
	return c, nil
}

func (c *Catalog) create(ctx context.Context, namespaces []string) error {
	end, err := c.db.lock(ctx, lockMake)
	if err != nil {
		return err
	}
	defer end(ctx)
	props := icebergo.Properties{"warehouse": c.place.Location()}
	catalog, err := sqlcatalog.NewCatalog(CatalogName, c.db.DB, c.db.dialect, props)
	if err != nil {
		return err
	}
	for _, name := range namespaces {
		err := catalog.CreateNamespace(ctx, []string{name}, nil)
		if err != nil && !errors.Is(err, icebergcatalog.ErrNamespaceAlreadyExists) { // made by an interrupted Create
			return fmt.Errorf("namespace %q: %w", name, err)
		}
	}
	statements := own
	if c.Shared() {
		statements += leases
	}
	if _, err := c.db.ExecContext(ctx, statements); err != nil {
		return err
	}
	digest, err := c.schemaDigest(ctx)
	if err != nil {
		return err
	}
	return c.remember(ctx, "schema", digest)
}

// Open opens the catalog at an address, of a warehouse that is at a place now.
func Open(ctx context.Context, address string, fs disk.FS, at Place) (*Catalog, error) {
	if !isServer(address) {
		if _, err := os.Stat(address); err != nil {
			return nil, fmt.Errorf("open catalog: %w", err)
		}
	}
	c, err := open(ctx, address, fs, at)
	if err != nil {
		return nil, err
	}
	if c.place.recorded, err = c.recordedWarehouse(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open catalog: %w", err), c.Close())
	}
	if at.Remote() != c.place.Remote() || at.Remote() && at.recorded != c.place.recorded {
		return nil, errors.Join(fmt.Errorf("open catalog: %w: its warehouse is %q, lake.json says %q", ErrDamaged,
			c.place.Location(), at.Location()), c.Close())
	}
	return c, nil
}

func open(ctx context.Context, address string, fs disk.FS, at Place) (*Catalog, error) {
	c := &Catalog{disk: fs, place: at, turn: make(chan struct{}, 1)}
	var err error
	if isServer(address) {
		c.db, err = openPostgres(ctx, address)
	} else {
		c.db, err = openSQLite(address)
	}
	return c, err
}

// isServer tells a database's address from a file's path.
func isServer(address string) bool { return strings.Contains(address, "://") }

// recordedWarehouse is the root that the locations have.
func (c *Catalog) recordedWarehouse(ctx context.Context) (string, error) {
	var location string
	err := c.db.one(ctx, []any{&location}, "select value from alignctl_lake where key = 'warehouse'")
	if err != nil {
		return "", err
	}
	return root(location)
}

// Name is the catalog, as messages call it.
func (c *Catalog) Name() string { return c.db.name }

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
	rows, err := c.db.query(ctx, `select table_namespace || '.' || table_name, metadata_location
		from iceberg_tables where catalog_name = ? and (iceberg_type is null or iceberg_type = 'TABLE')`, CatalogName)
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	defer rows.Close()
	heads := map[string]string{}
	for rows.Next() {
		var name, location string
		if err := rows.Scan(&name, &location); err != nil {
			return nil, c.unread(err)
		}
		heads[name] = location
	}
	return heads, c.db.explain(rows.Err())
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
var ErrDamaged = errors.New("lake is damaged")

// unread marks the error of a row of the catalog that holds something else than
// was written into it.
func (c *Catalog) unread(err error) error {
	return fmt.Errorf("read catalog: %w: %s: %w", ErrDamaged, c.db.name, err)
}

// A Commit is what one transaction changes.
type Commit struct {
	Moves   []Move
	Files   []File   // new files that the moves bring
	Retired []string // paths that nothing points at any more once it is done
	Lease   string   // of a shared catalog: whoever commits must still hold it

	warehouse string // the folder that all locations name from then on; "": as before
}

// Swap carries a commit out in one transaction, and gives the mark that the
// catalog has then, zero where no file was retired. On ErrMoved, or any error but
// ErrUnknown, nothing changed.
func (c *Catalog) Swap(ctx context.Context, commit Commit) (mark time.Time, err error) {
	if err := c.Claim(ctx); err != nil {
		return mark, fmt.Errorf("publish: %w", err)
	}
	err = c.db.patiently(ctx, func() error {
		mark, err = c.swap(ctx, commit)
		return err
	})
	if err == nil {
		c.memory.know(commit.Files)
	}
	return mark, err
}

func (c *Catalog) swap(ctx context.Context, commit Commit) (mark time.Time, err error) {
	tx, err := c.db.begin(ctx)
	if err != nil {
		return mark, fmt.Errorf("publish: begin transaction: %w", err)
	}
	if mark, err = c.apply(ctx, tx, commit); err != nil {
		_ = tx.Rollback() // where it can still be done
		return mark, c.db.explain(err)
	}
	if err := c.disk.Commit(tx.Commit); err != nil {
		_ = tx.Rollback()
		return mark, c.decide(ctx, commit, err)
	}
	return mark, nil
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
	return fmt.Errorf("publish: commit transaction: %w", c.db.explain(cause))
}

func (c *Catalog) apply(ctx context.Context, tx transaction, commit Commit) (mark time.Time, err error) {
	if err := tx.holds(ctx, commit.Lease); err != nil {
		return mark, fmt.Errorf("publish: %w", err)
	}
	if err := tx.move(ctx, commit.Moves); err != nil {
		return mark, fmt.Errorf("publish: %w", err)
	}
	if err := c.record(ctx, tx, commit.Files); err != nil {
		return mark, fmt.Errorf("publish: record files: %w", err)
	}
	failpoint.Hit("lake.publish.in-tx")
	if mark, err = c.retire(ctx, tx, commit.Retired); err != nil {
		return mark, fmt.Errorf("publish: retire files: %w", err)
	}
	return mark, tx.moveWarehouse(ctx, commit.warehouse)
}

// moveWarehouse records the folder that all locations name from then on; "": the
// same as before.
func (t transaction) moveWarehouse(ctx context.Context, to string) error {
	if to == "" {
		return nil
	}
	// The version before has other locations, and isn't in the metadata's log.
	if _, err := t.exec(ctx, "update iceberg_tables set previous_metadata_location = null"); err != nil {
		return err
	}
	_, err := t.exec(ctx, "update alignctl_lake set value = ? where key = 'warehouse'", to)
	return err
}

// holds sees that a lease is alive, and keeps it so until the transaction is
// over: what its holder wrote is there, then.
func (t transaction) holds(ctx context.Context, lease string) error {
	if lease == "" {
		return nil
	}
	now, err := t.now(ctx)
	if err != nil {
		return err
	}
	alive, err := t.exec(ctx, "update alignctl_leases set seen = ? where id = ? and seen >= ?",
		now.UnixMicro(), lease, now.Add(-leaseLife).UnixMicro())
	if err == nil && alive != 1 {
		return ErrLeaseLost
	}
	return err
}

// move swaps metadata locations.
func (t transaction) move(ctx context.Context, moves []Move) error {
	var names, made, moved [][]any
	for _, m := range moves {
		namespace, name, _ := strings.Cut(m.Table, ".")
		if m.From == "" {
			names = append(names, []any{m.Table})
			made = append(made, []any{CatalogName, namespace, name, "TABLE", m.To})
		} else {
			moved = append(moved, []any{CatalogName, namespace, name, m.From, m.To})
		}
	}
	if _, err := t.each(ctx, "insert into alignctl_tables values %s on conflict do nothing", names); err != nil {
		return err
	}
	for _, part := range []struct {
		statement string
		rows      [][]any
	}{{makeSQL, made}, {moveSQL, moved}} {
		changed, err := t.each(ctx, part.statement, part.rows)
		if err != nil {
			return err
		}
		if changed != int64(len(part.rows)) {
			return ErrMoved
		}
		failpoint.Hit("lake.publish.in-tx")
	}
	return nil
}

// A column of a VALUES has the same name in SQLite and in PostgreSQL.
const (
	makeSQL = `insert into iceberg_tables (catalog_name, table_namespace, table_name, iceberg_type, metadata_location)
		values %s on conflict do nothing`
	moveSQL = `update iceberg_tables set metadata_location = column5, previous_metadata_location = column4
		from (values %s) as moves
		where catalog_name = column1 and table_namespace = column2 and table_name = column3 and metadata_location = column4`
)
