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

// ErrCopied says that another copy of the lake's catalog has changed it since this
// one did. This copy reads what the other didn't let go; Relocate makes it count
// again.
var ErrCopied = iceberg.ErrCopied

// Relocate makes the lake's metadata name the folder where it is; and, where
// ErrCopied says that another copy of the catalog has the files, gives them to
// this one: what the other published since is lost. Rows, snapshots, tags and
// digests stay as they are. Nobody else may be at work.
func (l *Lake) Relocate(ctx context.Context) error {
	holders, err := l.Holders(ctx)
	if err != nil {
		return err
	}
	if len(holders) > 0 {
		return fmt.Errorf("relocate: %w: %s is at work on the lake", ErrConflict, holders[0])
	}
	if err := l.Current(ctx); errors.Is(err, ErrCopied) {
		return l.catalog.TakeOver(ctx)
	} else if err != nil {
		return err
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

// Current is ErrCopied where another copy of the catalog has changed the lake
// since this one did. A copy of a lake whose files are in its folder is a lake of
// its own.
func (l *Lake) Current(ctx context.Context) error { return l.catalog.Current(ctx) }

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
