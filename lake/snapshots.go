package lake

import (
	"context"
	"slices"
	"time"

	"alignctl/lake/iceberg"
)

// ourEngine is the engine of the snapshots that runs of ours made.
const ourEngine = "alignctl"

// A SnapshotInfo is one version of a table, as the table itself remembers it.
type SnapshotInfo struct {
	Pin
	At        time.Time
	Run       string // that made it; "" for another engine's
	Operation string // "append", "overwrite", "replace" or "delete", as Iceberg has it
	Engine    string // that made it, where it says so; "alignctl" for ours
	Tags      []string
}

// Foreign says whether another engine made the snapshot, so that no digest was
// recorded. Meta tables have none either.
func (s SnapshotInfo) Foreign() bool { return s.Run == "" }

// Snapshots lists the versions that a table still has, newest first.
func (l *Lake) Snapshots(ctx context.Context, name string) (infos []SnapshotInfo, err error) {
	err = l.reading(ctx, func(now *version) error {
		infos, err = l.snapshots(ctx, now, name)
		return err
	})
	return infos, err
}

func (l *Lake) snapshots(ctx context.Context, now *version, name string) ([]SnapshotInfo, error) {
	table, err := l.find(ctx, now, name)
	if err != nil {
		return nil, err
	}
	tags, err := l.tagRows(ctx, now)
	if err != nil {
		return nil, err
	}
	var infos []SnapshotInfo
	for _, s := range slices.Backward(table.Snapshots()) {
		info := snapshotInfo(name, s)
		for _, tag := range tags {
			if tag.Table == name && tag.Snapshot == s.ID {
				info.Tags = append(info.Tags, tag.Tag)
			}
		}
		infos = append(infos, info)
	}
	return infos, nil
}

func snapshotInfo(table string, s iceberg.Snapshot) SnapshotInfo {
	info := SnapshotInfo{Pin: pinOf(table, s), At: s.Time, Run: s.Summary[summaryRun], Operation: s.Summary["operation"],
		Engine: s.Summary["engine-name"]}
	if info.Run != "" {
		info.Engine = ourEngine
	}
	return info
}

// find loads a table of a version, or says that there is none of the name.
func (l *Lake) find(ctx context.Context, on *version, name string) (*iceberg.Table, error) {
	table, err := on.table(ctx, name)
	if err != nil || table != nil {
		return table, err
	}
	pins := Pins{}
	for _, known := range on.names() {
		pins[known] = Pin{}
	}
	return nil, l.noTable(name, pins)
}
