package main

import (
	"context"
	"strings"

	"alignctl/lake"
)

// refHelp is what users may write for a version of a table.
const refHelp = "A version is written TABLE@VERSION; VERSION is a tag, a run id, a date (to its end, UTC), a time with " +
	"its zone,\na snapshot id, or now, which may be left out with its @."

// splitRef takes TABLE@VERSION apart; without an @ the version is "", now.
func splitRef(text string) (table, version string) {
	table, version, _ = strings.Cut(text, "@")
	return table, version
}

// findPin finds TABLE@VERSION in the lake.
func findPin(ctx context.Context, l *lake.Lake, text string) (lake.Pin, error) {
	table, version := splitRef(text)
	return l.Pin(ctx, table, version)
}
