package lake

import (
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
	// Renamed: another engine changed the columns after this snapshot, the
	// current one, and nobody has written since. The pin means the table under
	// its columns of now.
	Renamed bool
}

// String prints a pin as table@snapshot.
func (p Pin) String() string { return p.Table + "@" + strconv.FormatInt(p.Snapshot, 10) }

// Pins is a version of the lake: a pin for each table, by name.
type Pins map[string]Pin

// snapshots are the pinned snapshots by table, without meta tables: those have
// no past.
func (p Pins) snapshots() map[string][]int64 {
	snapshots := map[string][]int64{}
	for name, pin := range p {
		if !isMeta(name) && pin.Snapshot != 0 {
			snapshots[name] = []int64{pin.Snapshot}
		}
	}
	return snapshots
}

// isMeta says whether a table is one of the lake's own memory.
func isMeta(table string) bool { return strings.HasPrefix(table, "meta.") }

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
