package iceberg

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"time"

	sqlcatalog "github.com/apache/iceberg-go/catalog/sql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"alignctl/internal/progress"
)

// The keys of PostgreSQL's advisory locks: one is held by the transaction that
// moves tables, one by the run whose turn it is to prepare one, one by who makes
// the catalog's own tables.
const (
	lockSwap = 0x616c69676e01 // "align" and a number
	lockTurn = 0x616c69676e02
	lockMake = 0x616c69676e03
)

// sessionSettings hold for each connection. A transaction whose client is gone
// without a word, its machine or its network dead, ends by itself, sooner than
// others give up waiting for its lock.
var sessionSettings = map[string]string{
	"application_name":                    "alignctl",
	"default_transaction_isolation":       "read committed",
	"synchronous_commit":                  "on",
	"lock_timeout":                        "20s",
	"idle_in_transaction_session_timeout": "10s",
	"tcp_user_timeout":                    "20s",
	"timezone":                            "UTC",
}

// deadAfter is for how long a server may say nothing at all, on a connection that
// waits for it, before the connection counts as broken.
const deadAfter = 20 * time.Second

// answerWithin makes a connection break on which what was sent isn't taken in
// time; systems that can't are left to their own patience.
func answerWithin(_, _ string, raw syscall.RawConn) error {
	const tcpUserTimeout = 18 // of Linux
	if runtime.GOOS != "linux" {
		return nil
	}
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(deadAfter.Milliseconds()))
	})
	return errors.Join(err, failed)
}

// openPostgres opens the catalog of a lake that several machines share. What
// the URL doesn't say comes from PGUSER, PGPASSWORD, ~/.pgpass and their like,
// as for every client of PostgreSQL.
func openPostgres(ctx context.Context, address string) (*database, error) {
	shown, password, err := readAddress(address)
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	config, err := pgx.ParseConfig(shown)
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	config.Password = cmp.Or(password, config.Password)
	for name, value := range sessionSettings {
		config.RuntimeParams[name] = value
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // to prepare each statement first is a round trip more
	config.DialFunc = (&net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: deadAfter / 2, Interval: deadAfter / 8,
		Count: 4}, Control: answerWithin}).DialContext
	db := stdlib.OpenDB(*config)
	db.SetConnMaxIdleTime(time.Minute)
	d := &database{DB: db, name: shown, dialect: sqlcatalog.Postgres, numbered: true, kind: postgresKind,
		first: fmt.Sprintf("select pg_advisory_xact_lock(%d)", lockSwap),
		clock: "select (extract(epoch from clock_timestamp()) * 1000000)::bigint",
		declared: `select table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable from information_schema.columns
			where table_schema = current_schema() and table_name in ('iceberg_tables', 'iceberg_namespace_properties',
				'alignctl_lake', 'alignctl_files', 'alignctl_tables', 'alignctl_leases')
			order by table_name, column_name`}
	stop := progress.Wait(ctx, "wait for the catalog "+d.name, config.ConnectTimeout)
	err = db.PingContext(ctx)
	stop()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect to the catalog %s: %w%s", d.name, err, cureOf(err)), db.Close())
	}
	return d, nil
}

// Described is the description (see Describe) of the lake that a database holds;
// "" when it holds none, or one whose making was interrupted.
func Described(ctx context.Context, address string) (description string, err error) {
	d, err := openPostgres(ctx, address)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	err = d.QueryRowContext(ctx, "select value from alignctl_lake where key = 'description'").Scan(&description)
	if errors.Is(err, sql.ErrNoRows) || errors.Is(d.explain(err), ErrDamaged) { // the second: there is no such table
		return "", nil
	}
	return description, err
}

// The codes by which PostgreSQL says what went wrong.
var (
	lostCodes  = []string{"08", "57P01", "57P02", "57P03", "53300", "25P03"} // the connection, or no room for one
	busyCodes  = []string{"55P03"}                                           // a lock that didn't come in time
	movedCodes = []string{"40001", "40P01"}                                  // another transaction was in the way
	otherCodes = []string{"42P01", "42703", "42804"}                         // another schema
)

// postgresKind tells what an error of PostgreSQL, or of the way to it, means.
func postgresKind(err error) error {
	var answer *pgconn.PgError
	var network net.Error
	switch {
	case errors.As(err, &answer):
		return kindOfCode(answer.Code)
	case errors.Is(err, context.Canceled):
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, driver.ErrBadConn),
		errors.As(err, &network), pgconn.SafeToRetry(err), pgconn.Timeout(err), strings.Contains(err.Error(), "conn closed"):
		return errLost
	}
	return nil
}

func kindOfCode(code string) error {
	for kind, codes := range map[error][]string{errLost: lostCodes, ErrBusy: busyCodes, ErrMoved: movedCodes, ErrDamaged: otherCodes} {
		for _, prefix := range codes {
			if strings.HasPrefix(code, prefix) {
				return kind
			}
		}
	}
	return nil
}

// cureOf says what to do about a connection that can't be made.
func cureOf(err error) string {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return "; is the server up, and can this machine reach it?"
	}
	switch {
	case strings.HasPrefix(answer.Code, "28"):
		return "; set PGPASSWORD (or ~/.pgpass) to the password of the user in the address"
	case answer.Code == "3D000":
		return "; make the database first: createdb NAME"
	case answer.Code == "53300":
		return "; others have all its connections: try again, or raise max_connections"
	}
	return ""
}
