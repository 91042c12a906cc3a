package lake

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"alignctl/lake/iceberg"
)

// A Pin is one table at one snapshot. Snapshot 0 is a table before its first
// rows; the Digest is "" for meta tables and for another engine's snapshots.
type Pin struct {
	Table    string
	Snapshot int64 // exceeds 2^53: print as a decimal string
	Digest   string
	Rows     int64
}

// String prints a pin as table@snapshot.
func (p Pin) String() string { return p.Table + "@" + strconv.FormatInt(p.Snapshot, 10) }

// Pins is a version of the lake: a pin for each table, by name.
type Pins map[string]Pin

// At gives a version of the lake: "" is now; a run id, the state after the
// run's last publish; a time (RFC 3339, or a date, which is its first moment in
// UTC), the state after the last publish not after it. A past version is what
// meta.outputs says, so it never splits a run; its meta tables are those of now.
func (l *Lake) At(ctx context.Context, ref string) (Pins, error) {
	now, err := l.version(ctx)
	if err != nil {
		return nil, err
	}
	pins := Pins{}
	for _, name := range now.names() {
		if ref != "" && !strings.HasPrefix(name, "meta.") {
			continue
		}
		table, err := now.table(ctx, name)
		if err != nil {
			return nil, err
		}
		pins[name] = currentPin(table)
	}
	if ref == "" {
		return pins, nil
	}
	if err := l.addPast(ctx, pins, ref); err != nil {
		return nil, fmt.Errorf("find version %q: %w", ref, err)
	}
	return pins, nil
}

// addPast adds the pins of a past version to pins, which has the meta tables.
func (l *Lake) addPast(ctx context.Context, pins Pins, ref string) error {
	outputs, ok := pins["meta.outputs"]
	if !ok {
		return fmt.Errorf("no run has published to lake %q yet", l.dir)
	}
	s, err := l.Session(ctx, Pins{"meta.outputs": outputs}, SessionOptions{Threads: 1})
	if err != nil {
		return err
	}
	defer s.Close()
	publish, err := publishOf(ctx, s, ref)
	if err != nil {
		return err
	}
	rows, err := s.Query(ctx, `select table_name, snapshot_id, digest, rows from meta.outputs where publish <= ?
		qualify row_number() over (partition by table_name order by publish desc) = 1`, publish)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p Pin
		if err := rows.Scan(&p.Table, &p.Snapshot, &p.Digest, &p.Rows); err != nil {
			return err
		}
		pins[p.Table] = p
	}
	return rows.Err()
}

// publishOf finds the number of the publish that a reference means.
func publishOf(ctx context.Context, s *Session, ref string) (int64, error) {
	condition, value := "run_id = ?", any(ref)
	if at, isTime := parseTime(ref); isTime {
		condition, value = "published_at <= ?", at
	}
	number, err := one(ctx, s, "select max(publish) from meta.outputs where "+condition, value)
	if err == nil && !number.Valid {
		err = fmt.Errorf("no such run, and no run had published by then (give a run id, a date, or a time as %s)",
			time.RFC3339)
	}
	return number.Int64, err
}

func parseTime(ref string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, ref); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

func one(ctx context.Context, s *Session, query string, args ...any) (number sql.NullInt64, err error) {
	rows, err := s.Query(ctx, query, args...)
	if err != nil {
		return number, err
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&number)
	}
	if err != nil {
		return number, err
	}
	return number, rows.Err()
}

// lastPublish is the newest publish of a version.
type lastPublish struct {
	number int64
	at     time.Time
}

func (r *Run) lastPublish(ctx context.Context, on *version) (last lastPublish, err error) {
	table, err := on.table(ctx, "meta.outputs")
	if err != nil || table == nil {
		return last, err
	}
	files, fields, err := currentFiles(table)
	if err != nil {
		return last, err
	}
	rows, err := r.session.Query(ctx, "select publish, published_at from ("+readFiles(fields, files)+
		") order by publish desc limit 1")
	if err != nil {
		return last, fmt.Errorf("read meta.outputs: %w", err)
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(&last.number, &last.at); err != nil {
			return last, fmt.Errorf("read meta.outputs: %w", err)
		}
	}
	return last, rows.Err()
}

func currentFiles(table *iceberg.Table) ([]iceberg.DataFile, []iceberg.Field, error) {
	current, _ := table.Current()
	fields, err := table.Fields(current.ID)
	if err != nil {
		return nil, nil, err
	}
	files, err := table.Files(current.ID)
	return files, fields, damaged(err)
}

// later keeps the times of publishes in order when a clock goes back.
func later(now, last time.Time) time.Time {
	if now.Before(last) {
		return last
	}
	return now.Truncate(time.Microsecond)
}
