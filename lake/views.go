package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"alignctl/lake/duck"
)

// ViewsSQL is an SQL text that makes, in any DuckDB, a view of every pinned
// table: its files are named one by one, so that the views show these versions
// for as long as the files are there. Those in a bucket need its extension httpfs.
func (l *Lake) ViewsSQL(ctx context.Context, pins Pins) (text string, err error) {
	s, err := l.openSession(ctx, SessionOptions{Threads: 1}, Holder{Pins: pins.snapshots()})
	if err != nil {
		return "", err
	}
	err = l.reading(ctx, func(now *version) error {
		text, err = l.viewsSQL(ctx, now, s, pins)
		return errors.Join(err, s.Close())
	})
	return text, err
}

// located is a text in which the files of a bucket have their locations in place
// of the paths of their copies.
func (l *Lake) located(text string) string {
	if !l.place.Remote() {
		return text
	}
	return strings.ReplaceAll(text, l.warehouse()+"/", l.place.Location()+"/")
}

func (l *Lake) viewsSQL(ctx context.Context, now *version, s *Session, pins Pins) (string, error) {
	var b strings.Builder
	made := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(pins)) {
		table, err := l.find(ctx, now, name)
		if err != nil {
			return "", err
		}
		pin := pins[name]
		if isMeta(name) {
			pin = currentPin(table) // meta tables have no past
		}
		if err := l.expectSnapshot(ctx, now, table, pin); err != nil {
			return "", err
		}
		rows, err := s.readOrRefuse(ctx, table, pin)
		if err != nil {
			return "", err
		}
		if schema := schemaOf(name); !made[schema] {
			made[schema] = true
			fmt.Fprintf(&b, "\ncreate schema if not exists %s;\n", duck.Name(schema))
		}
		fmt.Fprintf(&b, "\n-- %s, %d rows%s\ncreate or replace view %s as\n%s;\n", pin, pin.Rows,
			prefixed(", ", pin.Digest), duck.Ident(name), l.located(rows.query))
	}
	return b.String(), nil
}

// prefixed puts a text behind another, unless it is empty.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}
