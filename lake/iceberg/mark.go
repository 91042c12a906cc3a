package iceberg

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A catalog's mark tells which retired files a reader may still need. Each
// commit that retires files moves it on, in its transaction, to the time that it
// retires them at. Whoever reads the mark, takes a lease that says so, and then
// reads the heads, sees that commit and all before it: it needs no file that was
// retired at its mark or earlier. A clock can't tell as much: between the time
// that a commit writes down and the moment that others see it, they may begin.
//
// markKey is its row of alignctl_lake.
const markKey = "mark"

// Mark is the catalog's mark. Read it before Leases, or before taking one.
func (c *Catalog) Mark(ctx context.Context) (mark time.Time, err error) {
	err = c.db.patiently(ctx, func() error {
		mark, err = markOf(func(query string, args ...any) *sql.Row {
			return c.db.QueryRowContext(ctx, c.db.bind(query), args...)
		})
		return err
	})
	if err != nil {
		return mark, fmt.Errorf("read catalog: %w", err)
	}
	return mark, nil
}

// markOf reads the mark. A lake of an earlier version has none yet: it is then
// the last time that a file was retired at.
func markOf(row func(query string, args ...any) *sql.Row) (time.Time, error) {
	var text string
	err := row("select value from alignctl_lake where key = ?", markKey).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		var micros int64
		err := row("select coalesce(max(retired_at), 0) from alignctl_files").Scan(&micros)
		return time.UnixMicro(micros), err
	}
	if err != nil {
		return time.Time{}, err
	}
	digits, _, _ := strings.Cut(text, " ")
	micros, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || text != markText(micros) {
		return time.Time{}, fmt.Errorf("%w: the mark in alignctl_lake isn't what was written", ErrDamaged)
	}
	return time.UnixMicro(micros), nil
}

// markText is a mark with a seal, as records of files have one.
func markText(micros int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", markKey, micros))
	return fmt.Sprintf("%d %s", micros, hex.EncodeToString(sum[:8]))
}

// moveMark moves the mark on to now, or past where it is.
func (t transaction) moveMark(ctx context.Context) (mark time.Time, err error) {
	held, err := markOf(func(query string, args ...any) *sql.Row { return t.row(ctx, query, args...) })
	if err != nil {
		return mark, err
	}
	if mark, err = t.now(ctx); err != nil {
		return mark, err
	}
	mark = mark.Truncate(time.Microsecond)
	if !mark.After(held) {
		mark = held.Add(time.Microsecond)
	}
	_, err = t.exec(ctx, rememberSQL, markKey, markText(mark.UnixMicro()))
	return mark, err
}
