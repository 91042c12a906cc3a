package iceberg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	sqlcatalog "github.com/apache/iceberg-go/catalog/sql"

	"alignctl/internal/progress"
)

// A database holds a catalog. Its fields are what SQLite and PostgreSQL do
// differently; statements are the same text for both.
type database struct {
	*sql.DB
	name     string // as messages call it; without a password
	dialect  sqlcatalog.SupportedDialect
	numbered bool   // parameters are $1, $2, ..., not ?
	first    string // the statement that begins a transaction's turn; "": none is needed
	clock    string // gives the time in microseconds since 1970; "": this machine's will do
	declared string // gives how tables and indexes are declared, a text each
	problems string // gives what is wrong with the database's own file, "ok" for nothing
	// kind says what an error of the driver means: ErrBusy, ErrDamaged, ErrMoved,
	// errLost, or nil.
	kind func(error) error
}

// errLost says that the connection to the catalog broke, or couldn't be made.
// What was asked can be asked again.
var errLost = errors.New("no connection to the catalog")

// explain marks an error of the driver with what it means.
func (d *database) explain(err error) error {
	if err == nil || errors.Is(err, ErrBusy) || errors.Is(err, ErrDamaged) || errors.Is(err, errLost) {
		return err
	}
	if kind := d.kind(err); kind != nil {
		return fmt.Errorf("%w: %s: %w", kind, d.name, err)
	}
	return err
}

// bind gives a statement's parameters the form that the database takes.
func (d *database) bind(query string) string {
	if !d.numbered {
		return query
	}
	parts := strings.Split(query, "?")
	var b strings.Builder
	for i, part := range parts[:len(parts)-1] {
		b.WriteString(part)
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String() + parts[len(parts)-1]
}

// patience is for how long something is tried again whose connection broke: a
// server's restart.
const patience = time.Minute

// patiently does something that may be done again, until it works, fails in
// another way than by its connection, or took too long. What takes a while is
// shown.
func (d *database) patiently(ctx context.Context, do func() error) error {
	defer progress.Wait(ctx, "wait for the catalog "+d.name, patience)()
	end := time.Now().Add(patience)
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := d.explain(do())
		if !errors.Is(err, errLost) || errors.Is(err, ErrUnknown) || time.Now().Add(wait).After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

// query runs a statement that gives rows.
func (d *database) query(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	err = d.patiently(ctx, func() error {
		rows, err = d.QueryContext(ctx, d.bind(query), args...)
		return err
	})
	return rows, err
}

// one scans the only row of a query.
func (d *database) one(ctx context.Context, dest []any, query string, args ...any) error {
	return d.patiently(ctx, func() error { return d.QueryRowContext(ctx, d.bind(query), args...).Scan(dest...) })
}

// exec runs a statement that may run twice.
func (d *database) exec(ctx context.Context, query string, args ...any) error {
	return d.patiently(ctx, func() error {
		_, err := d.ExecContext(ctx, d.bind(query), args...)
		return err
	})
}

// A transaction is one at work.
type transaction struct {
	*sql.Tx
	database *database
}

// begin begins a transaction. Those of alignctl run one after another.
func (d *database) begin(ctx context.Context) (transaction, error) {
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return transaction{}, err
	}
	if d.first != "" {
		if _, err := tx.ExecContext(ctx, d.first); err != nil {
			return transaction{}, errors.Join(err, tx.Rollback())
		}
	}
	return transaction{Tx: tx, database: d}, nil
}

// exec runs a statement, and gives how many rows it changed.
func (t transaction) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.ExecContext(ctx, t.database.bind(query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// A querying runs a statement that gives rows, in a transaction or by itself.
type querying func(ctx context.Context, query string, args ...any) (*sql.Rows, error)

// query runs a statement that gives rows.
func (t transaction) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.QueryContext(ctx, t.database.bind(query), args...)
}

// statementRows is of how many rows one statement is: a server may be far away,
// and takes so many parameters, up to five a row, as SQLite does.
const statementRows = 1000

// each runs a statement, in which %s stands for the rows of a VALUES, on rows, many
// at a time, and gives how many it changed.
func (t transaction) each(ctx context.Context, statement string, rows [][]any) (changed int64, err error) {
	for some := range slices.Chunk(rows, statementRows) {
		row := marks(len(some[0]))
		values := strings.Repeat(row+", ", len(some)-1) + row
		n, err := t.exec(ctx, fmt.Sprintf(statement, values), slices.Concat(some...)...)
		if err != nil {
			return changed, err
		}
		changed += n
	}
	return changed, nil
}

// marks are the parameters of a row, or of a list: "(?, ?)".
func marks(n int) string { return "(?" + strings.Repeat(", ?", n-1) + ")" }

// row gives the only row of a query.
func (t transaction) row(ctx context.Context, query string, args ...any) *sql.Row {
	return t.QueryRowContext(ctx, t.database.bind(query), args...)
}

// lock waits for an advisory lock, and gives what ends it; so does the end of the
// connection. A catalog of one machine has none.
func (d *database) lock(ctx context.Context, key int) (end func(context.Context), err error) {
	if d.first == "" {
		return func(context.Context) {}, nil
	}
	conn, err := d.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("select pg_advisory_lock(%d)", key)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func(ctx context.Context) {
		// Where this fails the connection is gone, and the lock with it.
		_, _ = conn.ExecContext(ctx, fmt.Sprintf("select pg_advisory_unlock(%d)", key))
		_ = conn.Close()
	}, nil
}

// now is the time by the clock that all who share the catalog go by.
func (t transaction) now(ctx context.Context) (time.Time, error) {
	if t.database.clock == "" {
		return time.Now(), nil
	}
	var micros int64
	err := t.row(ctx, t.database.clock).Scan(&micros)
	return time.UnixMicro(micros), err
}

// now is the time by the clock that all who share the catalog go by.
func (d *database) now(ctx context.Context) (time.Time, error) {
	if d.clock == "" {
		return time.Now(), nil
	}
	var micros int64
	err := d.one(ctx, []any{&micros}, d.clock)
	return time.UnixMicro(micros), err
}
