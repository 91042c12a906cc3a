package iceberg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Who is at work on a lake that several machines share is in the catalog: a
// lock of a file ends with its process, but only one machine sees it. A lease
// there is kept alive by its holder, and over when it wasn't for leaseLife; a
// holder that was out of touch for so long can't publish any more (see Swap).
// All times are the catalog's own.
const leases = `
create table if not exists alignctl_leases (id text primary key, holder text not null, began bigint not null,
	since bigint not null, seen bigint not null)`

// The times of a lease.
const (
	leaseLife = 2 * time.Minute
	LeaseBeat = 20 * time.Second // how often a holder says that it is there
)

// A Lease is a row of alignctl_leases.
type Lease struct {
	ID     string
	Holder string // JSON
	Began  time.Time
	Since  time.Time // the mark of what the holder reads
}

// ErrLeaseLost says that a holder was out of touch for too long: what it read or
// wrote may have been collected.
var ErrLeaseLost = errors.New("out of touch with the catalog for more than " + leaseLife.String())

// Shared says whether the catalog serves several machines: then it keeps the
// leases, too.
func (c *Catalog) Shared() bool { return c.db.clock != "" }

// TakeLease adds a lease of a holder that will read the heads only now, after the
// catalog's mark.
func (c *Catalog) TakeLease(ctx context.Context, holder string, mark time.Time) (Lease, error) {
	now, err := c.db.now(ctx)
	if err != nil {
		return Lease{}, fmt.Errorf("take lease: %w", err)
	}
	lease := Lease{ID: uuid.NewString(), Holder: holder, Began: now, Since: mark}
	at := now.UnixMicro()
	err = c.db.exec(ctx, `insert into alignctl_leases (id, holder, began, since, seen) values (?, ?, ?, ?, ?)
		on conflict do nothing`, lease.ID, holder, at, mark.UnixMicro(), at)
	if err != nil {
		return Lease{}, fmt.Errorf("take lease: %w", err)
	}
	return lease, nil
}

// KeepLease says that a holder is there; ErrLeaseLost when it is too late.
func (c *Catalog) KeepLease(ctx context.Context, id string) error {
	now, err := c.db.now(ctx)
	if err != nil {
		return err
	}
	return c.changeLease(ctx, "seen = ?", now.UnixMicro(), id)
}

// RenewLease says that a holder reads nothing any more that was retired at a mark
// or earlier.
func (c *Catalog) RenewLease(ctx context.Context, id string, mark time.Time) error {
	return c.changeLease(ctx, "since = ?", mark.UnixMicro(), id)
}

// DescribeLease says anew who a holder is.
func (c *Catalog) DescribeLease(ctx context.Context, id, holder string) error {
	return c.changeLease(ctx, "holder = ?", holder, id)
}

func (c *Catalog) changeLease(ctx context.Context, set string, value any, id string) error {
	return c.db.patiently(ctx, func() error {
		result, err := c.db.ExecContext(ctx, c.db.bind("update alignctl_leases set "+set+" where id = ?"), value, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return ErrLeaseLost
	})
}

// EndLease takes a lease away. One that stays, because the catalog can't be
// reached, ends by itself.
func (c *Catalog) EndLease(ctx context.Context, id string) {
	_, _ = c.db.ExecContext(ctx, c.db.bind("delete from alignctl_leases where id = ?"), id)
}

// Leases lists those that are alive, and takes away those that aren't.
func (c *Catalog) Leases(ctx context.Context) (list []Lease, err error) {
	now, err := c.db.now(ctx)
	if err != nil {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	err = c.db.exec(ctx, "delete from alignctl_leases where seen < ?", now.Add(-leaseLife).UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	rows, err := c.db.query(ctx, "select id, holder, began, since from alignctl_leases order by began, id")
	if err != nil {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var l Lease
		var began, since int64
		if err := rows.Scan(&l.ID, &l.Holder, &began, &since); err != nil {
			return nil, c.unread(err)
		}
		l.Began, l.Since = time.UnixMicro(began), time.UnixMicro(since)
		list = append(list, l)
	}
	return list, c.db.explain(rows.Err())
}

// Now is the time by the clock that leases and retired files go by.
func (c *Catalog) Now(ctx context.Context) (time.Time, error) { return c.db.now(ctx) }

// Turn waits, for a while, until no other run of any machine prepares a publish,
// and gives what ends the turn. A turn that can't be had is done without.
func (c *Catalog) Turn(ctx context.Context, wait time.Duration) (end func()) {
	waiting, stop := context.WithTimeout(ctx, wait)
	defer stop()
	select {
	case c.turn <- struct{}{}: // this process's own runs first: each would wait on a connection
	case <-waiting.Done():
		return func() {}
	}
	unlock, err := c.db.lock(waiting, lockTurn)
	if err != nil {
		return func() { <-c.turn }
	}
	return func() {
		after, stop := context.WithTimeout(context.WithoutCancel(ctx), wait)
		defer stop()
		unlock(after)
		<-c.turn
	}
}
