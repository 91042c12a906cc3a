// Package nearest ends an error about an unknown name with what the user may
// have meant.
package nearest

import (
	"fmt"
	"strings"

	"github.com/xrash/smetrics"
)

// Hint is `; did you mean "X"?` when one of the known names is near enough to be
// a slip of the hand, else "; there are ..." with all of them, "" when there
// are none.
func Hint(name string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	best, least := "", len(name)/3+2
	for _, k := range known {
		if cost := smetrics.WagnerFischer(name, k, 1, 1, 1); cost < least {
			best, least = k, cost
		}
	}
	if best == "" {
		return "; there are " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
