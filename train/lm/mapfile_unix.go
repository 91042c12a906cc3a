//go:build linux || darwin

package lm

import (
	"syscall"

	"alignctl/internal/regular"
)

// mapFile maps a file read-only, so that opening a model costs no copy and its
// pages are shared with the system's cache.
func mapFile(path string) (data []byte, unmap func() error, err error) {
	file, err := regular.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close() // a mapping outlives its descriptor
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.Size() == 0 {
		return nil, func() error { return nil }, nil
	}
	data, err = syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}
