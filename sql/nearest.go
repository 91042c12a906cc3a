package sql

import (
	"fmt"
	"strings"

	"github.com/xrash/smetrics"
)

// didYouMean ends an error about an unknown name: the nearest known one when it
// is near enough to be a slip of the hand, else all of them.
func didYouMean(name string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	best, least := "", len(name)/3+2
	for _, k := range known {
		if d := smetrics.WagnerFischer(name, k, 1, 1, 1); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return "; there are " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
