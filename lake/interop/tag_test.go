package interop

import (
	"strings"
	"testing"

	"alignctl/lake"
)

// tagAll gives every table of the lake but the meta tables a tag at its current
// snapshot, and says which those are.
func tagAll(t *testing.T, l *lake.Lake, name string) lake.Pins {
	t.Helper()
	pins, err := l.At(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	e := pyIceberg(t)
	do(t, e, "open", args{"lake": l.Dir()})
	for table, pin := range pins {
		if strings.HasPrefix(table, "meta.") {
			delete(pins, table)
			continue
		}
		do(t, e, "tag", args{"table": table, "name": name, "snapshot": snapshot(pin)})
	}
	return pins
}
