package disk

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// as does something as another user, to whom the group belongs that the process
// has besides its own.
func as(user int, do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		err := errors.Join(syscall.Setfsgid(user), syscall.Setfsuid(user))
		if err == nil {
			err = do()
		}
		done <- err
	}()
	return <-done
}

// A folder of a group, as a warehouse that machines share, is one in which each of
// its users can write beside and below what the others wrote, and remove it.
func TestUsersOfAGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users")
	}
	const first, second, group = 4001, 4002, 4242
	groups, err := syscall.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Umask(syscall.Umask(0o002))
	defer syscall.Setgroups(groups)
	folder := t.TempDir()
	roots := filepath.Dir(folder)
	if err := errors.Join(syscall.Setgroups([]int{group}), os.Chmod(roots, 0o755), os.Chown(folder, 0, group),
		os.Chmod(folder, 0o775|os.ModeSetgid)); err != nil {
		t.Fatal(err)
	}
	path := func(name string) string { return filepath.Join(folder, "core.db", "words", name) }
	add := func(name string) func() error {
		return func() error {
			if err := (OS{}).MkdirAll(filepath.Dir(path(name))); err != nil {
				return err
			}
			file, err := OS{}.Create(path(name))
			if err != nil {
				return err
			}
			return file.Close()
		}
	}
	for _, step := range []struct {
		user int
		do   func() error
	}{
		{first, add("data/a")}, {second, add("data/b")}, {second, add("metadata/c")}, {first, add("metadata/d")},
		{second, func() error { return OS{}.Remove(path("data/a")) }},
		{first, func() error { return OS{}.Remove(path("metadata/c")) }},
	} {
		if err := as(step.user, step.do); err != nil {
			t.Errorf("user %d: %v", step.user, err)
		}
	}
	if err := as(first, func() error { return os.WriteFile(filepath.Join(roots, "x"), nil, 0o600) }); err == nil {
		t.Error("the users of this test may do anything")
	}
}
