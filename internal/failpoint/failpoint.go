// Package failpoint names the places where a test may kill the process, so
// that crash safety is tested on the real binary. A place costs one string
// comparison when no failpoint is set.
package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Variable is the environment variable that arms one failpoint: "name" or
// "name:N" for its N-th hit.
const Variable = "ALIGNCTL_FAILPOINT"

var (
	armed, nth = parse(os.Getenv(Variable))
	hits       atomic.Int64
)

// Hit kills the process (SIGKILL, as a power cut would) when name is armed.
func Hit(name string) {
	if armed == "" || name != armed {
		return
	}
	if hits.Add(1) == nth {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func parse(text string) (name string, nth int64) {
	name, count, found := strings.Cut(text, ":")
	if !found {
		return name, 1
	}
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < 1 {
		return name, 1
	}
	return name, n
}
