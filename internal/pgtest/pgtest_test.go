package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// childVariable makes this test binary a process that starts a server, and waits.
const childVariable = "ALIGNCTL_PGTEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	s, err := Start(context.Background())
	if err != nil {
		fmt.Println(0, err)
		os.Exit(1)
	}
	fmt.Println(s.Port, s.dir)
	select {}
}

// A server ends with the process that started it, killed or not, and leaves
// nothing.
func TestEnds(t *testing.T) {
	if _, err := programs(); errors.Is(err, ErrNone) {
		t.Skip(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childVariable+"=1")
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var port int
	var dir string
	if _, err := fmt.Fscan(bufio.NewReader(out), &port, &dir); err != nil || port == 0 {
		t.Fatal(port, dir, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	expectGone(t, port, dir)

	s, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Crash(t.Context()), s.Up(t.Context()), s.Stop()); err != nil {
		t.Error(err)
	}
	expectGone(t, s.Port, s.dir)
}

func expectGone(t *testing.T, port int, dir string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		connection, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
		if err == nil {
			connection.Close()
		}
		_, statErr := os.Stat(dir)
		if err != nil && errors.Is(statErr, fs.ErrNotExist) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the server is there: %v, its folder: %v", err == nil, statErr == nil)
		}
	}
}
