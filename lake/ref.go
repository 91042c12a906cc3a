package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"alignctl/internal/nearest"
	"alignctl/lake/iceberg"
)

// At gives a version of the lake: "" or "now" is the current one; a tag, what it names; a run id, the
// state after the run's last publish; a time (RFC 3339) or a date (that day to
// its end, UTC), the state after the last publish not after it. A past version
// is what meta.outputs and meta.tags say, so it never splits a run; its meta
// tables are those of now.
func (l *Lake) At(ctx context.Context, ref string) (pins Pins, err error) {
	if ref == nowName {
		ref = ""
	}
	err = l.reading(ctx, func(now *version) error {
		pins, err = l.at(ctx, now, ref)
		return err
	})
	return pins, err
}

func (l *Lake) at(ctx context.Context, now *version, ref string) (Pins, error) {
	pins := Pins{}
	names := now.names()
	if ref != "" {
		names = slices.DeleteFunc(names, func(name string) bool { return !isMeta(name) })
	}
	tables, err := now.present(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		pins[table.Name()] = currentPin(table)
	}
	if ref == "" {
		return pins, nil
	}
	if err := l.addPast(ctx, pins, ref); err != nil {
		return nil, fmt.Errorf("find version %q: %w", ref, err)
	}
	return pins, nil
}

// Pin gives one table at a version: ref is a snapshot id in decimal, or a
// version of the lake as At takes it.
func (l *Lake) Pin(ctx context.Context, table, ref string) (pin Pin, err error) {
	if id, ok := parseSnapshot(ref); ok {
		err = l.reading(ctx, func(now *version) error {
			pin, err = l.pinOfSnapshot(ctx, now, table, id)
			return err
		})
		return pin, err
	}
	pins, err := l.At(ctx, ref)
	if err != nil {
		return Pin{}, err
	}
	pin, ok := pins[table]
	switch {
	case ok:
		return pin, nil
	case ref == "", ref == nowName:
		return Pin{}, l.noTable(table, pins)
	}
	return Pin{}, fmt.Errorf("find version %q: the lake had no table %q then%s", ref, table,
		nearest.Hint(table, slices.Sorted(maps.Keys(pins))))
}

func (l *Lake) noTable(table string, pins Pins) error {
	return fmt.Errorf("no table %q in lake %q%s", table, l.dir, nearest.Hint(table, slices.Sorted(maps.Keys(pins))))
}

func (l *Lake) pinOfSnapshot(ctx context.Context, now *version, name string, id int64) (Pin, error) {
	table, err := l.find(ctx, now, name)
	if err != nil {
		return Pin{}, err
	}
	snapshot, ok := table.Snapshot(id)
	if !ok {
		return Pin{}, l.missingSnapshot(ctx, now, Pin{Table: name, Snapshot: id})
	}
	return pinOf(name, snapshot), nil
}

// expectSnapshot sees that a table still has the snapshot of a pin.
func (l *Lake) expectSnapshot(ctx context.Context, now *version, table *iceberg.Table, pin Pin) error {
	if _, ok := table.Snapshot(pin.Snapshot); !ok && pin.Snapshot != 0 {
		return l.missingSnapshot(ctx, now, pin)
	}
	return nil
}

// missingSnapshot says why a snapshot isn't there: gc let it go, or it never was.
func (l *Lake) missingSnapshot(ctx context.Context, now *version, pin Pin) error {
	missing := fmt.Errorf("table %s has no snapshot %d", pin.Table, pin.Snapshot)
	rows, err := readMetaTable[expiredRow](ctx, l, now, "meta.expired")
	if err != nil {
		return errors.Join(missing, err)
	}
	for _, row := range rows {
		if row.Table == pin.Table && row.Snapshot == pin.Snapshot {
			return fmt.Errorf("snapshot %d of table %s expired on %s by gc run %s (tag a version to keep it)",
				pin.Snapshot, pin.Table, row.ExpiredAt.Format(time.RFC3339), row.RunID)
		}
	}
	return missing
}

// addPast adds the pins of a past version to pins, which has the meta tables.
func (l *Lake) addPast(ctx context.Context, pins Pins, ref string) error {
	outputs, ok := pins["meta.outputs"]
	if !ok {
		return fmt.Errorf("no run has published to lake %q yet", l.dir)
	}
	meta := Pins{"meta.outputs": outputs}
	if tags, ok := pins["meta.tags"]; ok {
		meta["meta.tags"] = tags
	}
	s, err := l.Session(ctx, meta, SessionOptions{Threads: 1})
	if err != nil {
		return err
	}
	defer s.Close()
	if _, ok := pins["meta.tags"]; ok {
		n, err := s.addPins(ctx, pins, "select table_name, snapshot_id, digest, rows from meta.tags where tag = ?", ref)
		if err != nil || n > 0 {
			return err
		}
	}
	publish, err := publishOf(ctx, s, ref)
	if err != nil {
		return err
	}
	const last = `select table_name, snapshot_id, digest, rows from (
			from meta.outputs where publish <= ?
			qualify row_number() over (partition by table_name order by publish desc) = 1
		) where digest <> '' or rows > 0 -- neither: the run took the table out`
	_, err = s.addPins(ctx, pins, last, publish)
	return err
}

// addPins adds the pins that a query gives; n is how many.
func (s *Session) addPins(ctx context.Context, pins Pins, query string, args ...any) (n int, err error) {
	rows, err := s.Query(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		var p Pin
		if err := rows.Scan(&p.Table, &p.Snapshot, &p.Digest, &p.Rows); err != nil {
			return n, err
		}
		pins[p.Table] = p
	}
	return n, rows.Err()
}

// publishOf finds the number of the publish that a reference means.
func publishOf(ctx context.Context, s *Session, ref string) (int64, error) {
	at, isTime := parseTime(ref)
	if !isTime {
		number, err := one(ctx, s, "select max(publish) from meta.outputs where run_id = ?", ref)
		if err == nil && !number.Valid {
			err = fmt.Errorf("no such tag or run (give a tag, a run id, a date, or a time with its zone, such as %s)",
				time.RFC3339)
		}
		return number.Int64, err
	}
	number, err := one(ctx, s, "select max(publish) from meta.outputs where published_at <= ?", at)
	if err == nil && !number.Valid {
		err = beforeTheFirst(ctx, s)
	}
	return number.Int64, err
}

// beforeTheFirst says since when the lake has versions.
func beforeTheFirst(ctx context.Context, s *Session) error {
	first, err := one(ctx, s, "select epoch_us(min(published_at)) from meta.outputs")
	if err != nil {
		return err
	}
	return fmt.Errorf("the lake's first version is of %s", time.UnixMicro(first.Int64).UTC().Format(time.RFC3339Nano))
}

// parseTime reads a time with its zone, or a date: the last moment of it, UTC.
func parseTime(ref string) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339Nano, ref); err == nil {
		return at.UTC(), true
	}
	if day, err := time.Parse(time.DateOnly, ref); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Microsecond), true
	}
	return time.Time{}, false
}

// parseSnapshot reads a snapshot id.
func parseSnapshot(ref string) (id int64, ok bool) {
	id, err := strconv.ParseInt(ref, 10, 64)
	return id, err == nil && id > 0
}

func one(ctx context.Context, s *Session, query string, args ...any) (number sql.NullInt64, err error) {
	rows, err := s.Query(ctx, query, args...)
	if err != nil {
		return number, err
	}
	defer rows.Close()
	if !rows.Next() {
		return number, errors.Join(rows.Err(), errNoRow)
	}
	return number, rows.Scan(&number)
}

var errNoRow = errors.New("the query gave no row")
