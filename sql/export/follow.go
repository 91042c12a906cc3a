package export

import (
	"os"
	"time"

	"alignctl/internal/atomicfile"
	"alignctl/internal/progress"
)

// followed is how often a file that is being written is looked at.
const followed = 500 * time.Millisecond

// follow reports the bytes of a file that DuckDB writes, and has the disk take
// them as they come, so that the sync at the end has little to wait for. Stop
// ends it.
func follow(task progress.Task, path string) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	var seen int64
	look := func() {
		if info, err := os.Stat(path); err == nil {
			task.Add(info.Size() - seen)
			seen = info.Size()
		}
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(followed)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				look()
				return
			case <-tick.C:
				look()
				_ = atomicfile.Sync(path) // the sync that counts comes at the end
			}
		}
	}()
	return func() { close(quit); <-done }
}
