package lake

import (
	"context"
	"fmt"
	"strconv"
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
