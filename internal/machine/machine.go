// Package machine says what the computer has for a program.
package machine

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Memory is the machine's memory in bytes: all of it, and what a program could
// take now without others being swapped out. known is false where the system
// doesn't tell (it does on Linux). A limit of the process's control group
// counts as the machine's.
func Memory() (total, available int64, known bool) {
	fields := meminfo("/proc/meminfo")
	total, available = fields["MemTotal"], fields["MemAvailable"]
	if limit, limited := cgroupLimit("/sys/fs/cgroup/memory.max"); limited && limit < total {
		total, available = limit, min(available, limit)
	}
	return total, available, total > 0
}

// meminfo reads lines such as "MemTotal:  16384 kB".
func meminfo(path string) map[string]int64 {
	fields := map[string]int64{}
	file, err := os.Open(path)
	if err != nil {
		return fields
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		number, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			fields[name] = n << 10
		}
	}
	return fields
}

// cgroupLimit reads a limit, which may be the word "max".
func cgroupLimit(path string) (limit int64, limited bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	limit, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return limit, err == nil
}

// Free is how many bytes a program may still write to the disk that a file or
// folder is on. known is false where the system doesn't tell.
func Free(path string) (bytes int64, known bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(path, &disk); err != nil {
		return 0, false
	}
	return int64(disk.Bavail) * int64(disk.Bsize), true
}
