package lake

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// turnWait is how long a publish waits for the one before it. A process that
// was stopped in the middle of a publish holds up others for that long, once a
// publish, and no longer.
const turnWait = 10 * time.Second

// turn waits until no other process publishes, and gives what
// ends the turn. Only manners depend on it: without turns, each publish makes
// those that are being prepared start again, and one of eight writers loses
// thirty times in a row. What makes a publish safe is its transaction, so a
// turn that can't be had, because the folder can't be written or somebody takes
// too long, is done without.
func (l *Lake) turn(ctx context.Context) (end func()) {
	if l.catalog.Shared() {
		return l.catalog.Turn(ctx, turnWait)
	}
	file, err := os.OpenFile(filepath.Join(l.leases(), "turn"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return func() {}
	}
	locked, over := make(chan struct{}), make(chan struct{})
	go func() {
		lock(file)
		close(locked)
		<-over
		file.Close() // which unlocks it
	}()
	wait := time.NewTimer(turnWait)
	defer wait.Stop()
	select {
	case <-locked:
	case <-wait.C:
	case <-ctx.Done():
	}
	return func() { close(over) }
}

// lock waits for the lock of a file; it is left unlocked where there are none.
func lock(file *os.File) {
	for errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_EX), syscall.EINTR) {
		continue
	}
}
