package sparktest

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

// A gauge watches the memory of a group of processes.
type gauge struct {
	peak atomic.Int64 // bytes
	done chan struct{}
}

// watch looks at the processes of a group, four times a second.
func watch(group int) *gauge {
	g := &gauge{done: make(chan struct{})}
	go func() {
		for {
			select {
			case <-g.done:
				return
			case <-time.After(250 * time.Millisecond):
				g.peak.Store(max(g.peak.Load(), resident(group)))
			}
		}
	}()
	return g
}

// resident is the memory of a group of processes, in bytes; 0 where the system
// has no /proc. One that ends meanwhile has none.
func resident(group int) (bytes int64) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if pages, ok := pagesOf(path, group); ok {
			bytes += pages * int64(os.Getpagesize())
		}
	}
	return bytes
}

// pagesOf reads a process's resident pages where it is of the group. Its name,
// which may hold blanks, stands in brackets before what is read.
func pagesOf(path string, group int) (pages int64, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	const groupAt, residentAt = 2, 21 // among the fields after the name
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= residentAt || string(fields[groupAt]) != strconv.Itoa(group) {
		return 0, false
	}
	pages, err = strconv.ParseInt(string(fields[residentAt]), 10, 64)
	return pages, err == nil
}

// Peak is the most memory that the server and its executors held together, in
// MiB.
func (s *Server) Peak() int64 { return s.memory.peak.Load() >> 20 }
