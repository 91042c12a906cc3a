//go:build linux

package main

import (
	"io/fs"
	"path/filepath"
	"syscall"
	"time"
)

// A diskWatch looks at a lake's folder now and then.
type diskWatch struct {
	stop, stopped chan struct{}
	spill, whole  int64
}

const lookEvery = 200 * time.Millisecond

func watchDisk(lake string) *diskWatch {
	w := &diskWatch{stop: make(chan struct{}), stopped: make(chan struct{})}
	go func() {
		defer close(w.stopped)
		for {
			w.spill, w.whole = max(w.spill, diskUse(filepath.Join(lake, "tmp"))), max(w.whole, diskUse(lake))
			select {
			case <-w.stop:
				return
			case <-time.After(lookEvery):
			}
		}
	}()
	return w
}

// end gives the most bytes that the folder tmp held, and the whole lake.
func (w *diskWatch) end() (spill, whole int64) {
	close(w.stop)
	<-w.stopped
	return w.spill, w.whole
}

// diskUse is how many bytes of the disk the files of a folder take. What goes
// away meanwhile doesn't count.
func diskUse(dir string) (bytes int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		const block = 512
		if info, err := d.Info(); err == nil {
			bytes += info.Sys().(*syscall.Stat_t).Blocks * block
		}
		return nil
	})
	return bytes
}
