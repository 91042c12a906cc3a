package lake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"alignctl/lake/iceberg"
)

// Moved says whether the lake was moved or copied since its metadata was
// written, and from where. It works all the same; other engines, which read the
// locations as they stand, need Relocate first.
func (l *Lake) Moved() (from string, moved bool) { return l.catalog.Moved() }

// Relocate makes the lake's metadata name the folder where it is. Rows,
// snapshots, tags and digests stay as they are. Nobody else may be at work.
func (l *Lake) Relocate(ctx context.Context) error {
	if !l.disk.Local() {
		return errors.New("relocate: the lake's files are in a bucket: its locations hold wherever the folder is")
	}
	holders, err := l.Holders(ctx)
	if err != nil {
		return err
	}
	if len(holders) > 0 {
		return fmt.Errorf("relocate: %w: %s is at work on the lake", ErrConflict, holders[0])
	}
	return l.reading(ctx, func(now *version) error {
		var tables []*iceberg.Table
		for _, name := range now.names() {
			table, err := now.table(ctx, name)
			if err != nil {
				return err
			}
			tables = append(tables, table)
		}
		return l.catalog.Relocate(ctx, tables)
	})
}

// PlainPath says why other engines can't open the lake by its path, or "":
// Iceberg's metadata percent-encodes locations, and DuckDB, PyIceberg and Spark
// take them literally.
func (l *Lake) PlainPath() (problem string) {
	if !l.disk.Local() {
		return "" // locations name the bucket
	}
	for _, r := range l.warehouse() {
		switch {
		case r == ' ':
			return "a blank"
		case strings.ContainsRune("%?#", r):
			return fmt.Sprintf("the character %q", r)
		case r > 126 || r < 32:
			return fmt.Sprintf("the character %q, which isn't ASCII", r)
		}
	}
	return ""
}
