package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// The environment of a child process of a test: what it does, and on which lake.
const (
	childRole = "ALIGNCTL_TEST_ROLE"
	childDir  = "ALIGNCTL_TEST_DIR"
)

// TestMain runs a role instead of the tests in a child process.
func TestMain(m *testing.M) {
	name := os.Getenv(childRole)
	if name == "" {
		if err := errors.Join(serveWarehouse(), serveCatalogs()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		code := m.Run()
		stopServer()
		os.Exit(code)
	}
	if err := roles()[name](context.Background(), os.Getenv(childDir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// roles are what a child process may do with a lake.
func roles() map[string]func(ctx context.Context, dir string) error {
	return map[string]func(context.Context, string) error{
		"crash":   crashRun,
		"remove":  removeRun,
		"loop":    publishForEver,
		"append":  appendSteps,
		"flip":    flipBytes,
		"mutants": readMutants,
		"fill":    fillDisk,
		"lock":    holdLock,
	}
}

// child is this test binary, to be started in a role.
func child(t *testing.T, role, dir string, environment ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(append(os.Environ(), childRole+"="+role, childDir+"="+dir), environment...)
	return c
}

// expectWhole verifies every byte and every digest.
func expectWhole(t *testing.T, l *Lake, what string) {
	t.Helper()
	if _, err := l.Verify(t.Context(), VerifyOptions{Deep: true}); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// long says whether the reliability tests run at full length: make
// test-reliability. Their short forms take seconds.
func long() bool { return os.Getenv("ALIGNCTL_LONG") != "" }

// times is how often a reliability test does what it does.
func times(short, full int) int {
	if long() {
		return full
	}
	return short
}

// report prints the line of docs/reliability.md that a test makes.
func report(t *testing.T, format string, args ...any) {
	t.Helper()
	t.Logf("reliability: "+format, args...)
}

// seed is ALIGNCTL_SEED, with which a failure can be repeated, or another one
// each time; a test prints it.
func seed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("ALIGNCTL_SEED")
	if text == "" {
		return uint64(os.Getpid())
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
