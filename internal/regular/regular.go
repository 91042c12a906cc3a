// Package regular reads files that others made. What bears a file's name but is a
// pipe or a device could keep its reader forever: it is refused.
package regular

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// Open opens a file; anything else that the path leads to is an error that names
// it.
func Open(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // nobody may be at a pipe's other end
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %q: it is no file but a %s", path, kind(info.Mode()))
	}
	if err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	return file, nil
}

func kind(mode os.FileMode) string {
	switch {
	case mode.IsDir():
		return "folder"
	case mode&os.ModeNamedPipe != 0:
		return "pipe"
	case mode&os.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// Read reads a file of at most so many bytes, whatever size it claims to have.
func Read(path string, limit int64) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		return nil, fmt.Errorf("read %q: more than %d MiB, which no such file needs: fetch it again", path, limit>>20)
	}
	return content, err
}
